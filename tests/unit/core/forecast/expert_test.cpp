// What every expert must do, whatever its method.
#include "core/forecast/expert.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "core/forecast/analogue/analogue.hpp"
#include "core/forecast/autoregression/autoregression.hpp"
#include "core/forecast/direct_ridge/direct_ridge.hpp"
#include "core/forecast/double_seasonal/double_seasonal.hpp"
#include "core/forecast/seasonal_naive/seasonal_naive.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::expert_test {
namespace {

constexpr std::size_t horizon = 48;
constexpr std::size_t n = 888;  // the two days that follow are weekdays, as the two before

struct Maker {
    const char* name;
    std::function<std::unique_ptr<Expert>()> make;
};

class EveryExpert : public testing::TestWithParam<Maker> {
  protected:
    static std::vector<double> say(const Expert& expert, const History& history, std::size_t member = 0) {
        std::vector<double> values(horizon);
        expert.forecast(history, member, values);
        return values;
    }
};

TEST_P(EveryExpert, ContinuesACleanSeries) {
    const Series series = make_series(n, 0);
    auto expert = GetParam().make();
    expert->fit(series.history());
    const auto last = expert->members() - 1;  // the weekly one of the naive
    EXPECT_LT(continuation_error(say(*expert, series.history(), last), n),
              3);  // of analogues, some are of other weekdays
}

TEST_P(EveryExpert, BeatsTheNoise) {
    const Series series = make_series(n, 10);
    auto expert = GetParam().make();
    expert->fit(series.history());
    EXPECT_LT(continuation_error(say(*expert, series.history(), expert->members() - 1), n), 8);
}

TEST_P(EveryExpert, SaysTheSameAgain) {
    const Series series = make_series(n, 10);
    auto one = GetParam().make();
    auto other = GetParam().make();
    one->fit(series.history());
    other->fit(series.history());
    EXPECT_EQ(say(*one, series.history()), say(*other, series.history()));
    EXPECT_EQ(say(*one, series.history()), say(*one, series.history()));
}

TEST_P(EveryExpert, AbsorbsOneByOneAsInBulk) {
    const Series series = make_series(n, 10);
    auto bulk = GetParam().make();
    auto one_by_one = GetParam().make();
    for (auto* expert : {bulk.get(), one_by_one.get()}) expert->fit(series.until(800, horizon));
    bulk->absorb(series.history(), n - 800);
    for (std::size_t t = 801; t <= n; ++t) one_by_one->absorb(series.until(t, horizon), 1);
    for (auto* expert : {bulk.get(), one_by_one.get()}) expert->settle(series.history());
    const auto expected = say(*bulk, series.history());
    const auto actual = say(*one_by_one, series.history());
    for (std::size_t h = 0; h < horizon; ++h) {
        EXPECT_NEAR(actual[h], expected[h], 1e-9 * std::abs(expected[h])) << h;
    }
}

TEST_P(EveryExpert, ReloadedContinuesBitForBit) {
    const Series series = make_series(n, 10);
    auto expert = GetParam().make();
    expert->fit(series.until(850, horizon));
    BlobWriter writer;
    expert->save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    auto loaded = GetParam().make();
    loaded->load(*reader);
    ASSERT_TRUE(reader->finished());
    for (std::size_t t = 851; t <= n; ++t) {
        for (auto* one : {expert.get(), loaded.get()}) one->absorb(series.until(t, horizon), 1);
    }
    for (auto* one : {expert.get(), loaded.get()}) one->settle(series.history());
    EXPECT_EQ(say(*expert, series.history()), say(*loaded, series.history()));
}

TEST_P(EveryExpert, StaysFiniteOnWhateverIsThere) {
    for (const double level : {0.0, 5.0, 1e12, -3.0}) {
        for (const std::size_t length : {0U, 1U, 23U, 24U, 200U, 400U}) {
            Series series = make_series(length, 0);
            std::ranges::fill(series.values, level);
            auto expert = GetParam().make();
            expert->fit(series.history());
            for (const double value : say(*expert, series.history())) {
                ASSERT_TRUE(std::isfinite(value)) << level << " x " << length;
                if (length > 0) {
                    ASSERT_NEAR(value, level, 1e-6 * std::abs(level)) << length;
                }
            }
        }
    }
}

TEST_P(EveryExpert, LearnsNothingFromWhatWasFilledIn) {
    const Series clean = make_series(n, 0);
    Series holed = clean;
    for (std::size_t t = 500; t < 520; ++t) {
        holed.values[t] = 1e6;
        holed.learnable[t] = 0;
    }
    auto expert = GetParam().make();
    expert->fit(holed.history());
    const bool compares_values = expert->name() == "autoregression";  // its lags see them
    if (compares_values) return;
    EXPECT_LT(continuation_error(say(*expert, holed.history(), expert->members() - 1), n), 3);
}

const Seasons seasons;
INSTANTIATE_TEST_SUITE_P(
    All, EveryExpert,
    testing::Values(Maker{"naive", [] { return std::make_unique<SeasonalNaive>(); }},
                    Maker{"smoothing", [] { return std::make_unique<DoubleSeasonal>(seasons, horizon); }},
                    Maker{"autoregression",
                          [] { return std::make_unique<Autoregression>(seasons, horizon); }},
                    Maker{"ridge",
                          [] {
                              return std::make_unique<DirectRidge>(seasons, horizon,
                                                                   std::span<const Eigen::MatrixXd>());
                          }},
                    Maker{"analogue", [] { return std::make_unique<Analogue>(seasons, horizon, 2000); }}),
    [](const auto& maker) { return maker.param.name; });

}  // namespace
}  // namespace sitepower::forecast::expert_test
