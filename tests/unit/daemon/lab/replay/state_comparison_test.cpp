#include "daemon/lab/replay/state_comparison.hpp"

#include <gtest/gtest.h>

namespace sitepower::lab::state_comparison_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time begin = from_ms(1'795'328'000'000);

BatteryState replayed_at(Time time, std::optional<double> soc_pct) {
    BatteryState state;
    state.time = time;
    state.soc_pct = {.value = soc_pct, .as_of = time};
    if (soc_pct) state.soc_pct.status = EstimateStatus::ok;
    if (!soc_pct) state.soc_pct.reason = "stale_input";
    return state;
}

ToldBatteryState told_at(Time time, std::optional<double> soc_pct) {
    ToldBatteryState state;
    state.time = time;
    state.soc_pct = {.value = soc_pct, .as_of = time};
    if (soc_pct) state.soc_pct.status = EstimateStatus::ok;
    if (!soc_pct) state.soc_pct.reason = "stale_input";
    return state;
}

BatteryDifference compared(std::vector<BatteryState> replayed, std::vector<ToldBatteryState> told) {
    StateComparison comparison("BAT-1");
    comparison.expect(std::move(told));
    comparison.begin(begin);
    for (const BatteryState& state : replayed) comparison.look(state, state.time);
    comparison.end();
    return comparison.difference();
}

TEST(Difference, CountsWhatOnlyOneSideKnew) {
    const auto with = [](std::optional<double> value) { return replayed_at(begin, value).soc_pct; };
    const auto told = [](std::optional<double> value) { return told_at(begin, value).soc_pct; };
    Difference difference;
    difference.add(with(80), told(80.5));
    difference.add(with(std::nullopt), told(std::nullopt));
    difference.add(with(80), told(std::nullopt));
    difference.add(with(std::nullopt), told(80));
    EXPECT_EQ(difference.compared, 2U);
    EXPECT_EQ(difference.unlike, 2U);
    EXPECT_EQ(difference.largest, 0.5);
}

TEST(Difference, StatusAndReasonCount) {
    Estimate replayed = replayed_at(begin, 80).soc_pct;
    ToldEstimate told = told_at(begin, 80).soc_pct;
    Difference difference;
    replayed.reason = "float_anchor";
    difference.add(replayed, told);
    told.reason = "float_anchor";
    difference.add(replayed, told);
    told.status = EstimateStatus::degraded;
    difference.add(replayed, told);
    EXPECT_EQ(difference.compared, 1U);
    EXPECT_EQ(difference.unlike, 2U);
}

TEST(StateComparison, TheTimeOfTheChargeSaysWhatBelongsTogether) {
    ToldBatteryState late = told_at(begin + seconds(1), 80);
    late.time += seconds(20);
    const auto difference =
        compared({replayed_at(begin, 81), replayed_at(begin + seconds(1), 80),
                  replayed_at(begin + seconds(2), 79), replayed_at(begin + minutes(5), 70)},
                 {late});
    EXPECT_EQ(difference.compared, 1U);
    EXPECT_EQ(difference.unlike, 0U);
    EXPECT_EQ(difference.soc_pct.largest, 0);
}

TEST(StateComparison, AChargeThatTheReplayNeverHadIsUnlike) {
    const auto difference =
        compared({replayed_at(begin, std::nullopt), replayed_at(begin + minutes(5), std::nullopt)},
                 {told_at(begin + seconds(1), 80)});
    EXPECT_EQ(difference.compared, 1U);
    EXPECT_EQ(difference.unlike, 1U);
    EXPECT_EQ(difference.soc_pct.unlike, 1U);
}

TEST(StateComparison, WhatIsLostAMinuteLaterIsAlike) {
    for (const auto& [lost, unlike] : {std::pair{seconds(60), 0U}, std::pair{seconds(61), 1U}}) {
        const auto difference =
            compared({replayed_at(begin, 80), replayed_at(begin + seconds(5) + lost, std::nullopt),
                      replayed_at(begin + minutes(5), 80)},
                     {told_at(begin + seconds(5), std::nullopt)});
        EXPECT_EQ(difference.compared, 1U);
        EXPECT_EQ(difference.unlike, unlike);
    }
}

TEST(StateComparison, TheStatusOfTheBatteryCounts) {
    ToldBatteryState told = told_at(begin, 80);
    told.status = HealthStatus::critical;
    const auto difference = compared({replayed_at(begin, 80)}, {told});
    EXPECT_EQ(difference.unlike, 1U);
    EXPECT_EQ(difference.soc_pct.compared, 1U);
}

// Between the last frame of one start and the first of the next, and where the frames end.
TEST(StateComparison, WhatNoFramesReachIsNotBlamed) {
    StateComparison comparison("BAT-1");
    comparison.expect({told_at(begin - seconds(1), 80), told_at(begin + seconds(10), std::nullopt),
                       told_at(begin + minutes(20), 60), told_at(begin + minutes(30), 50)});
    comparison.begin(begin);
    comparison.look(replayed_at(begin, 80), begin);
    comparison.begin(begin + minutes(20));
    comparison.look(replayed_at(begin + minutes(20), 61), begin + minutes(20));
    comparison.end();
    EXPECT_EQ(comparison.difference().compared, 1U);
    EXPECT_EQ(comparison.difference().unlike, 0U);
    EXPECT_EQ(comparison.difference().soc_pct.largest, 1);
}

}  // namespace
}  // namespace sitepower::lab::state_comparison_test
