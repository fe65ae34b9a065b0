#include "core/forecast/horizon_forecaster.hpp"

#include <gtest/gtest.h>

#include "core/forecast/history_buffer.hpp"
#include "core/forecast/short_regression/short_regression.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::horizon_forecaster_test {
namespace {

constexpr std::size_t day = 24;
const Seasons seasons;

// Sends values through a forecaster of this horizon, as its owner does.
struct Stream {
    Stream(std::size_t horizon, bool non_negative)
        : buffer(seasons, horizon, 20 * day), forecaster(seasons, horizon, non_negative) {}

    void push(double value, bool learnable = true) {
        buffer.push(value, value, learnable, static_cast<std::uint16_t>(steps % seasons.week));
        forecaster.push({buffer.view(HistoryBuffer::raw), buffer.view(HistoryBuffer::transformed)},
                        Transform());
        if (++steps % day == 0) forecaster.settle();
    }

    HistoryBuffer buffer;
    HorizonForecaster forecaster;
    std::size_t steps = 0;
};

TEST(HorizonForecaster, LearnsAnAutoregression) {
    Stream run(1, false);
    Noise noise(3);
    double value = 0;
    double own = 0;
    double naive = 0;
    for (std::size_t t = 0; t < 2000; ++t) {
        const double next = 0.3 * value + noise.next();
        if (t > 1000) {
            own += std::abs(next - run.forecaster.current()->point);
            naive += std::abs(next - value);
        }
        run.push(next);
        value = next;
    }
    EXPECT_LT(own, 0.92 * naive);
}

TEST(HorizonForecaster, CoversWhatItSays) {
    Stream run(3, false);
    Noise noise(5);
    std::vector<IssuedStep> issued;
    double below90 = 0;
    double below99 = 0;
    double inside = 0;
    double count = 0;
    for (std::size_t t = 0; t < 6000; ++t) {
        const double value = daily(t) + 10 * noise.next() * noise.next();
        if (t > 1500) {
            const auto& q = issued[t - 3].quantiles;
            below90 += value <= q.p90 ? 1 : 0;
            below99 += value <= q.p99 ? 1 : 0;
            inside += value >= q.lower95 && value <= q.upper95 ? 1 : 0;
            count += 1;
        }
        run.push(value);
        issued.push_back(*run.forecaster.current());
    }
    EXPECT_NEAR(below90 / count, 0.90, 0.01);
    EXPECT_NEAR(below99 / count, 0.99, 0.005);
    EXPECT_NEAR(inside / count, 0.95, 0.01);
    EXPECT_EQ(run.forecaster.quantiles().matured(), 1024U);
}

TEST(HorizonForecaster, SharesSumToOneAndNameTheirMembers) {
    Stream run(2, true);
    for (std::size_t t = 0; t < 800; ++t) run.push(daily(t));
    double total = 0;
    for (const auto& share : run.forecaster.shares()) total += share.weight;
    EXPECT_NEAR(total, 1, 1e-12);
    EXPECT_EQ(run.forecaster.shares().front().name, "last_value");
}

TEST(HorizonForecaster, FromTheFirstValueOnItSaysTheLastOne) {
    Stream run(4, true);
    EXPECT_FALSE(run.forecaster.current());
    run.push(42);
    ASSERT_TRUE(run.forecaster.current());
    EXPECT_EQ(run.forecaster.current()->point, 42);
    EXPECT_FALSE(run.forecaster.current()->quantiles.calibrated);
}

TEST(HorizonForecaster, DoesNotLearnFromWhatWasFilledIn) {
    Stream run(1, true);
    for (std::size_t t = 0; t < 300; ++t) run.push(10 + static_cast<double>(t % 2));
    const std::size_t before = run.forecaster.quantiles().matured();
    for (std::size_t t = 0; t < 20; ++t) run.push(1e6, false);
    EXPECT_EQ(run.forecaster.quantiles().matured(), before);
}

TEST(ShortRegression, FindsTheCoefficientOfALag) {
    // z[t+1] - z[t] = -0.8 (z[t] - z[t-1]), which "recent" can say exactly.
    ShortRegression regression(regressor_sets()[0], day, 1);
    std::vector<double> values{0, 1};
    Noise noise(9);
    for (int t = 0; t < 800; ++t) {
        const double change = values.back() - values[values.size() - 2];
        values.push_back(values.back() - 0.8 * change + 0.01 * noise.next());
        regression.absorb(values);
    }
    regression.settle();
    const double change = values.back() - values[values.size() - 2];
    const auto said = regression.predict(values);
    ASSERT_TRUE(said);
    EXPECT_NEAR(*said, values.back() - 0.8 * change, 0.02);
}

TEST(ShortRegression, SaysNothingBeforeItKnowsEnough) {
    ShortRegression regression(regressor_sets()[0], day, 2);
    std::vector<double> values;
    for (int t = 0; t < 40; ++t) {
        values.push_back(t % 7);
        regression.absorb(values);
        regression.settle();
        EXPECT_FALSE(regression.predict(values)) << t;
    }
}

TEST(ShortRegression, OfAConstantNeverSolves) {
    ShortRegression regression(regressor_sets()[1], day, 2);
    const std::vector<double> values(500, 3);
    for (std::size_t n = 1; n <= values.size(); ++n) regression.absorb(std::span(values).first(n));
    regression.settle();
    EXPECT_FALSE(regression.predict(values));
}

}  // namespace
}  // namespace sitepower::forecast::horizon_forecaster_test
