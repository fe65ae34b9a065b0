// Decides when the next batch of undelivered messages is read from the outbox and handed to the publisher.
// What may still be in flight on the live connection is left alone: only keys up to a bound are read, and the
// bound moves when a connection begins and when a live message found no room. Pure; owned by the executor,
// loop thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "daemon/message/message.hpp"

namespace sitepower {

class BacklogPump {
  public:
    static constexpr std::size_t batch_size = 2000;

    struct Order {
        MessageKey after{};
        MessageKey up_to{};
        std::size_t limit = batch_size;
    };

    // A connection has begun; everything up to `newest` that is not acknowledged is backlog now.
    void connected(MessageKey newest) {
        connected_ = true;
        // Each order is answered once: what the worker still reads for the last connection is to be dropped.
        // Taken for the answer to a new order it would put the cursor behind messages that were never sent.
        is_stale_ = state_ == State::reading;
        if (!is_stale_) state_ = State::idle;
        cursor_ = MessageKey{};
        bound_ = newest;
    }
    void disconnected() { connected_ = false; }
    // A live message was not taken although there is a connection.
    void left_behind(MessageKey key) { bound_ = std::max(bound_, key); }

    // What to read now; nothing while a batch is being read or sent, or when the outbox is empty.
    std::optional<Order> next(std::uint64_t outbox_rows) {
        if (!connected_ || state_ != State::idle || outbox_rows == 0 || cursor_ >= bound_) {
            return std::nullopt;
        }
        state_ = State::reading;
        return Order{.after = cursor_, .up_to = bound_};
    }
    // The batch has been read; `last` is its last key, empty when nothing was found (the rows may not be
    // committed yet: asked again later). True when there is something to hand to the publisher.
    bool read(std::optional<MessageKey> last) {
        if (state_ != State::reading) {
            return false;
        }
        if (!connected_ || std::exchange(is_stale_, false)) {
            state_ = State::idle;
            return false;
        }
        state_ = last ? State::sending : State::idle;
        before_ = cursor_;
        if (last) cursor_ = *last;
        return last.has_value();
    }
    // The publisher had no room for the batch: it is read again.
    void not_taken() {
        state_ = State::idle;
        cursor_ = before_;
    }
    // Everything up to `newest` that is not acknowledged is backlog once more, also what the broker refused.
    void start_over(MessageKey newest) {
        is_stale_ = state_ == State::reading;
        cursor_ = before_ = MessageKey{};
        bound_ = newest;
    }
    // The publisher is through with the batch.
    void wanted() {
        if (state_ == State::sending) {
            state_ = State::idle;
        }
    }

  private:
    enum class State { idle, reading, sending };

    bool connected_ = false;
    bool is_stale_ = false;  // the read under way is for an earlier connection
    State state_ = State::idle;
    MessageKey cursor_{};
    MessageKey before_{};  // where the batch under way began
    MessageKey bound_{};
};

}  // namespace sitepower
