// Safeguard, outlier filter, anomaly and drift detectors.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "core/forecast/anomaly.hpp"
#include "core/forecast/drift.hpp"
#include "core/forecast/outlier_filter.hpp"
#include "core/forecast/safeguard.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::guard_test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Safeguard, EngagesAboveTwoPercentAndReleasesBelowNone) {
    Safeguard safeguard(2, 10, 5);
    const auto run = [&](double combined, int times) {
        for (int i = 0; i < times; ++i) safeguard.mature(combined, std::array{2.0, 1.0});
    };
    run(3, 4);
    EXPECT_FALSE(safeguard.engaged()) << "too few to tell";
    run(3, 1);
    EXPECT_TRUE(safeguard.engaged());
    EXPECT_EQ(safeguard.best_naive(), 1U);
    run(1.01, 200);
    EXPECT_TRUE(safeguard.engaged()) << "still worse than the naive one";
    run(0.9, 200);
    EXPECT_FALSE(safeguard.engaged());
    run(1.01, 200);
    EXPECT_FALSE(safeguard.engaged()) << "hysteresis";
}

TEST(Safeguard, ANaiveThatSaysNothingIsNotTheBest) {
    Safeguard safeguard(3, 10, 5);
    for (int i = 0; i < 20; ++i) safeguard.mature(5, std::array{4.0, nan, 3.0});
    EXPECT_EQ(safeguard.best_naive(), 2U);
    EXPECT_TRUE(safeguard.engaged());
}

TEST(OutlierFilter, ClipsALonelySpike) {
    OutlierFilter filter(500);
    Noise noise(1);
    for (int i = 0; i < 200; ++i) EXPECT_FALSE(filter.judge(100, 100 + noise.next()).outlier);
    const auto verdict = filter.judge(100, 1000);
    EXPECT_TRUE(verdict.outlier);
    EXPECT_LT(verdict.value, 110);
    EXPECT_GT(verdict.value, 100);
    EXPECT_FALSE(filter.judge(100, 100.5).outlier);
}

TEST(OutlierFilter, SixOnTheSameSideAreANewLevel) {
    OutlierFilter filter(500);
    Noise noise(1);
    for (int i = 0; i < 200; ++i) filter.judge(100, 100 + noise.next());
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(filter.judge(100, 50).level_shift) << i;
    EXPECT_FALSE(filter.judge(100, 150).level_shift) << "the other side starts again";
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(filter.judge(100, 50).level_shift) << i;
    const auto verdict = filter.judge(100, 50);
    EXPECT_TRUE(verdict.level_shift);
    EXPECT_EQ(verdict.value, 50);
    EXPECT_FALSE(filter.judge(100, 50).outlier);
}

TEST(OutlierFilter, OfAConstantSeriesNothingIsClipped) {
    OutlierFilter filter(500);
    for (int i = 0; i < 300; ++i) filter.judge(5, 5);
    EXPECT_FALSE(filter.judge(5, 6).outlier);
}

TEST(Anomaly, NeedsTwoWithinThreeSteps) {
    AnomalyDetector detector({});
    EXPECT_FALSE(detector.see(1e-4));
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(detector.see(0.5));
    EXPECT_FALSE(detector.see(1e-4)) << "four steps later is another one";
    EXPECT_FALSE(detector.see(0.5));
    const auto event = detector.see(1e-5);
    ASSERT_TRUE(event);
    EXPECT_NEAR(event->severity, 5, 1e-9);
    EXPECT_TRUE(detector.active());
}

TEST(Anomaly, IsToldOnceUntilQuiet) {
    AnomalyDetector detector({});
    detector.see(1e-4);
    ASSERT_TRUE(detector.see(1e-4));
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(detector.see(1e-4));
    for (int i = 0; i < 12; ++i) EXPECT_FALSE(detector.see(0.5));
    EXPECT_FALSE(detector.active());
    detector.see(1e-4);
    EXPECT_TRUE(detector.see(1e-4));
}

TEST(Anomaly, TakesNoNan) {
    AnomalyDetector detector({});
    for (const double p : {nan, -1.0, 2.0}) {
        EXPECT_FALSE(detector.see(p));
        EXPECT_FALSE(detector.see(p));
    }
}

TEST(Drift, IsSilentOnASteadySeries) {
    DriftDetector detector(336);
    Noise noise(2);
    for (int i = 0; i < 3000; ++i) {
        EXPECT_EQ(detector.see(std::abs(noise.next()) + 0.1, i % 20 != 0), Drift::none) << i;
    }
    EXPECT_NEAR(*detector.coverage(), 0.95, 0.01);
}

TEST(Drift, FindsErrorsThatGrew) {
    DriftDetector detector(336);
    Noise noise(2);
    for (int i = 0; i < 500; ++i) detector.see(std::abs(noise.next()) + 0.1, true);
    int after = 0;
    while (detector.see(5 * (std::abs(noise.next()) + 0.1), true) == Drift::none && after < 1000) ++after;
    EXPECT_LT(after, 30);
}

TEST(Drift, OneEnormousErrorIsNone) {
    DriftDetector detector(336);
    Noise noise(2);
    for (int i = 0; i < 300; ++i) detector.see(std::abs(noise.next()) + 0.1, i % 20 != 0);
    EXPECT_EQ(detector.see(1e12, false), Drift::none);
    EXPECT_EQ(detector.see(nan, false), Drift::none);
}

TEST(Drift, FindsAnIntervalThatNoLongerCovers) {
    DriftDetector detector(100);
    bool found = false;
    for (int i = 0; i < 400; ++i) found = found || detector.see(1, i % 5 != 0) == Drift::coverage_off;
    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace sitepower::forecast::guard_test
