#include "core/battery/soc/counting/counting.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::counting_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

GroupSetup lead_setup() {
    return {.chemistry = Chemistry::vrla,
            .nominal_voltage_v = 12,
            .nominal_capacity_ah = 100,
            .float_voltage_v = 13.65,
            .batteries = 2,
            .has_current_sensor = true,
            .stale_after = seconds(210),
            .float_full_after = hours(24)};
}

class CountingTest : public testing::Test {
  protected:
    explicit CountingTest(const GroupSetup& setup = lead_setup()) : setup_(setup), estimator_(setup) {}

    const Estimate& step(std::optional<double> current_a, Duration elapsed, double voltage_v = 13.65) {
        time_ += elapsed;
        const std::vector<std::optional<double>> voltages{voltage_v, voltage_v + other_v_};
        const std::vector<std::optional<double>> temperatures{temperature_c_, temperature_c_};
        estimator_.step({.time = time_,
                         .elapsed = elapsed,
                         .current_a = current_a,
                         .voltages_v = voltages,
                         .temperatures_c = temperatures,
                         .capacities = capacities_,
                         .ambient_c = std::nullopt},
                        result_);
        return result_[0];
    }
    const Estimate& hold(double current_a, Duration duration, double voltage_v = 13.65) {
        for (Duration passed{}; passed < duration; passed += minutes(1)) {
            step(current_a, minutes(1), voltage_v);
        }
        return result_[0];
    }
    void charge_fully() {
        step(0.1, Duration::zero());
        hold(0.1, hours(24));
        ASSERT_EQ(result_[0].value, 100.0);
    }

    GroupSetup setup_;
    CountingEstimator estimator_;
    Time time_ = from_ms(1'795'328'000'000);
    std::optional<double> temperature_c_ = 25.0;
    double other_v_ = 0;
    std::vector<CapacityShare> capacities_;
    std::vector<Estimate> result_ = std::vector<Estimate>(2);
};

TEST_F(CountingTest, KnowsNothingBeforeTheAnchor) {
    step(0.1, Duration::zero());
    const Estimate& before = hold(0.1, hours(24) - minutes(1));
    EXPECT_FALSE(before.value);
    EXPECT_EQ(before.status, EstimateStatus::unknown);
    EXPECT_EQ(before.reason, "no_full_charge_reference");
    const Estimate& after = step(0.1, minutes(1));
    EXPECT_EQ(after.value, 100.0);
    EXPECT_EQ(after.status, EstimateStatus::ok);
    EXPECT_EQ(after.reason, "float_anchor");
    EXPECT_DOUBLE_EQ(after.sigma, 1.0);
    EXPECT_EQ(after.as_of, time_);
}

TEST_F(CountingTest, ADischargeInBetweenStartsTheWaitAnew) {
    hold(0.1, hours(23));
    step(-30, minutes(1), 12.3);
    EXPECT_FALSE(hold(0.1, hours(23)).value);
    EXPECT_TRUE(hold(0.1, hours(1)).value);
}

TEST_F(CountingTest, TooMuchCurrentIsNoFloat) {
    EXPECT_FALSE(hold(1.0, hours(48)).value) << "the tail is C/100";
    EXPECT_TRUE(hold(0.99, hours(24)).value);
}

TEST_F(CountingTest, TheFloatVoltageFollowsTheTemperature) {
    temperature_c_ = 35;
    EXPECT_FALSE(hold(0.1, hours(48), 13.65).value) << "0.19 V above the float voltage at 35 C";
    EXPECT_TRUE(hold(0.1, hours(24), 13.46).value);
}

TEST_F(CountingTest, ABatteryThatStandsApartIsNotAnchored) {
    other_v_ = -0.19;
    hold(0.1, hours(25), 13.74);
    EXPECT_TRUE(result_[0].value);
    EXPECT_TRUE(result_[1].value) << "strings spread: 13.55 V beside 13.74 V";
}

TEST_F(CountingTest, AWeakBatteryDoesNotJoinTheAnchorOfItsString) {
    other_v_ = -0.46;
    hold(0.1, hours(25), 13.80);  // mean 13.57 V: the string is on float
    EXPECT_TRUE(result_[0].value);
    EXPECT_FALSE(result_[1].value);
    EXPECT_EQ(result_[1].reason, "no_full_charge_reference");
}

TEST_F(CountingTest, CountsBothWays) {
    charge_fully();
    hold(-30, hours(1), 12.3);
    EXPECT_NEAR(result_[0].value.value_or(-1), 70, 0.3);
    EXPECT_EQ(result_[0].reason, "") << "no anchor holds any more";
    hold(10, hours(1), 13.2);
    EXPECT_NEAR(result_[0].value.value_or(-1), 80, 0.5);
    EXPECT_EQ(result_[1].value, result_[0].value) << "one current, one charge";
}

TEST_F(CountingTest, StopsAtFullAndAtEmpty) {
    charge_fully();
    hold(20, hours(2), 14.1);
    EXPECT_EQ(result_[0].value, 100.0);
    hold(-60, hours(2), 11);
    EXPECT_EQ(result_[0].value, 0.0);
    EXPECT_EQ(result_[0].status, EstimateStatus::degraded) << "more was taken than there is";
    EXPECT_EQ(result_[0].reason, "out_of_model_range");
}

TEST_F(CountingTest, SigmaGrowsWithTimeAndWithCharge) {
    charge_fully();
    hold(0, hours(1), 13.0);  // off float: no anchor
    const double rest = result_[0].sigma;
    EXPECT_NEAR(rest, 1.0 + 0.2, 0.01) << "offset uncertainty of C/500";
    hold(-30, hours(1), 12.3);
    const double used = result_[0].sigma;
    EXPECT_NEAR(used, std::hypot(1.2 + 0.2 + 0.3, 10 * 0.3), 0.1) << "offset, gain, and the true capacity";
    EXPECT_EQ(result_[0].status, EstimateStatus::ok);
    hold(0, hours(48), 12.3);
    EXPECT_GT(result_[0].sigma, 5.0);
    EXPECT_EQ(result_[0].status, EstimateStatus::degraded);
    EXPECT_EQ(result_[0].reason, "no_full_charge_reference");
    hold(0, hours(200), 12.3);
    EXPECT_FALSE(result_[0].value) << "in the end it is no estimate any more";
}

TEST_F(CountingTest, AStepBetweenSamplesIsUncertain) {
    charge_fully();
    step(-30, minutes(1), 12.3);
    EXPECT_NEAR(result_[0].value.value_or(-1), 99.75, 0.01) << "the trapezoid";
    const double with_step = result_[0].sigma;
    EXPECT_GT(with_step, 1.0 + 0.12);
}

TEST_F(CountingTest, AGapIsNotIntegratedAndDegrades) {
    charge_fully();
    step(-30, seconds(60), 12.3);
    const double before = result_[0].value.value_or(-1);
    step(-30, minutes(10), 12.1);
    EXPECT_EQ(result_[0].value, before) << "the last value says nothing about the gap";
    EXPECT_EQ(result_[0].status, EstimateStatus::degraded);
    EXPECT_EQ(result_[0].reason, "stale_input");
    EXPECT_GT(result_[0].sigma, 2.0) << "C/10 for ten minutes";
    step(0.1, minutes(1));
    hold(0.1, hours(24));
    EXPECT_EQ(result_[0].status, EstimateStatus::ok) << "full charge heals it";
}

TEST_F(CountingTest, WithoutACurrentNowItIsUnknown) {
    charge_fully();
    step(std::nullopt, minutes(1));
    EXPECT_FALSE(result_[0].value);
    EXPECT_EQ(result_[0].reason, "stale_input");
    step(0.1, minutes(1));
    EXPECT_TRUE(result_[0].value);
    EXPECT_EQ(result_[0].value, 100.0) << "it still looks full after a minute";
    EXPECT_EQ(result_[0].status, EstimateStatus::ok);
    step(std::nullopt, minutes(1));
    step(0.1, minutes(15));
    EXPECT_EQ(result_[0].status, EstimateStatus::degraded) << "nobody knows after a quarter of an hour";
    step(0.1, minutes(1));
    EXPECT_EQ(result_[0].status, EstimateStatus::degraded);
}

TEST_F(CountingTest, ALostPollOfAFullBatteryThatDischargesIsNoFloat) {
    charge_fully();
    step(std::nullopt, minutes(1));
    step(-30, minutes(1), 12.3);
    EXPECT_NE(result_[0].reason, "float_anchor");
    EXPECT_LT(*result_[0].value, 100);
}

TEST_F(CountingTest, WhatHoldsMoreThanItsRatingCanBeEmptied) {
    for (const double share : {1.2, 0.6}) {
        capacities_ = {{share, 0.02}, {1, 0}};
        charge_fully();
        hold(-60, std::chrono::minutes(static_cast<int>(95 * share)), 11.8);
        ASSERT_TRUE(result_[0].value);
        EXPECT_NEAR(*result_[0].value, 5, 1.5) << share;
        EXPECT_NE(result_[0].reason, "out_of_model_range");
        hold(-60, std::chrono::minutes(static_cast<int>(10 * share)), 11);
        EXPECT_EQ(result_[0].reason, "out_of_model_range") << share;
    }
}

TEST_F(CountingTest, AMeasuredCapacityIsWhatItIsShareOf) {
    charge_fully();
    hold(-30, hours(1), 12.3);
    const double of_nominal = *result_[0].value;
    const double plain_sigma = result_[0].sigma;
    capacities_ = {{0.6, 0.02}, {1, 0}};
    step(-30, Duration::zero(), 12.3);
    EXPECT_NEAR(*result_[0].value, 100 - (100 - of_nominal) / 0.6, 0.1);
    EXPECT_LT(result_[0].sigma, plain_sigma) << "known better than any battery of the kind";
    EXPECT_EQ(result_[1].value, of_nominal);
}

TEST_F(CountingTest, CapacityFollowsTheTemperature) {
    charge_fully();
    hold(-30, hours(1), 12.3);
    temperature_c_ = 5;
    step(-30, minutes(1), 12.3);
    EXPECT_NEAR(result_[0].value.value_or(-1), 100 - 30.5 / 0.88, 0.5);
}

TEST_F(CountingTest, MemoryCarriesOver) {
    charge_fully();
    hold(-30, hours(1), 12.3);
    CountingEstimator next(setup_);
    next.restore(0, estimator_.memory(0));
    const std::vector<std::optional<double>> voltages{12.3, 12.3};
    const std::vector<std::optional<double>> temperatures{25.0, 25.0};
    std::vector<Estimate> result(2);
    const GroupSample sample{.time = time_ + minutes(1),
                             .elapsed = minutes(1),
                             .current_a = -30,
                             .voltages_v = voltages,
                             .temperatures_c = temperatures,
                             .ambient_c = std::nullopt};
    next.step(sample, result);
    step(-30, minutes(1), 12.3);
    EXPECT_DOUBLE_EQ(result[0].value.value_or(-1), result_[0].value.value_or(-2));
    EXPECT_DOUBLE_EQ(result[0].sigma, result_[0].sigma);
    EXPECT_EQ(result[0].status, result_[0].status);
    EXPECT_FALSE(result[1].value) << "nothing was restored for the second";
}

TEST_F(CountingTest, AMemoryThatIsNoNumberIsNone) {
    estimator_.restore(0,
                       {.charge_ah = std::nan(""), .sigma_ah = 1, .full_charge_held = {}, .has_gap = false});
    EXPECT_FALSE(step(-1, seconds(1), 12.3).value);
    estimator_.restore(0, {.charge_ah = 1e9, .sigma_ah = 1, .full_charge_held = {}, .has_gap = false});
    EXPECT_LE(step(-1, seconds(1), 12.3).value.value_or(-1), 100.0);
}

TEST(Counting, SaysWhyItCannotCount) {
    const std::vector<std::optional<double>> nothing{std::nullopt};
    std::vector<Estimate> result(1);
    const GroupSample sample{.time = {},
                             .elapsed = {},
                             .current_a = std::nullopt,
                             .voltages_v = nothing,
                             .temperatures_c = nothing,
                             .ambient_c = std::nullopt};
    GroupSetup setup = lead_setup();
    setup.batteries = 1;
    setup.has_current_sensor = false;
    CountingEstimator(setup).step(sample, result);
    EXPECT_EQ(result[0].reason, "no_current_sensor");
    setup.has_current_sensor = true;
    setup.nominal_capacity_ah = 0;
    CountingEstimator(setup).step(sample, result);
    EXPECT_EQ(result[0].reason, "no_nominal_capacity");
}

class LithiumCountingTest : public CountingTest {
  protected:
    static GroupSetup pack() {
        GroupSetup setup = lead_setup();
        setup.chemistry = Chemistry::lfp;
        setup.nominal_voltage_v = 51.2;
        setup.float_voltage_v = 56.0;
        return setup;
    }
    LithiumCountingTest() : CountingTest(pack()) {}
};

TEST_F(LithiumCountingTest, IsFullAtTheTopWithASmallTail) {
    EXPECT_FALSE(hold(10, hours(1), 56.0).value) << "more than C/20";
    EXPECT_FALSE(hold(2, hours(1), 54.0).value) << "not at the top";
    EXPECT_FALSE(hold(-2, hours(1), 56.0).value) << "discharging";
    hold(2, minutes(1), 56.0);
    EXPECT_EQ(result_[0].value, 100.0);
    EXPECT_EQ(result_[0].reason, "full_charge_anchor");
}

class NmcCountingTest : public CountingTest {
  protected:
    static GroupSetup pack() {
        GroupSetup setup = lead_setup();
        setup.chemistry = Chemistry::nmc;
        setup.nominal_voltage_v = setup.float_voltage_v = 47.45;
        return setup;
    }
    NmcCountingTest() : CountingTest(pack()) {}
};

// 13 cells of 3.65 V are 47.45 V in the site file, and a little less when they are added up: that is still no
// float voltage.
TEST_F(NmcCountingTest, ANominalVoltageIsNoFloatVoltage) {
    EXPECT_FALSE(hold(0, hours(1), 52.0).value) << "4.00 V a cell is not full";
    EXPECT_EQ(hold(0, hours(1), 13 * 4.2).value, 100.0);
}

TEST(Counting, InTheColdTheCapacityIsThatOfTheBatteryFile) {
    for (const double per_c : {0.0, 0.01}) {
        GroupSetup setup = lead_setup();
        setup.batteries = 1;
        BatteryParameters block = some_block();
        block.capacity_per_c = per_c;
        setup.model = std::make_shared<const CellModel>(block);
        CountingEstimator estimator(setup);
        estimator.restore(0, {.charge_ah = 50, .sigma_ah = 1});
        const std::vector<std::optional<double>> voltages{12.0};
        const std::vector<std::optional<double>> temperatures{15.0};
        std::vector<Estimate> soc_pct(1);
        estimator.step({.current_a = 0,
                        .voltages_v = voltages,
                        .temperatures_c = temperatures,
                        .ambient_c = std::nullopt},
                       soc_pct);
        EXPECT_NEAR(*soc_pct[0].value, 100 * (1 - 0.5 / (1 - 10 * per_c)), 1e-9);
    }
}

}  // namespace
}  // namespace sitepower::counting_test
