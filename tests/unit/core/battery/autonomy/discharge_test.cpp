#include "core/battery/autonomy/discharge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::discharge_test {
namespace {

class DischargeTest : public testing::Test {
  protected:
    DischargeEnd at_current(double current_a, double cutoff_v = 3.2) const {
        return time_at_current(model_, {}, start_, current_a, {.cutoff_v = cutoff_v});
    }
    DischargeEnd at_power(double power_w, double cutoff_v = 3.2) const {
        return time_at_power(model_, {}, start_, power_w, {.cutoff_v = cutoff_v});
    }

    CellModel model_{some_cell()};
    DischargeStart start_{.capacity_ah = 10};
};

// 10 A through 20 mohm: 0.2 V below the open circuit, so that 3.2 V is reached at 3.4 V, after 0.6 of 10 Ah.
TEST_F(DischargeTest, EndsWhereTheLineCrossesTheCutoff) {
    const DischargeEnd end = at_current(-10);
    EXPECT_EQ(end.stop, DischargeStop::cutoff);
    EXPECT_NEAR(end.seconds, 0.6 * 3600, 5);
}

TEST_F(DischargeTest, GoesOnFromTheChargeAndPolarisationAtHand) {
    start_.soc = 0.7;
    EXPECT_NEAR(at_current(-10).seconds, 0.3 * 3600, 5);
    start_.v2_v = -0.06;  // as after a long discharge: no difference at the end
    EXPECT_NEAR(at_current(-10).seconds, 0.3 * 3600, 5);
    start_.soc = 0.41;
    const double rested = [&] {
        DischargeStart rest = start_;
        rest.v2_v = 0;
        return time_at_current(model_, {}, rest, -10, {.cutoff_v = 3.2}).seconds;
    }();
    EXPECT_LT(at_current(-10).seconds, rested);
}

TEST_F(DischargeTest, AWornBatteryLastsLess) {
    const double fresh = at_current(-10).seconds;
    start_.resistance_factor = 2;
    EXPECT_NEAR(at_current(-10).seconds, 0.4 * 3600, 10);
    start_.resistance_factor = 1;
    start_.capacity_ah = 5;
    EXPECT_NEAR(at_current(-10).seconds, fresh / 2, 5);
}

TEST_F(DischargeTest, AFastDischargeGivesLess) {
    BatteryParameters cell = some_cell();
    cell.peukert = 1.1;
    cell.rated_c = 0.5;
    cell.fastest_c = 1;
    const CellModel fading(cell);
    const auto end = time_at_current(fading, {}, start_, -10, {.cutoff_v = 3.2});
    EXPECT_NEAR(end.seconds, at_current(-10).seconds * std::pow(2, -0.1), 5);
}

TEST_F(DischargeTest, TheOffsetOfTheSensorIsNotTakenOut) {
    start_.offset_a = -1;                                            // the sensor reads 10, 9 flow
    EXPECT_NEAR(at_current(-10).seconds, 0.61 * 3600 * 10 / 9, 10);  // 9 A: 10 mV less across v1, v2
}

TEST_F(DischargeTest, PowerTakesMoreCurrentAsTheVoltageFalls) {
    // Between the current at 3.8 V and the one at 3.2 V.
    const double seconds = at_power(35).seconds;
    EXPECT_GT(seconds, at_current(-35 / 3.2).seconds);
    EXPECT_LT(seconds, at_current(-35 / 3.9).seconds);
}

TEST_F(DischargeTest, MoreLoadNeverLastsLonger) {
    double before = std::numeric_limits<double>::infinity();
    for (double power_w = 1; power_w < 1000; power_w *= 1.3) {
        const double seconds = at_power(power_w).seconds;
        EXPECT_LE(seconds, before) << power_w;
        before = seconds;
    }
}

TEST_F(DischargeTest, ALoadThatChangesIsFollowed) {
    const DischargeLimits limits{.cutoff_v = 3.2};
    const auto at_powers = [&](const std::vector<PowerStep>& powers, double sigmas = 0) {
        return time_at_powers(model_, {}, start_, powers, sigmas, limits).seconds;
    };
    const double light = at_power(20).seconds;
    const double heavy = at_power(40).seconds;
    EXPECT_EQ(at_powers({{.power_w = 20}}), light);
    EXPECT_EQ(at_powers({{.until_s = 900, .power_w = 20}, {.power_w = 20}}), light);
    const double later_heavy = at_powers({{.until_s = light / 2, .power_w = 20}, {.power_w = 40}});
    EXPECT_GT(later_heavy, heavy);
    EXPECT_LT(later_heavy, light);
    EXPECT_NEAR(later_heavy, (light + heavy) / 2, 0.05 * light);
    EXPECT_EQ(at_powers({{.until_s = light / 2, .power_w = 20}, {.until_s = 1e6, .power_w = 40}}),
              later_heavy);
    // Nothing is taken for an hour: it lasts about an hour longer.
    EXPECT_NEAR(at_powers({{.until_s = 3600, .power_w = 0}, {.power_w = 40}}), heavy + 3600, 30);
    EXPECT_NEAR(at_powers({{.power_w = 20, .sigma = std::log(2)}}, 1), heavy, 1) << "one sigma more";
}

TEST_F(DischargeTest, NoLoadAtAllLastsForTheHorizon) {
    for (const std::vector<PowerStep>& powers : {std::vector<PowerStep>{},
                                                 {{.power_w = 0}},
                                                 {{.power_w = -1}},
                                                 {{.power_w = std::nan("")}},
                                                 {{.power_w = 10, .sigma = std::nan("")}}}) {
        EXPECT_EQ(time_at_powers(model_, {}, start_, powers, 0, {.cutoff_v = 3.2}).stop,
                  DischargeStop::horizon);
    }
}

TEST_F(DischargeTest, CollapsesWhereNoCurrentGivesThePower) {
    const DischargeEnd end = at_power(401, 0.1);  // at most U^2 / 4 R0 = 400 W
    EXPECT_EQ(end.stop, DischargeStop::collapse);
    EXPECT_EQ(end.seconds, 0);
}

TEST_F(DischargeTest, StopsAtTheLimitOfTheCurrent) {
    const DischargeEnd end = time_at_power(model_, {}, start_, 200, {.cutoff_v = 1, .highest_current_a = 40});
    EXPECT_EQ(end.stop, DischargeStop::overload);
}

TEST_F(DischargeTest, EndsAtTheHorizon) {
    const DischargeEnd end = time_at_power(model_, {}, start_, 0.1, {.cutoff_v = 3.2, .horizon_s = 7200});
    EXPECT_EQ(end.stop, DischargeStop::horizon);
    EXPECT_EQ(end.seconds, 7200);
}

TEST_F(DischargeTest, NothingUsableLastsForTheHorizon) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double load : {0.0, -5.0, nan, std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(at_power(load).stop, DischargeStop::horizon);
        EXPECT_EQ(at_current(-load).stop, DischargeStop::horizon);
    }
    start_.capacity_ah = 0;
    EXPECT_EQ(at_power(10).stop, DischargeStop::horizon);
    start_ = {.soc = nan, .capacity_ah = 10};
    EXPECT_EQ(at_power(10).stop, DischargeStop::horizon);
}

TEST_F(DischargeTest, AnEmptyBatteryLastsNoTime) {
    start_.soc = 0;
    EXPECT_EQ(at_current(-10).seconds, 0);
    EXPECT_EQ(at_current(-10).stop, DischargeStop::empty);
    EXPECT_EQ(at_power(0.1).seconds, 0);
}

// The table ends well above the cut-off: what the cell has is over all the same.
TEST_F(DischargeTest, ALithiumCellGivesWhatItHoldsAndNoMore) {
    start_.soc = 0.9;
    const DischargeEnd end = at_current(-1, 2.5);
    EXPECT_EQ(end.stop, DischargeStop::empty);
    EXPECT_NEAR(end.seconds, 9 * 3600, 1);
    EXPECT_LT(at_power(3, 2.5).seconds * 3, 3600 * 9 * 4.0) << "the energy at most";
}

TEST_F(DischargeTest, ABlockGoesOnToItsCutoff) {
    const CellModel block(some_block());
    const DischargeStart full{.capacity_ah = 100};
    const DischargeEnd end = time_at_current(block, {}, full, -4, {.cutoff_v = 10.5});
    EXPECT_EQ(end.stop, DischargeStop::cutoff);
    EXPECT_GT(end.seconds, 25 * 3600);
}

}  // namespace
}  // namespace sitepower::discharge_test
