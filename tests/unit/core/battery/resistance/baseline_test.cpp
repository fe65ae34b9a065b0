#include "core/battery/resistance/baseline.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::baseline_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);
constexpr Duration day{24 * 3600'000};

ResistanceReading reading(double ohm, int on_day, std::optional<double> temperature_c = 25.0) {
    return {ohm, temperature_c, start + on_day * day, start + on_day * day};
}

TEST(ResistanceBaseline, IsUnknownUntilLearnt) {
    ResistanceBaseline baseline(Chemistry::vrla, 3, day);
    baseline.learn(reading(0.0045, 0));
    baseline.learn(reading(0.0047, 1));
    const Estimate before = baseline.ratio(reading(0.0046, 1));
    EXPECT_FALSE(before.value);
    EXPECT_EQ(before.reason, "no_baseline_resistance");
    EXPECT_EQ(baseline.readings_ohm().size(), 2U);
    baseline.learn(reading(0.0100, 2));  // an outlier does not move the median
    EXPECT_EQ(baseline.baseline_ohm(), 0.0047);
    const Estimate ratio = baseline.ratio(reading(0.00564, 3));
    EXPECT_NEAR(ratio.value.value_or(0), 1.2, 1e-9);
    EXPECT_EQ(ratio.status, EstimateStatus::ok);
    EXPECT_NEAR(ratio.sigma, 1.2 * 0.03 * std::sqrt(1 + 1.57 / 3), 1e-9);
    EXPECT_TRUE(baseline.readings_ohm().empty());
}

TEST(ResistanceBaseline, OfAnotherBatteryIsLearntAnew) {
    ResistanceBaseline baseline(Chemistry::vrla, 1, day);
    baseline.learn(reading(0.0045, 0));
    ASSERT_TRUE(baseline.baseline_ohm());
    baseline.forget();
    EXPECT_FALSE(baseline.ratio(reading(0.0045, 0)).value);
    baseline.learn(reading(0.0060, 0));
    EXPECT_EQ(baseline.baseline_ohm(), 0.0060) << "without waiting for the interval";
}

TEST(ResistanceBaseline, LearnsAtMostOncePerInterval) {
    ResistanceBaseline baseline(Chemistry::vrla, 2, day);
    for (int i = 0; i < 100; ++i) {
        auto one = reading(0.0045, 0);
        one.elapsed += Duration{i * 1'000};
        baseline.learn(one);
    }
    EXPECT_EQ(baseline.readings_ohm().size(), 1U);
}

TEST(ResistanceBaseline, BringsReadingsTo25Degrees) {
    ResistanceBaseline baseline(Chemistry::vrla, 1, day);
    baseline.learn(reading(0.0045, 0, 25.0));
    EXPECT_NEAR(baseline.ratio(reading(0.0045 * 0.95, 1, 35.0)).value.value_or(0), 1.0, 1e-9);
}

TEST(ResistanceBaseline, WithoutATemperatureItSaysSo) {
    ResistanceBaseline baseline(Chemistry::vrla, 1, day);
    baseline.learn(reading(0.0045, 0, std::nullopt));
    EXPECT_FALSE(baseline.baseline_ohm());
    baseline.learn(reading(0.0045, 1));
    const Estimate ratio = baseline.ratio(reading(0.0054, 2, std::nullopt));
    EXPECT_NEAR(ratio.value.value_or(0), 1.2, 1e-9);
    EXPECT_EQ(ratio.status, EstimateStatus::degraded);
    EXPECT_EQ(ratio.reason, "no_temperature_sensor");
}

TEST(ResistanceBaseline, IsRestored) {
    ResistanceBaseline learning(Chemistry::vrla, 3, day);
    learning.restore(std::nullopt, {0.0045, std::nan(""), -1, 0.0046}, start - day);
    EXPECT_EQ(learning.readings_ohm().size(), 2U);
    EXPECT_EQ(learning.learnt_until(), start - day);
    learning.learn(reading(0.0047, 0));
    EXPECT_EQ(learning.baseline_ohm(), 0.0046);
    EXPECT_EQ(learning.learnt_until(), start);
    learning.learn(reading(0.0047, 1));
    EXPECT_EQ(learning.learnt_until(), start) << "nothing is learnt any more";
    learning.forget();
    EXPECT_FALSE(learning.learnt_until());
    ResistanceBaseline done(Chemistry::vrla, 3, day);
    done.restore(0.005, {}, std::nullopt);
    EXPECT_EQ(done.baseline_ohm(), 0.005);
    ResistanceBaseline nonsense(Chemistry::vrla, 3, day);
    nonsense.restore(0.0, {}, std::nullopt);
    EXPECT_FALSE(nonsense.baseline_ohm());
}

}  // namespace
}  // namespace sitepower::baseline_test
