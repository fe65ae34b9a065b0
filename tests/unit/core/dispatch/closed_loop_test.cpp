#include "core/dispatch/closed_loop.hpp"

#include <cmath>

namespace sitepower::dispatch::closed_loop_test {
namespace {

// Three weeks with a dear evening and a load that strays from its week before.
LoopSetup three_weeks(double stray) {
    LoopSetup setup{.import_limit_kw = 400,
                    .export_limit_kw = 50,
                    .battery = {.id = "BAT",
                                .stored_kwh = 100,
                                .stored_min_kwh = 10,
                                .stored_max_kwh = 200,
                                .charge_max_kw = 60,
                                .discharge_max_kw = 60,
                                .charge_efficiency = 0.95,
                                .discharge_efficiency = 0.95,
                                .wear_per_kwh = 0.005,
                                .terminal_value_per_kwh = 0.08},
                    .autonomy_h = 0.25};
    for (int t = 0; t < 21 * 24; ++t) {
        const int hour = t % 24;
        setup.hour_of_day.push_back(hour);
        setup.import_price_per_kwh.push_back(hour >= 17 && hour < 21 ? 0.35 : hour < 6 ? 0.05 : 0.15);
        setup.load_kw.push_back(150 + 40 * std::sin(hour * 0.26) + stray * std::sin(t * 1.7));
    }
    return setup;
}

TEST(ClosedLoop, WithPerfectForecastsItIsNearPerfectForesight) {
    LoopSetup setup = three_weeks(20);
    setup.foresight = Foresight::perfect;
    setup.horizon_steps = 48;
    const auto result = run_closed_loop(setup);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LE(result->cost, 1.02 * result->cost_perfect);
    EXPECT_GE(result->cost, result->cost_perfect - 1e-6) << "nobody beats perfect foresight";
    EXPECT_LT(result->cost, result->cost_without_battery);
    EXPECT_EQ(result->reserve_breaches, 0U);
    EXPECT_GT(result->cycles, 10);
}

TEST(ClosedLoop, TheReserveIsKeptWhateverTheLoadDoes) {
    for (const double stray : {0.0, 30.0, 100.0}) {
        const auto result = run_closed_loop(three_weeks(stray));
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->reserve_breaches, 0U) << stray;
        EXPECT_EQ(result->plans_failed, 0U) << stray;
        EXPECT_LT(result->cost, result->cost_without_battery) << stray;
    }
}

TEST(ClosedLoop, AnAutonomyOutOfReachIsCountedAndNotCalledABreach) {
    LoopSetup setup = three_weeks(0);
    setup.battery.charge_max_kw = 0.1;
    setup.autonomy_h = 1;
    const auto result = run_closed_loop(setup);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->reserve_breaches, 0U);
    EXPECT_GT(result->unavoidable_shortfalls, 0U);
    setup = three_weeks(0);
    setup.autonomy_h = 3;
    const auto larger_than_the_battery = run_closed_loop(setup);
    ASSERT_TRUE(larger_than_the_battery);
    EXPECT_EQ(larger_than_the_battery->reserve_breaches, 0U);
    EXPECT_EQ(larger_than_the_battery->unavoidable_shortfalls, setup.load_kw.size());
}

TEST(ClosedLoop, RefusesWhatDoesNotFitTogether) {
    LoopSetup setup = three_weeks(0);
    setup.hour_of_day.pop_back();
    EXPECT_FALSE(run_closed_loop(setup));
    setup = three_weeks(0);
    setup.import_price_per_kwh.clear();
    EXPECT_FALSE(run_closed_loop(setup));
    setup = three_weeks(0);
    setup.load_kw[3] = NAN;
    EXPECT_FALSE(run_closed_loop(setup));
    EXPECT_FALSE(run_closed_loop({}));
}

}  // namespace
}  // namespace sitepower::dispatch::closed_loop_test
