#include "core/forecast/residual_quantiles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::residual_quantiles_test {
namespace {

ResidualQuantiles::Setup setup(bool non_negative = false) {
    return {.ring = 500, .day = 24, .non_negative = non_negative, .fallback_scale = 2};
}

void mature(ResidualQuantiles& quantiles, int times, double spread, std::uint32_t seed = 1) {
    Noise noise(seed);
    for (int i = 0; i < times; ++i) {
        quantiles.mature(100, quantiles.about(100), 100 + spread * noise.next());
    }
}

TEST(ResidualQuantiles, BeforeAnythingMaturedTheFallbackSpeaks) {
    const ResidualQuantiles quantiles(setup());
    const auto q = quantiles.about(50);
    EXPECT_FALSE(q.calibrated);
    EXPECT_EQ(q.p50, 50);
    EXPECT_GT(q.p90, 51);
    EXPECT_GT(q.p99, q.p90);
    EXPECT_NEAR(q.upper95 - 50, 50 - q.lower95, 1e-9);
}

TEST(ResidualQuantiles, CalibratesInTwoSteps) {
    ResidualQuantiles quantiles(setup());
    mature(quantiles, 39, 10);
    EXPECT_FALSE(quantiles.about(100).calibrated);
    mature(quantiles, 1, 10);
    EXPECT_TRUE(quantiles.about(100).calibrated);
    EXPECT_FALSE(quantiles.about(100).p99_calibrated);
    mature(quantiles, 160, 10);
    EXPECT_TRUE(quantiles.about(100).p99_calibrated);
}

TEST(ResidualQuantiles, AreThoseOfTheNoise) {
    auto steady = setup();
    steady.day = 2000;
    ResidualQuantiles quantiles(steady);
    mature(quantiles, 500, 10);  // uniform in 90..110
    const auto q = quantiles.about(100);
    EXPECT_NEAR(q.p50, 100, 1);
    EXPECT_NEAR(q.p90, 108, 1.5);
    EXPECT_NEAR(q.p99, 109.8, 1.5);
    EXPECT_NEAR(q.upper95, 109.5, 1.5);
    EXPECT_NEAR(q.lower95, 90.5, 1.5);
}

// Errors that are large below and small above, and the other way round.
TEST(ResidualQuantiles, TheIntervalCrossesNoQuantile) {
    for (const double sign : {-1.0, 1.0}) {
        ResidualQuantiles quantiles(setup());
        Noise noise(3);
        double inside = 0;
        constexpr int times = 6000;
        for (int i = 0; i < times; ++i) {
            const auto q = quantiles.about(100);
            ASSERT_LE(q.lower95, q.p50) << i;
            ASSERT_LE(q.p50, q.p90) << i;
            ASSERT_LE(q.p90, q.upper95) << i;
            ASSERT_LE(q.upper95, q.p99) << i;
            const double u = (1 + noise.next()) / 2;
            const double actual = 100 + sign * (u < 0.9 ? u : 20 * u * u);
            inside += actual >= q.lower95 && actual <= q.upper95 ? 1 : 0;
            quantiles.mature(100, q, actual);
        }
        EXPECT_NEAR(inside / times, 0.95, 0.01) << sign;
    }
}

TEST(ResidualQuantiles, MedianMovesTowardABias) {
    ResidualQuantiles quantiles(setup());
    for (int i = 0; i < 300; ++i) quantiles.mature(100, quantiles.about(100), 105);
    EXPECT_NEAR(quantiles.about(100).p50, 105, 1);
}

TEST(ResidualQuantiles, FollowErrorsThatGrow) {
    ResidualQuantiles quantiles(setup());
    mature(quantiles, 400, 1);
    const double before = quantiles.about(100).upper95 - 100;
    mature(quantiles, 100, 20, 2);
    EXPECT_GT(quantiles.about(100).upper95 - 100, 5 * before);
}

TEST(ResidualQuantiles, WidthFollowsTheLevelByHalf) {
    ResidualQuantiles quantiles(setup(true));
    mature(quantiles, 400, 10);
    const auto at = [&](double level) {
        const auto q = quantiles.about(level);
        return q.upper95 - level;
    };
    EXPECT_NEAR(at(300) / at(100), 2, 0.05);
    EXPECT_NEAR(at(0) / at(100), 0.5, 0.05);
    EXPECT_EQ(quantiles.about(1).lower95, 0) << "nothing is below zero";
}

TEST(ResidualQuantiles, NeverCross) {
    ResidualQuantiles quantiles(setup());
    Noise noise(8);
    for (int i = 0; i < 800; ++i) {
        const double level = 100 * noise.next();
        const auto q = quantiles.about(level);
        ASSERT_LE(q.p50, q.p90) << i;
        ASSERT_LE(q.p90, q.p99) << i;
        ASSERT_LE(q.lower95, q.upper95) << i;
        quantiles.mature(level, q, level + std::pow(noise.next(), 5) * 50);
    }
}

TEST(ResidualQuantiles, PValueIsSmallForWhatWasNeverSeen) {
    ResidualQuantiles quantiles(setup());
    mature(quantiles, 499, 10);
    EXPECT_NEAR(quantiles.p_value(100, 500), 1.0 / 500, 1e-12);
    EXPECT_GT(quantiles.p_value(100, 101), 0.5);
    EXPECT_EQ(quantiles.p_value(100, std::numeric_limits<double>::quiet_NaN()), 1);
}

TEST(ResidualQuantiles, TakeNoNan) {
    ResidualQuantiles quantiles(setup());
    quantiles.mature(100, quantiles.about(100), std::numeric_limits<double>::quiet_NaN());
    quantiles.mature(std::numeric_limits<double>::infinity(), quantiles.about(100), 5);
    EXPECT_EQ(quantiles.matured(), 0U);
}

TEST(ResidualQuantiles, ComeBackFromTheirBlob) {
    ResidualQuantiles quantiles(setup());
    mature(quantiles, 300, 10);
    BlobWriter writer;
    quantiles.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ResidualQuantiles loaded(setup());
    loaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    mature(quantiles, 50, 10, 3);
    mature(loaded, 50, 10, 3);
    const auto a = quantiles.about(100);
    const auto b = loaded.about(100);
    EXPECT_EQ(a.p90, b.p90);
    EXPECT_EQ(a.p99, b.p99);
    EXPECT_EQ(a.lower95, b.lower95);
}

}  // namespace
}  // namespace sitepower::forecast::residual_quantiles_test
