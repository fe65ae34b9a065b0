#include "core/battery/mode.hpp"

#include <gtest/gtest.h>

namespace sitepower::mode_test {
namespace {

StringModel string_of(double capacity_ah) {
    StringModel string;
    string.nominal_capacity_ah = capacity_ah;
    return string;
}

ModeEvidence current(double current_a) {
    return {.current_a = current_a, .ups_on_battery = {}, .median_voltage_v = {}, .float_voltage_v = 13.65};
}

TEST(Mode, FollowsTheCurrentBeyondCOver50) {
    const auto string = string_of(100);
    EXPECT_EQ(judge_mode(string, current(-2.01)), StringMode::discharging);
    EXPECT_EQ(judge_mode(string, current(-2.0)), StringMode::floating);
    EXPECT_EQ(judge_mode(string, current(2.0)), StringMode::floating);
    EXPECT_EQ(judge_mode(string, current(2.01)), StringMode::charging);
}

TEST(Mode, OnBatteryIsADischargeWhateverTheCurrent) {
    for (const double current_a : {-30.0, -1.8, 0.0, 30.0}) {
        auto evidence = current(current_a);
        evidence.ups_on_battery = true;
        EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::discharging) << current_a;
    }
    auto on_mains = current(-30);
    on_mains.ups_on_battery = false;
    EXPECT_EQ(judge_mode(string_of(100), on_mains), StringMode::discharging) << "a test, or the plan";
}

TEST(Mode, WithoutACurrentTheUpsAndTheVoltageDecide) {
    ModeEvidence evidence{
        .current_a = {}, .ups_on_battery = {}, .median_voltage_v = 13.6, .float_voltage_v = 13.65};
    EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::unknown);
    evidence.ups_on_battery = true;
    EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::discharging);
    evidence.ups_on_battery = false;
    EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::floating);
    evidence.median_voltage_v = 12.9;
    EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::unknown) << "may be recharging";
    evidence.median_voltage_v.reset();
    EXPECT_EQ(judge_mode(string_of(100), evidence), StringMode::unknown);
}

TEST(Mode, WithoutACapacityACurrentSaysNothing) {
    EXPECT_EQ(judge_mode(string_of(0), current(-50)), StringMode::unknown);
}

}  // namespace
}  // namespace sitepower::mode_test
