#include <array>
#include <cstdio>

#include "core/dispatch/auction/auction.hpp"

namespace sitepower::dispatch {
namespace {

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g", value);
    return text.data();
}

double wanted_kw(const Bidder& bidder) {
    double sum = 0;
    for (const ValueSegment& segment : bidder.segments) sum += segment.width_kw;
    return sum;
}

// The value per facility kWh of the first segment that was not served whole.
double next_value(const Bidder& bidder, double served_kw) {
    for (const ValueSegment& segment : bidder.segments) {
        if (segment.width_kw > served_kw * (1 + 1e-12)) return segment.value_per_kwh / bidder.overhead_factor;
        served_kw -= segment.width_kw;
    }
    return 0;
}

}  // namespace

std::string reason_of(const Auction& auction, const Allocation& allocation, std::size_t index) {
    const Bidder& bidder = auction.bidders[index];
    const Award& award = allocation.awards[index];
    if (award.entitled_kw < bidder.entitlement_kw * (1 - 1e-12)) {
        return "Gets " + number(award.entitled_kw) + " of the " + number(bidder.entitlement_kw) +
               " kW it is entitled to: the entitlements exceed the supply of " +
               number(allocation.supply_kw) + " kW.";
    }
    const std::string entitled = bidder.entitlement_kw > 0
                                     ? "Its entitlement of " + number(award.entitled_kw) + " kW is served; "
                                     : "";
    const double wanted = wanted_kw(bidder);
    if (wanted <= 0)
        return entitled + (entitled.empty() ? "Bids for nothing." : "it bids for nothing beyond that.");
    const std::string price = number(allocation.marginal_price_per_kwh.value_or(0)) + " per facility kWh";
    if (award.auctioned_kw >= wanted * (1 - 1e-12)) {
        return entitled + "gets all " + number(wanted) +
               " kW it bids for: each kW is worth more than the marginal price of " + price + ".";
    }
    return entitled + "gets " + number(award.auctioned_kw) + " of " + number(wanted) +
           " kW: the next kW is worth " + number(next_value(bidder, award.auctioned_kw)) +
           " per facility kWh, and power goes at " + price + ".";
}

}  // namespace sitepower::dispatch
