// Laws of the Vickrey-Clarke-Groves auction, and the harness that would notice a wrong payment.
#include "core/dispatch/auction/auction.hpp"

#include <cmath>
#include <random>

namespace sitepower::dispatch::auction_test {
namespace {

using testing::HasSubstr;

Allocation run(const Auction& auction) {
    EXPECT_TRUE(check(auction));
    Allocation allocation;
    Auctioneer().run(auction, allocation);
    return allocation;
}

Auction two_classes() {
    return {.bidders = {{.id = "inference", .overhead_factor = 1.25, .segments = {{1.0, 40}, {0.5, 40}}},
                        {.id = "training", .overhead_factor = 1.25, .segments = {{0.75, 40}, {0.25, 40}}}},
            .supply = {{0.1, 100}, {0.3, 20}}};
}

double value_of(const Bidder& bidder, double load_kw) {
    double value = 0;
    for (const auto& segment : bidder.segments) {
        const double taken = std::min(load_kw, segment.width_kw);
        value += taken * segment.value_per_kwh;
        load_kw -= taken;
    }
    return value;
}

TEST(Auction, TheDearestIsServedFirst) {
    const Allocation allocation = run(two_classes());
    EXPECT_NEAR(allocation.awards[0].auctioned_kw, 56,
                1e-9);  // 40 at 0.8, then 20 facility kW at 0.4 above 0.3
    EXPECT_NEAR(allocation.awards[1].auctioned_kw, 40, 1e-9);
    EXPECT_NEAR(allocation.used_kw, 120, 1e-9);
    EXPECT_NEAR(*allocation.marginal_price_per_kwh, 0.4, 1e-12) << "what one kW more would be worth";
    EXPECT_NEAR(allocation.welfare_per_h, 40 * 1.0 + 16 * 0.5 + 40 * 0.75 - (0.1 * 100 + 0.3 * 20), 1e-9);
}

TEST(Auction, EachPaysWhatItKeepsFromTheOthers) {
    const Auction auction = two_classes();
    const Allocation all = run(auction);
    for (std::size_t i = 0; i < 2; ++i) {
        Auction without = auction;
        without.bidders[i].segments.clear();
        const double others = all.welfare_per_h - all.awards[i].value_per_h;
        EXPECT_NEAR(all.awards[i].payment_per_h, run(without).welfare_per_h - others, 1e-9);
    }
}

TEST(Auction, NothingOfferedNothingAwarded) {
    Auction auction = two_classes();
    auction.supply.clear();
    const Allocation allocation = run(auction);
    for (const Award& award : allocation.awards) {
        EXPECT_EQ(award.auctioned_kw, 0);
        EXPECT_EQ(award.payment_per_h, 0);
    }
    auction.bidders.clear();
    EXPECT_FALSE(run(auction).marginal_price_per_kwh) << "nobody wants anything: there is no price";
}

TEST(Auction, OneBidderPaysTheEnergyOnly) {
    const Auction auction{.bidders = {{.id = "a", .segments = {{1.0, 50}}}},
                          .supply = {{0.1, 30}, {0.2, 100}}};
    EXPECT_NEAR(run(auction).awards[0].payment_per_h, 0.1 * 30 + 0.2 * 20, 1e-12);
}

TEST(Auction, TiesGoToPriorityThenToTheId) {
    Auction auction{.bidders = {{.id = "b", .segments = {{1.0, 50}}}, {.id = "a", .segments = {{1.0, 50}}}},
                    .supply = {{0.1, 50}}};
    EXPECT_NEAR(run(auction).awards[1].auctioned_kw, 50, 1e-12);
    auction.bidders[0].priority = 1;
    EXPECT_NEAR(run(auction).awards[0].auctioned_kw, 50, 1e-12);
}

TEST(Auction, EntitlementsComeFirstAtEnergyCost) {
    Auction auction = two_classes();
    auction.bidders[1].entitlement_kw = 64;
    const Allocation allocation = run(auction);
    EXPECT_NEAR(allocation.awards[1].entitled_kw, 64, 1e-12);
    EXPECT_NEAR(allocation.awards[1].entitlement_cost_per_h, 8, 1e-12);
    EXPECT_NEAR(allocation.awards[0].auctioned_kw * 1.25, 40, 1e-9);
    EXPECT_THAT(reason_of(auction, allocation, 1), HasSubstr("entitlement of 64 kW is served"));
}

TEST(Auction, EntitlementsAboveTheSupplyAreServedByPriorityAndSaidSo) {
    Auction auction = two_classes();
    auction.bidders[0].entitlement_kw = auction.bidders[1].entitlement_kw = 60;
    auction.bidders[1].priority = 5;
    const Allocation allocation = run(auction);
    EXPECT_NEAR(allocation.awards[1].entitled_kw, 60, 1e-12);
    EXPECT_NEAR(allocation.awards[0].entitled_kw, 36, 1e-9);
    EXPECT_THAT(reason_of(auction, allocation, 0), HasSubstr("exceed the supply"));
}

TEST(Auction, SaysWhyNotMore) {
    const Auction auction = two_classes();
    const Allocation allocation = run(auction);
    EXPECT_THAT(
        reason_of(auction, allocation, 0),
        HasSubstr(
            "gets 56 of 80 kW: the next kW is worth 0.5 per kWh, with its cooling 0.4 per facility kWh, "
            "and power goes at 0.4 per facility kWh"));
}

TEST(Auction, WithNothingServedOneMoreKilowattCostsWhatSupplyCosts) {
    Auction auction{.bidders = {{.id = "a", .overhead_factor = 1.25, .segments = {{0.25125, 40}}}},
                    .supply = {{0.1, 0}, {0.32, 100}, {0.5, 50}}};
    const Allocation allocation = run(auction);
    EXPECT_EQ(allocation.awards[0].auctioned_kw, 0);
    EXPECT_EQ(allocation.marginal_price_per_kwh, 0.32) << "not what is bid";
    EXPECT_THAT(reason_of(auction, allocation, 0),
                HasSubstr("gets 0 of 40 kW: the next kW is worth 0.25125 per kWh, with its cooling 0.201 per "
                          "facility kWh, and power goes at 0.32 per facility kWh"));
    auction.bidders[0].entitlement_kw = 80;
    EXPECT_EQ(run(auction).marginal_price_per_kwh, 0.5) << "its entitlement takes the cheaper supply whole";
    auction.supply = {{0.1, 100}};
    const Allocation nothing_left = run(auction);
    EXPECT_FALSE(nothing_left.marginal_price_per_kwh);
    EXPECT_THAT(reason_of(auction, nothing_left, 0), HasSubstr("is served; gets nothing: no supply is left"));
}

TEST(Auction, RefusesWithThePlace) {
    const auto refusal = [](auto bend) {
        Auction auction = two_classes();
        bend(auction);
        const auto status = check(auction);
        return status ? std::string() : status.error().message;
    };
    EXPECT_THAT(refusal([](Auction& a) { a.bidders[1].segments[1].value_per_kwh = 2; }),
                HasSubstr("bidders[1].segments[1].value_per_kwh"));
    EXPECT_THAT(refusal([](Auction& a) { a.bidders[0].segments[0].width_kw = NAN; }), HasSubstr("width_kw"));
    EXPECT_THAT(refusal([](Auction& a) { a.bidders[0].overhead_factor = 0.5; }),
                HasSubstr("overhead_factor"));
    EXPECT_THAT(refusal([](Auction& a) { a.bidders[0].entitlement_kw = -1; }), HasSubstr("entitlement_kw"));
    EXPECT_THAT(refusal([](Auction& a) { a.supply[1].price_per_kwh = 0.05; }),
                HasSubstr("supply[1].price_per_kwh"));
    EXPECT_THAT(refusal([](Auction& a) { a.supply[0].width_kw = INFINITY; }),
                HasSubstr("supply[0].width_kw"));
}

class RandomAuction : public testing::Test {
  protected:
    std::mt19937 random{20260101};

    double uniform(double least, double most) {
        return least + (most - least) * (static_cast<double>(random()) / 4294967296.0);
    }
    std::vector<ValueSegment> segments() {
        std::vector<ValueSegment> result;
        double value = uniform(0.2, 2);
        for (auto count = 1 + random() % 4; count > 0; --count) {
            result.push_back({value, random() % 10 == 0 ? 0 : uniform(5, 80)});
            value *= random() % 5 == 0 ? 1 : uniform(0.3, 1);
        }
        if (random() % 5 == 0) result.push_back({-uniform(0, 0.5), uniform(5, 80)});
        return result;
    }
    Auction auction() {
        Auction result;
        for (auto count = 1 + random() % 6; count > 0; --count) {
            result.bidders.push_back({.id = std::to_string(count),
                                      .overhead_factor = uniform(1.1, 1.5),
                                      .entitlement_kw = random() % 3 == 0 ? uniform(0, 60) : 0,
                                      .priority = static_cast<int>(random() % 3),
                                      .segments = segments()});
        }
        // Among equals the priority decides.
        if (random() % 4 == 0) {
            result.bidders.back().overhead_factor = result.bidders.front().overhead_factor;
            result.bidders.back().segments = result.bidders.front().segments;
        }
        double price = uniform(0, 0.2);
        for (auto count = random() % 4; count > 0; --count) {
            result.supply.push_back({price, uniform(0, 150)});
            price += uniform(0, 0.3);
        }
        return result;
    }
};

TEST_F(RandomAuction, PaymentsAreThoseOfSolvingAnew) {
    for (int i = 0; i < 2000; ++i) {
        const Auction all = auction();
        const Allocation allocation = run(all);
        for (std::size_t b = 0; b < all.bidders.size(); ++b) {
            Auction without = all;
            without.bidders[b].segments.clear();
            const Award& award = allocation.awards[b];
            const double expected =
                run(without).welfare_per_h - (allocation.welfare_per_h - award.value_per_h);
            ASSERT_NEAR(award.payment_per_h, expected, 1e-9 * (1 + std::abs(expected))) << i;
            ASSERT_LE(award.payment_per_h, award.value_per_h + 1e-9) << "nobody loses by taking part";
            ASSERT_NEAR(value_of(all.bidders[b], award.auctioned_kw), award.value_per_h, 1e-9);
        }
    }
}

TEST_F(RandomAuction, PaymentsCoverTheEnergy) {
    for (int i = 0; i < 2000; ++i) {
        const Allocation allocation = run(auction());
        double paid = 0;
        double value = 0;
        for (const Award& award : allocation.awards) {
            paid += award.payment_per_h;
            value += award.value_per_h;
        }
        ASSERT_GE(paid, value - allocation.welfare_per_h - 1e-9);
    }
}

TEST_F(RandomAuction, AHigherBidNeverGetsLess) {
    for (int i = 0; i < 2000; ++i) {
        Auction bent = auction();
        const double before = run(bent).awards[0].auctioned_kw;
        for (auto& segment : bent.bidders[0].segments) segment.value_per_kwh *= 1.3;
        ASSERT_GE(run(bent).awards[0].auctioned_kw, before - 1e-9);
    }
}

// The best gain of a false report over the truth, by a rule of payment.
template <class Payment>
double best_gain(int reports, const Payment& payment, const std::function<Auction()>& make,
                 const std::function<std::vector<ValueSegment>()>& lie) {
    double best = 0;
    for (int i = 0; i < reports; ++i) {
        const Auction honest = make();
        Auction bent = honest;
        bent.bidders[0].segments = lie();
        const auto utility = [&](const Auction& reported) {
            const Allocation allocation = run(reported);
            return value_of(honest.bidders[0], allocation.awards[0].auctioned_kw) -
                   payment(allocation.awards[0]);
        };
        best = std::max(best, utility(bent) - utility(honest));
    }
    return best;
}

TEST_F(RandomAuction, NoFalseReportPaysAndTheSameHarnessCatchesPayAsBid) {
    const auto make = [this] { return auction(); };
    const auto lie = [this] { return segments(); };
    EXPECT_LE(best_gain(
                  5000, [](const Award& award) { return award.payment_per_h; }, make, lie),
              1e-9);
    EXPECT_GE(best_gain(
                  500, [](const Award& award) { return award.value_per_h; }, make, lie),
              1)
        << "under pay-as-bid a lie pays: a harness that misses that proves nothing";
}

}  // namespace
}  // namespace sitepower::dispatch::auction_test
