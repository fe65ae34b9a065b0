#include "core/dispatch/auction/auction.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sitepower::dispatch {

void Auctioneer::run(const Auction& auction, Allocation& result) {
    result.awards.assign(auction.bidders.size(), {});
    result.supply_kw = 0;
    supply_left_kw_.clear();
    for (const SupplyTier& tier : auction.supply) {
        supply_left_kw_.push_back(tier.width_kw);
        result.supply_kw += tier.width_kw;
    }
    order_.resize(auction.bidders.size());
    std::iota(order_.begin(), order_.end(), 0U);
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
        const Bidder& left = auction.bidders[a];
        const Bidder& right = auction.bidders[b];
        if (left.priority != right.priority) return left.priority > right.priority;
        return left.id < right.id;
    };
    if (!std::is_sorted(order_.begin(), order_.end(), before))
        std::stable_sort(order_.begin(), order_.end(), before);
    serve_entitlements(auction, result);
    collect(auction);
    allocate(auction, result);
    list_releases(auction);
    result.marginal_price_per_kwh.reset();
    if (!releases_.empty()) {
        result.marginal_price_per_kwh = releases_.front().price;
    } else if (!pieces_.empty()) {
        // Any price from the best bid to the cheapest supply clears; the supply's is what a kW costs.
        for (std::size_t tier = 0; tier < supply_left_kw_.size(); ++tier) {
            if (supply_left_kw_[tier] <= 0) continue;
            result.marginal_price_per_kwh = auction.supply[tier].price_per_kwh;
            break;
        }
    }
    group_own();
    for (std::size_t i = 0; i < auction.bidders.size(); ++i) {
        if (freed_kw_[i] > 0) result.awards[i].payment_per_h = payment(i, freed_kw_[i]);
    }
}

// The cheapest supply, in the order of priority; all pay the same average price of what they take together.
void Auctioneer::serve_entitlements(const Auction& auction, Allocation& result) {
    double used_kw = 0;
    double cost = 0;
    std::size_t tier = 0;
    for (const std::uint32_t i : order_) {
        const Bidder& bidder = auction.bidders[i];
        double wanted_kw = bidder.entitlement_kw * bidder.overhead_factor;
        while (wanted_kw > 0 && tier < supply_left_kw_.size()) {
            const double taken_kw = std::min(wanted_kw, supply_left_kw_[tier]);
            supply_left_kw_[tier] -= taken_kw;
            wanted_kw -= taken_kw;
            used_kw += taken_kw;
            cost += taken_kw * auction.supply[tier].price_per_kwh;
            result.awards[i].entitled_kw += taken_kw / bidder.overhead_factor;
            if (supply_left_kw_[tier] <= 0) ++tier;
        }
    }
    result.used_kw = used_kw;
    if (used_kw <= 0) return;
    for (std::size_t i = 0; i < result.awards.size(); ++i) {
        result.awards[i].entitlement_cost_per_h =
            result.awards[i].entitled_kw * auction.bidders[i].overhead_factor * cost / used_kw;
    }
}

// All segments by what a facility kWh is worth to them, the dearest first.
void Auctioneer::collect(const Auction& auction) {
    pieces_.clear();
    width_kw_.clear();
    bidder_of_.clear();
    for (const std::uint32_t i : order_) {
        const Bidder& bidder = auction.bidders[i];
        const double share = 1 / bidder.overhead_factor;
        for (const ValueSegment& segment : bidder.segments) {
            pieces_.push_back({segment.value_per_kwh * share, static_cast<std::uint32_t>(width_kw_.size())});
            width_kw_.push_back(segment.width_kw * bidder.overhead_factor);
            bidder_of_.push_back(i);
        }
    }
    std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
        return a.price > b.price || (a.price == b.price && a.index < b.index);
    });
}

void Auctioneer::allocate(const Auction& auction, Allocation& result) {
    freed_kw_.assign(auction.bidders.size(), 0.0);
    used_kw_.assign(auction.supply.size(), 0.0);
    result.welfare_per_h = 0;
    std::size_t tier = 0;
    for (first_unserved_ = 0; first_unserved_ < pieces_.size(); ++first_unserved_) {
        const Piece& piece = pieces_[first_unserved_];
        partly_served_kw_ = 0;
        const double width_kw = width_kw_[piece.index];
        while (partly_served_kw_ < width_kw) {
            while (tier < supply_left_kw_.size() && supply_left_kw_[tier] - used_kw_[tier] <= 0) ++tier;
            if (tier == supply_left_kw_.size() || piece.price <= auction.supply[tier].price_per_kwh) break;
            const double left_kw = supply_left_kw_[tier] - used_kw_[tier];
            const double wanted_kw = width_kw - partly_served_kw_;
            const double taken_kw = std::min(wanted_kw, left_kw);
            used_kw_[tier] = wanted_kw < left_kw ? used_kw_[tier] + taken_kw : supply_left_kw_[tier];
            partly_served_kw_ = wanted_kw <= left_kw ? width_kw : partly_served_kw_ + taken_kw;
            result.welfare_per_h += taken_kw * (piece.price - auction.supply[tier].price_per_kwh);
            result.used_kw += taken_kw;
        }
        const std::uint32_t i = bidder_of_[piece.index];
        freed_kw_[i] += partly_served_kw_;
        result.awards[i].value_per_h += partly_served_kw_ * piece.price;
        result.awards[i].auctioned_kw += partly_served_kw_ / auction.bidders[i].overhead_factor;
        if (partly_served_kw_ < width_kw) return;
    }
    partly_served_kw_ = 0;
}

void Auctioneer::add_release(double price, double width_kw) {
    const double start_kw = releases_.empty() ? 0 : releases_.back().end_kw;
    const double area = releases_.empty() ? 0 : releases_.back().end_area;
    releases_.push_back({start_kw + width_kw, area + price * width_kw, price});
}

void Auctioneer::list_releases(const Auction& auction) {
    releases_.clear();
    unserved_.clear();
    unserved_bidder_.clear();
    std::size_t tier = auction.supply.size();
    std::size_t next = first_unserved_;
    while (true) {
        while (tier > 0 && used_kw_[tier - 1] <= 0) --tier;
        // Beyond the last supply that could be given back nobody's power reaches.
        if (tier == 0) break;
        if (next < pieces_.size() && pieces_[next].price > auction.supply[tier - 1].price_per_kwh) {
            const std::uint32_t index = pieces_[next].index;
            const double width_kw = width_kw_[index] - (next == first_unserved_ ? partly_served_kw_ : 0);
            const double start_kw = releases_.empty() ? 0 : releases_.back().end_kw;
            unserved_.push_back({start_kw, width_kw, pieces_[next].price});
            unserved_bidder_.push_back(bidder_of_[index]);
            add_release(pieces_[next].price, width_kw);
            ++next;
        } else {
            --tier;
            add_release(auction.supply[tier].price_per_kwh, used_kw_[tier]);
        }
    }
}

// A counting sort: the pieces of each bidder together, still in the order of the list.
void Auctioneer::group_own() {
    own_begin_.assign(freed_kw_.size() + 1, 0);
    for (const std::uint32_t i : unserved_bidder_) ++own_begin_[i + 1];
    for (std::size_t i = 1; i < own_begin_.size(); ++i) own_begin_[i] += own_begin_[i - 1];
    own_.resize(unserved_.size());
    for (std::size_t k = 0; k < unserved_.size(); ++k) own_[own_begin_[unserved_bidder_[k]]++] = unserved_[k];
    for (std::size_t i = own_begin_.size() - 1; i > 0; --i) own_begin_[i] = own_begin_[i - 1];
    own_begin_[0] = 0;
}

// The area under the list over its first length_kw.
double Auctioneer::worth(double length_kw) const {
    const auto found =
        std::lower_bound(releases_.begin(), releases_.end(), length_kw,
                         [](const Release& release, double kw) { return release.end_kw < kw; });
    if (found == releases_.end()) return releases_.empty() ? 0 : releases_.back().end_area;
    return found->end_area - (found->end_kw - length_kw) * found->price;
}

// What the freed power is worth to the others: the bidder's own unserved pieces are stepped over.
double Auctioneer::payment(std::size_t bidder, double freed_kw) const {
    double length_kw = freed_kw;
    double own_worth = 0;
    for (std::size_t k = own_begin_[bidder]; k < own_begin_[bidder + 1]; ++k) {
        const Own& own = own_[k];
        if (own.start_kw >= length_kw) break;
        length_kw += own.width_kw;
        own_worth += own.width_kw * own.price;
    }
    return worth(length_kw) - own_worth;
}

}  // namespace sitepower::dispatch
