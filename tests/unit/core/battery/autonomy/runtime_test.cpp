#include "core/battery/autonomy/runtime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::runtime_test {
namespace {

class RuntimeTest : public testing::Test {
  protected:
    Runtime runtime() const { return runtime_at_power(model_, {}, input_, {.cutoff_v = 3.2}); }

    CellModel model_{some_cell()};
    RuntimeInput input_{.start = {.soc = 0.8, .capacity_ah = 10}, .power_w = 30};
};

TEST_F(RuntimeTest, IsOneNumberWhereAllIsCertain) {
    const Runtime result = runtime();
    EXPECT_EQ(result.stop, DischargeStop::cutoff);
    EXPECT_GT(result.p50_min, 0);
    EXPECT_EQ(result.p10_min, result.p50_min);
    EXPECT_EQ(result.p90_min, result.p50_min);
    EXPECT_EQ(result.sigma_min, 0);
}

TEST_F(RuntimeTest, AChangingLoadHasItsOwnUncertainty) {
    RuntimeInput steady = input_;
    steady.power_sigma = 0.1;
    const Runtime wanted = runtime_at_power(model_, {}, steady, {.cutoff_v = 3.2});
    const std::vector<PowerStep> powers{{.until_s = 600, .power_w = 30, .sigma = 0.1},
                                        {.power_w = 30, .sigma = 0.1}};
    input_.powers = powers;
    EXPECT_NEAR(runtime().p10_min, wanted.p10_min, 1e-9);
    EXPECT_NEAR(runtime().p90_min, wanted.p90_min, 1e-9);
    const std::vector<PowerStep> unsure_later{{.until_s = 600, .power_w = 30, .sigma = 0.1},
                                              {.power_w = 30, .sigma = 0.3}};
    input_.powers = unsure_later;
    EXPECT_LT(runtime().p10_min, wanted.p10_min);
    EXPECT_EQ(runtime().p50_min, wanted.p50_min);
}

TEST_F(RuntimeTest, EachUncertaintySpreadsIt) {
    for (double RuntimeInput::*sigma : {&RuntimeInput::soc_sigma, &RuntimeInput::capacity_sigma,
                                        &RuntimeInput::resistance_sigma, &RuntimeInput::power_sigma}) {
        RuntimeInput input = input_;
        input.*sigma = 0.1;
        const Runtime result = runtime_at_power(model_, {}, input, {.cutoff_v = 3.2});
        EXPECT_LT(result.p10_min, result.p50_min);
        EXPECT_GT(result.p90_min, result.p50_min);
    }
}

// Against what the quantiles of many draws are.
TEST_F(RuntimeTest, AgreesWithManyDraws) {
    input_.soc_sigma = 0.05;
    input_.capacity_sigma = 0.08;
    input_.resistance_sigma = 0.2;
    input_.power_sigma = 0.05;
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    std::vector<double> minutes;
    for (int i = 0; i < 2000; ++i) {
        DischargeStart start = input_.start;
        start.soc = std::clamp(start.soc + 0.05 * normal(random), 0.0, 1.0);
        start.capacity_ah *= std::exp(0.08 * normal(random));
        start.resistance_factor *= std::exp(0.2 * normal(random));
        const double power_w = 30 * std::exp(0.05 * normal(random));
        minutes.push_back(time_at_power(model_, {}, start, power_w, {.cutoff_v = 3.2}).seconds / 60);
    }
    std::ranges::sort(minutes);
    const Runtime result = runtime();
    EXPECT_NEAR(result.p10_min, minutes[200], 0.04 * minutes[1000]);
    EXPECT_NEAR(result.p50_min, minutes[1000], 0.03 * minutes[1000]);
    EXPECT_NEAR(result.p90_min, minutes[1800], 0.04 * minutes[1000]);
}

// The model says how the battery at hand differs from a new, full one, the maker how long that one lasts.
TEST_F(RuntimeTest, FollowsTheMakersTable) {
    const auto full_min = [&](double power_w) {
        return time_at_power(model_, {}, {.capacity_ah = 10}, power_w, {.cutoff_v = 3}).seconds / 60;
    };
    const double plain_min = runtime().p50_min;
    BatteryParameters told = some_cell();
    told.power_min = {1.1 * full_min(60), 1.1 * full_min(30), 1.1 * full_min(15)};
    told.power_w = {60, 30, 15};
    const auto with_table = [&](const RuntimeInput& input, const CellScale& scale) {
        return runtime_at_power(CellModel(told), scale, input, {.cutoff_v = 3.2 * scale.voltage});
    };
    EXPECT_NEAR(with_table(input_, {}).p50_min, 1.1 * plain_min, 0.1);
    RuntimeInput twice = input_;  // four cells in two pairs
    twice.power_w = 4 * 30;
    twice.start.capacity_ah = 20;
    EXPECT_NEAR(with_table(twice, {.voltage = 2, .resistance = 1}).p50_min, 1.1 * plain_min, 0.1);
    RuntimeInput beyond = input_;
    beyond.power_w = 70;
    EXPECT_EQ(with_table(beyond, {}).p50_min,
              runtime_at_power(model_, {}, beyond, {.cutoff_v = 3.2}).p50_min);
    for (double power_w = 15.5; power_w < 59; power_w += 1) {
        RuntimeInput less = input_;
        less.power_w = power_w;
        RuntimeInput more = less;
        more.power_w = power_w + 1;
        EXPECT_GT(with_table(less, {}).p50_min, with_table(more, {}).p50_min);
    }
}

TEST_F(RuntimeTest, ReliesOnTheLowerWhereMakerAndModelAreFarApart) {
    const double plain_min = runtime().p50_min;
    BatteryParameters told = some_cell();
    for (const double factor : {0.5, 2.0}) {
        told.power_min = {factor * 10, factor * 120};
        told.power_w = {100, 10};
        const Runtime result = runtime_at_power(CellModel(told), {}, input_, {.cutoff_v = 3.2});
        EXPECT_LE(result.p10_min, std::min(plain_min, result.p50_min) + 1e-9);
        EXPECT_LE(result.p50_min, result.p90_min);
    }
}

TEST_F(RuntimeTest, IsNeverBelowNothing) {
    input_.start.soc = 0.3;
    input_.soc_sigma = 0.5;
    EXPECT_GE(runtime().p10_min, 0);
}

TEST_F(RuntimeTest, IsNeverBeyondTheHorizon) {
    input_.power_w = 0.01;
    input_.power_sigma = 0.5;
    const Runtime result = runtime();
    EXPECT_EQ(result.stop, DischargeStop::horizon);
    EXPECT_EQ(result.p90_min, 48 * 60);
}

}  // namespace
}  // namespace sitepower::runtime_test
