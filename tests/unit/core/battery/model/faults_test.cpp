#include "core/battery/model/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::faults_test {
namespace {

using testing::ElementsAre;
using testing::Field;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(ParameterFaultsTest, FindsNoneInWhatIsRight) {
    EXPECT_TRUE(faults_of(some_cell()).empty());
    EXPECT_TRUE(faults_of(some_block()).empty());
    EXPECT_TRUE(faults_of(some_flat_cell()).empty());
}

struct Broken {
    const char* key;
    std::function<void(BatteryParameters&)> breaks;
};

class ParameterFaultTest : public testing::TestWithParam<Broken> {};

TEST_P(ParameterFaultTest, NamesTheKey) {
    BatteryParameters parameters = some_cell();
    GetParam().breaks(parameters);
    EXPECT_THAT(faults_of(parameters), ElementsAre(Field(&ParameterFault::key, GetParam().key)));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ParameterFaultTest,
    testing::Values(
        Broken{"nominal_voltage_v", [](auto& p) { p.nominal_voltage_v = 0; }},
        Broken{"nominal_capacity_ah", [](auto& p) { p.nominal_capacity_ah = nan; }},
        Broken{"charge_efficiency", [](auto& p) { p.charge_efficiency = -1; }},
        Broken{"capacity_per_c", [](auto& p) { p.capacity_per_c = inf; }},
        Broken{"tau1_s", [](auto& p) { p.tau1_s = 0; }}, Broken{"tau2_s", [](auto& p) { p.tau2_s = nan; }},
        Broken{"tau2_s", [](auto& p) { p.tau2_s = p.tau1_s / 2; }},
        Broken{"nominal_voltage_v", [](auto& p) { p.nominal_voltage_v = 0.6; }},
        Broken{"nominal_voltage_v", [](auto& p) { p.nominal_voltage_v = 21.6; }},
        Broken{"resistance[1]",
               [](auto& p) {
                   p.resistances = {{25, {0, 0}, {0, 0}, {0, 0}}};
               }},
        Broken{"limits.cutoff_v", [](auto& p) { p.limits = {.highest_v = 9, .cutoff_v = 4}; }},
        Broken{"core_k_per_w", [](auto& p) { p.core_k_per_w = -1; }},
        Broken{"core_tau_s", [](auto& p) { p.core_tau_s = 0; }},
        Broken{"rated_c", [](auto& p) { p.rated_c = 0; }},
        Broken{"peukert", [](auto& p) { p.peukert = nan; }},
        Broken{"fastest_c", [](auto& p) { p.fastest_c = 0.01; }},
        Broken{"power_min",
               [](auto& p) {
                   p.power_min = {0, 5};
                   p.power_w = {50, 40};
               }},
        Broken{"power_w",
               [](auto& p) {
                   p.power_min = {5, 10};
                   p.power_w = {50, 60};
               }},
        Broken{"power_w",
               [](auto& p) {
                   p.power_min = {5, 10};
               }},
        Broken{"ocv_soc",
               [](auto& p) {
                   p.ocv_soc = {0, 0.9};
               }},
        Broken{"ocv_soc",
               [](auto& p) {
                   p.ocv_soc = {0.1, 1};
               }},
        Broken{"ocv_soc",
               [](auto& p) {
                   p.ocv_soc = {0, nan, 1};
                   p.ocv_v = {3, 3.5, 4};
               }},
        Broken{"ocv_v",
               [](auto& p) {
                   p.ocv_v = {3, 3.5, 4};
               }},
        Broken{"ocv_v",
               [](auto& p) {
                   p.ocv_v = {4, 3};
               }},
        Broken{"ocv_v",
               [](auto& p) {
                   p.ocv_v = {3, inf};
               }},
        Broken{"ocv_v_per_c", [](auto& p) { p.ocv_v_per_c = {0.1}; }},
        Broken{"ocv_v_per_c",
               [](auto& p) {
                   p.ocv_v_per_c = {0, nan};
               }},
        Broken{"resistance_soc",
               [](auto& p) {
                   p.resistance_soc = {1, 0};
               }},
        Broken{"resistance", [](auto& p) { p.resistances.clear(); }},
        Broken{"resistance[1].r0_ohm", [](auto& p) { p.resistances[0].r0_ohm = {0.01}; }},
        Broken{"resistance[1].r1_ohm",
               [](auto& p) {
                   p.resistances[0].r1_ohm = {0.01, -1};
               }},
        Broken{"resistance[1].r2_ohm",
               [](auto& p) {
                   p.resistances[0].r2_ohm = {nan, 0};
               }},
        Broken{"resistance[2].temperature_c", [](auto& p) { p.resistances.push_back(p.resistances[0]); }},
        Broken{"noise.voltage_v", [](auto& p) { p.noise.voltage_v = 0; }},
        Broken{"noise.error_v", [](auto& p) { p.noise.error_v = -1; }},
        Broken{"noise.error_soc", [](auto& p) { p.noise.error_soc = 0; }},
        Broken{"noise.offset_c", [](auto& p) { p.noise.offset_c = nan; }},
        Broken{"noise.capacity", [](auto& p) { p.noise.capacity = -0.1; }},
        Broken{"limits.cutoff_v", [](auto& p) { p.limits.cutoff_v = 0; }},
        Broken{"limits.highest_v", [](auto& p) { p.limits.highest_v = 2; }},
        Broken{"limits.highest_temperature_c", [](auto& p) { p.limits.highest_temperature_c = -20; }},
        Broken{"limits.highest_temperature_c", [](auto& p) { p.limits.highest_temperature_c = 1e9; }}));

TEST(ParameterFaultsTest, FindsAllOfNothing) {
    EXPECT_GE(faults_of(BatteryParameters{}).size(), 5U);
}

}  // namespace
}  // namespace sitepower::faults_test
