// The batch of undelivered messages that is being sent: what waits, what is still to be acknowledged, and
// when to ask for the next. A key that is on its way live is not sent again; the batch waits for its
// acknowledgement. Owned by the session.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/message/message.hpp"
#include "daemon/publish/clock.hpp"

namespace sitepower {

class BacklogBatch {
  public:
    // Takes the place of the batch before. `on_their_way`: sorted keys that are in flight or wait to be sent.
    void replace(std::vector<std::shared_ptr<const Message>> batch, std::span<const MessageKey> on_their_way,
                 Steady now);

    bool has_next() const { return !waiting_.empty(); }
    std::shared_ptr<const Message> next() const { return waiting_.front(); }
    // The next one is in flight, or needs no acknowledgement (refused, superseded).
    void next_sent();
    void next_settled();
    // Any message was acknowledged or refused; those of other batches are told apart here.
    void settled(MessageKey key);

    // When to ask for a batch: at once when the last one is done, seconds later when it was empty or never
    // came. nullopt while one is being sent.
    std::optional<Steady> ask_at() const;
    void asked(Steady now);
    // A live message was left to the outbox: there is something to ask for.
    void something_was_left(Steady now);

  private:
    bool is_done() const { return waiting_.empty() && outstanding_.empty(); }

    std::deque<std::shared_ptr<const Message>> waiting_;
    std::vector<MessageKey> outstanding_;  // sorted
    Steady ask_at_{};
};

}  // namespace sitepower
