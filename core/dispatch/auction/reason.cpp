#include <array>
#include <cstdio>

#include "core/base/number.hpp"

#include "core/dispatch/auction/auction.hpp"

namespace sitepower::dispatch {
namespace {

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
        return "Gets " + digit_text(award.entitled_kw, 6) + " of the " +
               digit_text(bidder.entitlement_kw, 6) +
               " kW it is entitled to: the entitlements exceed the supply of " +
               digit_text(allocation.supply_kw, 6) + " kW.";
    }
    const std::string entitled =
        bidder.entitlement_kw > 0
            ? "Its entitlement of " + digit_text(award.entitled_kw, 6) + " kW is served; "
            : "";
    const double wanted = wanted_kw(bidder);
    if (wanted <= 0)
        return entitled + (entitled.empty() ? "Bids for nothing." : "it bids for nothing beyond that.");
    if (!allocation.marginal_price_per_kwh) return entitled + "gets nothing: no supply is left.";
    const std::string price = digit_text(*allocation.marginal_price_per_kwh, 6) + " per facility kWh";
    if (award.auctioned_kw >= wanted * (1 - 1e-12)) {
        return entitled + "gets all " + digit_text(wanted, 6) +
               " kW it bids for: each kW is worth more than the marginal price of " + price + ".";
    }
    const double next = next_value(bidder, award.auctioned_kw);
    const std::string worth = bidder.overhead_factor == 1
                                  ? digit_text(next, 6) + " per facility kWh"
                                  : digit_text(next, 6) + " per kWh, with its cooling " +
                                        digit_text(next / bidder.overhead_factor, 6) + " per facility kWh";
    return entitled + "gets " + digit_text(award.auctioned_kw, 6) + " of " + digit_text(wanted, 6) +
           " kW: the next kW is worth " + worth + ", and power goes at " + price + ".";
}

}  // namespace sitepower::dispatch
