// Who gets how much power: the allocation of highest total value over rising supply tiers, with
// Vickrey-Clarke-Groves payments (Nisan et al., "Algorithmic Game Theory", chapter 9): each bidder pays what
// its power would have been worth to the others, so that telling the truth is best. Exact by one sort and
// prefix sums. One Auctioneer per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace sitepower::dispatch {

struct ValueSegment {
    double value_per_kwh = 0;  // of the load's energy
    double width_kw = 0;       // load
};

// One load class. What it is entitled to is served first, at energy cost; segments are what it wants beyond
// that.
struct Bidder {
    std::string id;
    double overhead_factor = 1;          // facility kW per kW of load: 1 + 1/COP
    double entitlement_kw = 0;           // load
    int priority = 0;                    // the higher is served first among equals, then the lower id
    std::vector<ValueSegment> segments;  // falling values
};

struct SupplyTier {
    double price_per_kwh = 0;
    double width_kw = 0;  // facility
};

struct Auction {
    std::vector<Bidder> bidders;
    std::vector<SupplyTier> supply;  // rising prices
};

inline constexpr std::size_t max_bidders = 100'000;
inline constexpr std::size_t max_segments = 1'000'000;  // of all bidders together

struct Award {
    double entitled_kw = 0;  // load served of the entitlement
    double entitlement_cost_per_h = 0;
    double auctioned_kw = 0;   // load beyond it
    double value_per_h = 0;    // of what was auctioned, as bid
    double payment_per_h = 0;  // for what was auctioned, energy included

    double load_kw() const { return entitled_kw + auctioned_kw; }
};

struct Allocation {
    std::vector<Award> awards;  // as the bidders
    // Of one more facility kW: what it would be worth to whoever is next, or be saved by giving it back. With
    // nothing auctioned, the cheapest supply that is left; none without any, and where nothing is wanted.
    std::optional<double> marginal_price_per_kwh;
    double welfare_per_h = 0;  // values less the cost of supply, of what was auctioned
    double used_kw = 0;        // facility
    double supply_kw = 0;
};

// The first thing that is wrong, with its place.
Status check(const Auction& auction);

class Auctioneer {
  public:
    // Of a checked auction.
    void run(const Auction& auction, Allocation& result);

  private:
    // A piece of demand in facility kW.
    struct Piece {
        double price;  // value per facility kWh
        std::uint32_t index;
    };
    // What freed power would be worth: unserved demand and given-back supply, the dearest first.
    struct Release {
        double end_kw;    // from the margin,
        double end_area;  // and the worth up to there
        double price;
    };
    struct Own {  // unserved pieces of one bidder in that list
        double start_kw, width_kw, price;
    };

    void serve_entitlements(const Auction& auction, Allocation& result);
    void collect(const Auction& auction);
    void allocate(const Auction& auction, Allocation& result);
    void list_releases(const Auction& auction);
    void add_release(double price, double width_kw);
    void group_own();
    double worth(double length_kw) const;
    double payment(std::size_t bidder, double freed_kw) const;

    std::vector<std::uint32_t> order_;  // bidders by priority, then id
    std::vector<double> supply_left_kw_;
    std::vector<Piece> pieces_;
    std::vector<double> width_kw_;          // [piece index] facility
    std::vector<std::uint32_t> bidder_of_;  // [piece index]
    std::vector<double> freed_kw_;          // [bidder]
    std::vector<double> used_kw_;           // [tier], by the auction
    std::size_t first_unserved_ = 0;        // in pieces_, sorted
    double partly_served_kw_ = 0;           // of that one
    std::vector<Release> releases_;
    std::vector<std::uint32_t> own_begin_;  // [bidder]: in own_
    std::vector<Own> own_;
    std::vector<std::uint32_t> unserved_bidder_;  // parallel to unserved_, in order of the list
    std::vector<Own> unserved_;
};

// One sentence: what the bidder `index` got and why not more.
std::string reason_of(const Auction& auction, const Allocation& allocation, std::size_t index);

}  // namespace sitepower::dispatch
