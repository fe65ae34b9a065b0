#include "core/forecast/conformal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace sitepower::forecast::conformal_test {
namespace {

TEST(ScoreRing, GivesTheOrderStatistic) {
    ScoreRing ring(100);
    for (int i = 99; i >= 1; --i) ring.add(i);
    EXPECT_EQ(ring.quantile(0.95).value, 95);  // rank ceil(100 * 0.95)
    EXPECT_FALSE(ring.quantile(0.95).beyond);
    EXPECT_EQ(ring.quantile(0.5).value, 50);
    EXPECT_EQ(ring.lower_quantile(0.05).value, 5);
    EXPECT_EQ(ring.quantile(0).value, 1);
}

TEST(ScoreRing, BeyondItsScoresWidensAndSaysSo) {
    ScoreRing ring(10);
    EXPECT_TRUE(ring.quantile(0.5).beyond);
    for (int i = 1; i <= 10; ++i) ring.add(i);
    const auto widest = ring.quantile(0.99);
    EXPECT_TRUE(widest.beyond);
    EXPECT_DOUBLE_EQ(widest.value, 12);
    EXPECT_TRUE(ring.lower_quantile(0.01).beyond);
    EXPECT_LT(ring.lower_quantile(0.01).value, 1);
}

TEST(ScoreRing, BeyondNegativeScoresStillMovesOutward) {
    ScoreRing ring(10);
    for (int i = 1; i <= 10; ++i) ring.add(-i);
    EXPECT_GT(ring.quantile(1).value, -1);
    EXPECT_LT(ring.lower_quantile(0).value, -10);
}

TEST(ScoreRing, ForgetsTheOldestAndTakesNoNan) {
    ScoreRing ring(3);
    for (const double score : {100.0, 1.0, 2.0, 3.0}) ring.add(score);
    ring.add(std::numeric_limits<double>::quiet_NaN());
    ring.add(std::numeric_limits<double>::infinity());
    EXPECT_EQ(ring.size(), 3U);
    EXPECT_EQ(ring.quantile(0.75).value, 3);
}

TEST(ScoreRing, EqualsASortAfterAnySequence) {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> score(0, 5);  // many ties
    ScoreRing ring(16);
    std::vector<double> all;
    for (int i = 0; i < 500; ++i) {
        all.push_back(score(random));
        ring.add(all.back());
        std::vector<double> last(all.end() - std::min<std::ptrdiff_t>(16, std::ssize(all)), all.end());
        std::ranges::sort(last);
        const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(last.size() + 1) * 0.5));
        ASSERT_EQ(ring.quantile(0.5).value, last[std::min(rank, last.size()) - 1]) << i;
    }
}

TEST(ScoreRing, PValueCountsTheNewScoreItself) {
    ScoreRing ring(99);
    for (int i = 1; i <= 99; ++i) ring.add(i);
    EXPECT_DOUBLE_EQ(ring.p_value(1000), 0.01);
    EXPECT_DOUBLE_EQ(ring.p_value(99), 0.02);
    EXPECT_DOUBLE_EQ(ring.p_value(-1), 1);
    EXPECT_DOUBLE_EQ(ScoreRing(5).p_value(3), 1);
}

TEST(ScoreRing, ReloadedContinuesAlike) {
    ScoreRing ring(4);
    for (const double score : {5.0, 1.0, 4.0, 2.0, 3.0}) ring.add(score);
    BlobWriter writer;
    ring.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    ScoreRing loaded(4);
    loaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    for (ScoreRing* one : {&ring, &loaded}) one->add(9);
    for (const double level : {0.2, 0.4, 0.6, 0.8}) {
        EXPECT_EQ(ring.quantile(level).value, loaded.quantile(level).value);
    }
}

TEST(AdaptiveLevel, KeepsItsBoundOnAnyData) {
    // Against an adversary: every band misses while it can, then none does.
    AdaptiveLevel level(0.05, 0.02);
    std::uint64_t misses = 0;
    for (int i = 0; i < 3000; ++i) {
        const bool missed = i % 1000 < 500 && level.level() < 1;
        level.update(missed);
        misses += missed ? 1U : 0U;
        const double rate = static_cast<double>(misses) / static_cast<double>(level.matured());
        ASSERT_LE(std::abs(rate - 0.05), level.bound() + 1e-12) << i;
    }
}

TEST(AdaptiveLevel, WidensAfterAMissAndCountsNominalSteps) {
    AdaptiveLevel level(0.1, 0.02);
    level.update(true, true);
    EXPECT_GT(level.level(), 0.9);
    level.update(false);
    EXPECT_EQ(level.beyond(), 1U);
    EXPECT_EQ(level.matured(), 2U);
}

TEST(AdaptiveLevel, ReachesItsCoverageOnDriftingNoise) {
    std::mt19937 random(7);
    std::normal_distribution<double> noise;
    ScoreRing ring(200);
    AdaptiveLevel level(0.05, 0.02);
    int covered = 0;
    constexpr int steps = 4000;
    for (int i = 0; i < steps; ++i) {
        const double score = std::abs(noise(random)) * (1 + i / 400.0);
        const auto band = ring.quantile(level.level());
        covered += score <= band.value ? 1 : 0;
        level.update(score > band.value, band.beyond);
        ring.add(score);
    }
    EXPECT_NEAR(covered / static_cast<double>(steps), 0.95, 0.01);
}

TEST(StudentT, HasTheTablesQuantilesAtUnitVariance) {
    const double scale = std::sqrt(5.0 / 3.0);
    EXPECT_NEAR(student_t5_quantile(0.975) * scale, 2.5706, 1e-4);
    EXPECT_NEAR(student_t5_quantile(0.99) * scale, 3.3649, 1e-4);
    EXPECT_NEAR(student_t5_quantile(0.5), 0, 1e-12);
    EXPECT_NEAR(student_t5_quantile(0.1), -student_t5_quantile(0.9), 1e-12);
}

}  // namespace
}  // namespace sitepower::forecast::conformal_test
