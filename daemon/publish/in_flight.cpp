#include "daemon/publish/in_flight.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace sitepower {
namespace {

constexpr std::size_t most_in_flight = 16'384;

}  // namespace

// Four times the window: subscriptions take ids, too, and brokers may acknowledge out of order.
InFlight::InFlight(std::size_t window)
    : window_(std::clamp<std::size_t>(window, 1, most_in_flight)), slots_(std::bit_ceil(4 * window_ + 16)) {}

bool InFlight::put(int mid, InFlightMessage message) {
    Slot& place = slot(mid);
    if (place.mid != 0) return false;
    place.mid = mid;
    place.message = std::move(message);
    ++size_;
    return true;
}

std::optional<InFlightMessage> InFlight::take(int mid) {
    Slot& place = slot(mid);
    if (mid == 0 || place.mid != mid) return std::nullopt;
    place.mid = 0;
    --size_;
    return std::exchange(place.message, {});
}

std::optional<Steady> InFlight::oldest() const {
    std::optional<Steady> oldest;
    for (const auto& place : slots_) {
        if (place.mid != 0 && (!oldest || place.message.sent < *oldest)) oldest = place.message.sent;
    }
    return oldest;
}

void InFlight::append_keys(std::vector<MessageKey>& keys) const {
    for (const auto& place : slots_) {
        if (place.mid != 0 && place.message.report) keys.push_back(place.message.key);
    }
}

}  // namespace sitepower
