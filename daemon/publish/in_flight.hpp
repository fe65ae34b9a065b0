// The messages that were sent and not yet acknowledged, by MQTT message id. The ids of one connection are
// sequential 16 bit numbers, so a ring of slots finds each without a search. Owned by the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/message/message.hpp"
#include "daemon/publish/clock.hpp"

namespace sitepower {

enum class Origin : std::uint8_t { live, backlog, own };

struct InFlightMessage {
    MessageKey key{};
    Origin origin = Origin::own;
    bool report = false;  // the store waits for its delivery
    Steady sent{};
    std::shared_ptr<const Message> retained = {};  // when it came from the table of retained messages
};

class InFlight {
  public:
    // window: how many may be in flight, 1 to 16384.
    explicit InFlight(std::size_t window);

    std::size_t size() const { return size_; }
    std::size_t window() const { return window_; }
    std::size_t room() const { return window_ - size_; }

    // False when a message that the broker has not answered for thousands of others stands in its slot: the
    // connection is of no use any more.
    [[nodiscard]] bool put(int mid, InFlightMessage message);
    std::optional<InFlightMessage> take(int mid);

    std::optional<Steady> oldest() const;
    // Keys that will be reported, appended in no order.
    void append_keys(std::vector<MessageKey>& keys) const;

  private:
    struct Slot {
        int mid = 0;  // 0: free
        InFlightMessage message;
    };
    Slot& slot(int mid) { return slots_[static_cast<std::size_t>(mid) & (slots_.size() - 1)]; }

    std::size_t window_;
    std::size_t size_ = 0;
    std::vector<Slot> slots_;
};

}  // namespace sitepower
