// The auction on top of a plan.
#include "daemon/planner/allocation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_context.hpp"

namespace sitepower::allocation_test {
namespace {

using namespace std::chrono_literals;
using support::fake_now;
using testing::HasSubstr;
using testing::SizeIs;

class Allocating : public testing::Test {
  protected:
    AllocationReport run() {
        auto report = allocate(settings_, plan_, known_, fake_now);
        EXPECT_TRUE(report) << report.error().message;
        return report ? std::move(*report) : AllocationReport{};
    }
    double kw(const AllocationReport& report, std::size_t index) {
        const auto& award = report.allocation.awards[index];
        return award.entitled_kw + award.auctioned_kw;
    }
    const NamedTier* tier(const AllocationReport& report, std::string_view source) {
        const auto found = std::ranges::find(report.supply, source, &NamedTier::source);
        return found == report.supply.end() ? nullptr : &*found;
    }

    support::FakePlanner planner_;
    DispatchSettings settings_ = planner_.dispatch;
    PlanReport plan_ = *planner_.plan;
    AllocationSnapshot known_{.base_load_kw = 20, .series_values = {}, .bids = {}};
};

TEST_F(Allocating, TheSupplyIsWhatThePlanLeaves) {
    const auto report = run();
    const auto* import = tier(report, "import");
    ASSERT_NE(import, nullptr);
    const double charging = plan_.plan.schedule.batteries[0].charge_kw[0];
    EXPECT_GT(charging, 0) << "the plan charges in the cheap hour";
    EXPECT_DOUBLE_EQ(import->tier.width_kw, 100 - 20 - charging);
    EXPECT_DOUBLE_EQ(import->tier.price_per_kwh, 0.08);
    const auto* battery = tier(report, "battery LIB-01");
    ASSERT_NE(battery, nullptr);
    EXPECT_NEAR(battery->tier.width_kw, std::min(30.0, (50 - 20) * 0.96), 1e-9) << "the reserve stays";
    EXPECT_GT(battery->tier.price_per_kwh, 0.08) << "stored energy is dearer: it is worth more later";
    for (std::size_t i = 1; i < report.supply.size(); ++i)
        EXPECT_LE(report.supply[i - 1].tier.price_per_kwh, report.supply[i].tier.price_per_kwh);
}

TEST_F(Allocating, ABatteryAtItsReserveSuppliesNothing) {
    plan_.charge_pct = {20};
    EXPECT_EQ(tier(run(), "battery LIB-01"), nullptr);
}

// 8 kW of the base load are more than the contract carries: only what the battery has beyond those is left.
TEST_F(Allocating, ABaseLoadAboveTheContractTakesOfTheBatteryFirst) {
    known_.base_load_kw = 100 + 8;
    plan_.plan.schedule.batteries[0].charge_kw[0] = 0;
    const auto report = run();
    ASSERT_THAT(report.supply, SizeIs(1));
    EXPECT_EQ(report.supply[0].source, "battery LIB-01");
    EXPECT_NEAR(report.supply[0].tier.width_kw, std::min(30.0, (50 - 20) * 0.96) - 8, 1e-9);
    known_.base_load_kw = 150;
    EXPECT_THAT(run().supply, SizeIs(0));
}

TEST_F(Allocating, ImportAboveTheBilledPeakCostsTheDemandCharge) {
    plan_.problem.demand = dispatch::DemandCharge{.price_per_kw = 8, .peak_so_far_kw = 30, .window = {}};
    plan_.plan.schedule.peak_kw = 45;
    plan_.plan.schedule.batteries[0].charge_kw[0] = 0;
    const auto report = run();
    EXPECT_DOUBLE_EQ(tier(report, "import")->tier.width_kw, 45 - 20);
    const auto* above = tier(report, "import above the billed peak");
    ASSERT_NE(above, nullptr);
    EXPECT_DOUBLE_EQ(above->tier.width_kw, 100 - 45);
    EXPECT_DOUBLE_EQ(above->tier.price_per_kwh, 0.08 + 8.0 / 6);
    EXPECT_LE(report.allocation.used_kw, 45 - 20 + 28.8 + 1e-9) << "nobody bids 1.4 per kWh";
    plan_.problem.demand->window = {0, 1, 1, 1, 1, 1};
    EXPECT_DOUBLE_EQ(tier(run(), "import")->tier.width_kw, 80) << "not billed now";
}

TEST_F(Allocating, GenerationBeyondTheBaseLoadComesFirst) {
    plan_.problem.pv_kw = {80, 0, 0, 0, 0, 0};
    const auto report = run();
    EXPECT_EQ(report.supply.front().source, "generation");
    const double charging = plan_.plan.schedule.batteries[0].charge_kw[0];
    EXPECT_DOUBLE_EQ(report.supply.front().tier.width_kw, 80 - 20 - charging);
}

TEST_F(Allocating, WhoeverValuesPowerMostGetsItAndCoolingFollows) {
    const auto report = run();
    EXPECT_NEAR(kw(report, 0), 30, 1e-9)
        << "10 by right, 20 at 0.40; its next 40 are worth less than power costs";
    EXPECT_GT(kw(report, 1), 0);
    EXPECT_DOUBLE_EQ(report.cooling_kw(), kw(report, 0) / 4);
    EXPECT_TRUE(report.constraints_satisfied());
    EXPECT_THAT(report.reasons, SizeIs(2));
    const auto json = describe_allocation(report, fake_now + 5s);
    EXPECT_EQ(json["allocation"]["cooling"].get<double>(), report.cooling_kw());
    EXPECT_EQ(json["payments"]["cooling"], 0.0);
    EXPECT_EQ(json["age_s"], 5);
    EXPECT_THAT(json["reasons"]["training"], HasSubstr("entitlement"));
}

TEST_F(Allocating, APaymentIsAtLeastTheEnergyAndAtMostTheValue) {
    const auto report = run();
    for (std::size_t i = 0; i < report.allocation.awards.size(); ++i) {
        const auto& award = report.allocation.awards[i];
        EXPECT_LE(award.payment_per_h, award.value_per_h + 1e-9);
        EXPECT_GE(award.payment_per_h,
                  award.auctioned_kw * report.auction.bidders[i].overhead_factor * 0.08 - 1e-9);
    }
}

TEST_F(Allocating, ABidGoesBeforeTheConfigurationUntilItRunsOut) {
    known_.bids["training"] = {.segments = {}, .valid_until = fake_now + 1s};
    auto report = run();
    EXPECT_NEAR(kw(report, 0), 10, 1e-9) << "bids for nothing beyond its entitlement";
    EXPECT_THAT(report.valuations[0], HasSubstr("bid, valid until"));
    known_.bids["training"].valid_until = fake_now;
    report = run();
    EXPECT_NEAR(kw(report, 0), 30, 1e-9);
    EXPECT_EQ(report.valuations[0], "configuration");
}

TEST_F(Allocating, ASeriesTimesItsYieldIsAValue) {
    settings_.load_classes[1].segments.clear();
    settings_.load_classes[1].value_series = "hash_price";
    settings_.load_classes[1].yield_per_kwh = 0.01;
    settings_.load_classes[1].most_kw = 25;
    settings_.load_classes[1].entitlement_kw = 3;
    const auto unknown = run();
    EXPECT_NEAR(kw(unknown, 1), 3, 1e-9) << "what it is entitled to, until somebody says what more is worth";
    EXPECT_NEAR(kw(unknown, 0), 30, 1e-9) << "the others do not wait for it";
    EXPECT_THAT(unknown.valuations[1], HasSubstr("hash_price holds no price of the present"));
    settings_.load_classes[1].entitlement_kw = 0;
    known_.series_values["hash_price"] = 55;
    const auto report = run();
    EXPECT_DOUBLE_EQ(report.auction.bidders[1].segments[0].value_per_kwh, 0.55);
    EXPECT_NEAR(kw(report, 1), 25, 1e-9);
}

TEST_F(Allocating, EntitlementsBeyondTheSupplyAreSaid) {
    known_.base_load_kw = 99;
    plan_.charge_pct = {20};
    const auto report = run();
    EXPECT_FALSE(report.constraints_satisfied());
    EXPECT_THAT(report.reasons[0], HasSubstr("the entitlements exceed the supply"));
    EXPECT_EQ(describe_allocation(report, fake_now)["constraints_satisfied"], false);
}

TEST_F(Allocating, WithoutBidsThereIsNoMarginalPrice) {
    for (auto& load_class : settings_.load_classes) load_class.segments.clear();
    const auto json = describe_allocation(run(), fake_now);
    EXPECT_TRUE(json["marginal_price"].is_null());
    EXPECT_EQ(json["reasons"]["marginal_price"], "nothing_is_bid_for");
    EXPECT_TRUE(json["optimization_metrics"]["allocation_efficiency"].is_null());
}

TEST_F(Allocating, IsKeptInBrief) {
    const auto json = describe_allocation_briefly(run());
    EXPECT_EQ(json["awards"].size(), 2U);
    EXPECT_EQ(json["awards"][1]["class"], "mining");
}

TEST(PlanReport, IsInForceFromAStepBeforeItsFirstToTwoBeyond) {
    const PlanReport plan{.start = fake_now, .step = 15min};
    EXPECT_FALSE(plan.is_in_force(fake_now - 15min - 1ms));
    EXPECT_TRUE(plan.is_in_force(fake_now - 15min));
    EXPECT_TRUE(plan.is_in_force(fake_now + 45min - 1ms));
    EXPECT_FALSE(plan.is_in_force(fake_now + 45min));
    EXPECT_EQ(plan.import_kw(fake_now), std::nullopt);
}

}  // namespace
}  // namespace sitepower::allocation_test
