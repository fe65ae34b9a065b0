#include <array>
#include <cstdio>

#include "core/dispatch/auction/auction.hpp"

namespace sitepower::dispatch {
namespace {

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g", value);
    return text.data();
}

double wanted_kw(const Bidder& bidder) {
    double sum = 0;
    for (const ValueSegment& segment : bidder.segments) sum += segment.width_kw;
    return sum;
}

// The value of the first segment that was not served whole, as it was bid.
double next_value(const Bidder& bidder, double served_kw) {
    for (const ValueSegment& segment : bidder.segments) {
        if (segment.width_kw > served_kw * (1 + 1e-12)) return segment.value_per_kwh;
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
    if (!allocation.marginal_price_per_kwh) return entitled + "gets nothing: no supply is left.";
    const std::string price = number(*allocation.marginal_price_per_kwh) + " per facility kWh";
    if (award.auctioned_kw >= wanted * (1 - 1e-12)) {
        return entitled + "gets all " + number(wanted) +
               " kW it bids for: each kW is worth more than the marginal price of " + price + ".";
    }
    const double next = next_value(bidder, award.auctioned_kw);
    const std::string worth = bidder.overhead_factor == 1
                                  ? number(next) + " per facility kWh"
                                  : number(next) + " per kWh, with its cooling " +
                                        number(next / bidder.overhead_factor) + " per facility kWh";
    return entitled + "gets " + number(award.auctioned_kw) + " of " + number(wanted) +
           " kW: the next kW is worth " + worth + ", and power goes at " + price + ".";
}

}  // namespace sitepower::dispatch
