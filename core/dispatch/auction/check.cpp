#include <cmath>

#include "core/dispatch/auction/auction.hpp"

namespace sitepower::dispatch {
namespace {

constexpr double largest_bid = 1e9;  // kW or currency per kWh

Error refused(const std::string& place, const char* what) {
    return {.code = ErrorCode::validation_error, .message = place + ": " + what};
}

std::string indexed(const std::string& name, std::size_t index) {
    return name + "[" + std::to_string(index) + "]";
}

bool amount(double value) {
    return value >= 0 && value <= largest_bid;
}

Status check_segments(const Bidder& bidder, const std::string& place) {
    double before = largest_bid;
    for (std::size_t s = 0; s < bidder.segments.size(); ++s) {
        const ValueSegment& segment = bidder.segments[s];
        const std::string at = indexed(place + ".segments", s);
        if (!amount(segment.width_kw)) return refused(at + ".width_kw", "must be 0 to 1e9");
        if (!(std::abs(segment.value_per_kwh) <= largest_bid))
            return refused(at + ".value_per_kwh", "is not a finite number");
        if (segment.value_per_kwh > before) {
            return refused(at + ".value_per_kwh",
                           "must not be above the segment before it: values fall with the power");
        }
        before = segment.value_per_kwh;
    }
    return Done{};
}

Status check_supply(const std::vector<SupplyTier>& supply) {
    double before = -largest_bid;
    for (std::size_t k = 0; k < supply.size(); ++k) {
        const std::string at = indexed("supply", k);
        if (!amount(supply[k].width_kw)) return refused(at + ".width_kw", "must be 0 to 1e9");
        if (!(std::abs(supply[k].price_per_kwh) <= largest_bid))
            return refused(at + ".price_per_kwh", "is not a finite number");
        if (supply[k].price_per_kwh < before) {
            return refused(at + ".price_per_kwh",
                           "must not be below the tier before it: prices rise with the power");
        }
        before = supply[k].price_per_kwh;
    }
    return Done{};
}

}  // namespace

Status check(const Auction& auction) {
    if (auction.bidders.size() > max_bidders) return refused("bidders", "must be at most 100000");
    if (auction.supply.size() > max_bidders) return refused("supply", "must be at most 100000 tiers");
    std::size_t segments = 0;
    for (std::size_t i = 0; i < auction.bidders.size(); ++i) {
        const Bidder& bidder = auction.bidders[i];
        const std::string at = indexed("bidders", i);
        if (!(bidder.overhead_factor >= 1 && bidder.overhead_factor <= 100)) {
            return refused(at + ".overhead_factor", "must be 1 to 100");
        }
        if (!amount(bidder.entitlement_kw)) return refused(at + ".entitlement_kw", "must be 0 to 1e9");
        if (auto ok = check_segments(bidder, at); !ok) return ok;
        segments += bidder.segments.size();
        if (segments > max_segments)
            return refused(at + ".segments", "are more than 1000000 of all bidders together");
    }
    return check_supply(auction.supply);
}

}  // namespace sitepower::dispatch
