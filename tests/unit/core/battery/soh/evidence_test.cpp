#include "core/battery/soh/evidence.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::evidence_test {
namespace {

constexpr Time now = from_ms(1'795'328'000'000);
const StringModel lead{.chemistry = Chemistry::vrla};
const StringModel lithium{.chemistry = Chemistry::lfp};

TEST(HealthEvidence, OfACapacityTestAt25C) {
    const auto evidence = evidence_of(CapacityTest{now, 90, 100, 25, true}, lead);
    ASSERT_TRUE(evidence);
    EXPECT_NEAR(evidence->health, 0.9, 1e-12);
    EXPECT_EQ(evidence->sigma, 0.02);
    EXPECT_EQ(evidence->time, now);
}

TEST(HealthEvidence, OfACapacityTestInTheColdIsCorrected) {
    const auto fast = evidence_of(CapacityTest{now, 81, 100, 25, true, 0.9}, lead);
    EXPECT_NEAR(fast->health, 0.9, 1e-9) << "a new one would have given 90 Ah as fast";
    const auto cold = evidence_of(CapacityTest{now, 90, 100, 10, true}, lead);
    EXPECT_NEAR(cold->health, 0.9 / (1 - 15 * 0.006), 1e-9);
    const auto unknown = evidence_of(CapacityTest{now, 90, 100, std::nullopt, true}, lead);
    EXPECT_EQ(unknown->sigma, 0.04);
}

TEST(HealthEvidence, OfATestThatWasBrokenOffIsNone) {
    EXPECT_FALSE(evidence_of(CapacityTest{now, 90, 100, 25, false}, lead));
}

TEST(HealthEvidence, OfAPartialDischargeIsAsGoodAsItsChargesAre) {
    const auto deep = evidence_of(PartialDischarge{now, 45, 100, 1, 0.5, 0.02, 25}, lithium);
    ASSERT_TRUE(deep);
    EXPECT_NEAR(deep->health, 0.9, 1e-12);
    EXPECT_NEAR(deep->sigma, 0.9 * std::sqrt(2 * 0.04 * 0.04 + 1e-4), 1e-9);
    const auto shallow = evidence_of(PartialDischarge{now, 22.5, 100, 1, 0.75, 0.02, 25}, lithium);
    EXPECT_GT(shallow->sigma, 1.8 * deep->sigma);
    EXPECT_FALSE(evidence_of(PartialDischarge{now, 9, 100, 1, 0.9, 0.02, 25}, lithium));
}

TEST(HealthEvidence, OfAResistanceIsWeak) {
    const auto level = evidence_of_ratio(1.0, 0.03, now);
    EXPECT_NEAR(level->health, 1, 1e-12);
    EXPECT_GE(level->sigma, 0.05);
    const auto high = evidence_of_ratio(1.25, 0.03, now);
    EXPECT_NEAR(high->health, 0.8, 1e-12);
    EXPECT_NEAR(high->sigma, std::hypot(0.1, 0.2 * 0.03 / 0.25), 1e-9);
    EXPECT_NEAR(evidence_of_ratio(0.9, 0.03, now)->health, 1, 1e-12) << "nothing is better than new";
}

TEST(HealthEvidence, OfAChargeWindow) {
    EXPECT_EQ(evidence_of_window(0.93, now)->health, 0.93);
    EXPECT_FALSE(evidence_of_window(-0.1, now));
}

TEST(HealthEvidence, OfNumbersThatAreNoneIsNone) {
    const double nan = std::nan("");
    EXPECT_FALSE(evidence_of(CapacityTest{now, nan, 100, 25, true}, lead));
    EXPECT_FALSE(evidence_of(CapacityTest{now, 90, 0, 25, true}, lead));
    EXPECT_FALSE(evidence_of(PartialDischarge{now, 45, 100, nan, 0.5, 0.02, 25}, lithium));
    EXPECT_FALSE(evidence_of_ratio(nan, 0.03, now));
    EXPECT_FALSE(evidence_of_ratio(100, 0.03, now));
    EXPECT_FALSE(evidence_of_window(nan, now));
}

}  // namespace
}  // namespace sitepower::evidence_test
