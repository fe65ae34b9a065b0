#include "core/battery/autonomy/runtime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower {
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
}  // namespace sitepower
