#include "core/battery/soh/fusion.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::fusion_test {
namespace {

using std::chrono::hours;
constexpr Time start = from_ms(1'795'328'000'000);
constexpr Duration year = hours(8766);

TEST(HealthFusion, KnowsNothingAtFirst) {
    const Estimate soh = HealthFusion().soh_pct(start);
    EXPECT_FALSE(soh.value);
    EXPECT_EQ(soh.status, EstimateStatus::unknown);
    EXPECT_EQ(soh.reason, "no_capacity_evidence");
}

TEST(HealthFusion, TakesTheFirstTestAsItIs) {
    HealthFusion fusion;
    fusion.learn({start, 0.93, 0.02}, start);
    const Estimate soh = fusion.soh_pct(start);
    EXPECT_NEAR(*soh.value, 93, 1e-9);
    EXPECT_NEAR(soh.sigma, 2, 1e-9);
    EXPECT_EQ(soh.status, EstimateStatus::ok);
    EXPECT_EQ(soh.as_of, start);
}

TEST(HealthFusion, WeighsEvidenceByItsVariance) {
    HealthFusion fusion;
    fusion.learn({start, 0.90, 0.02}, start);
    fusion.learn({start, 0.95, 0.04}, start);
    EXPECT_NEAR(*fusion.soh_pct(start).value, 91, 1e-9);
    EXPECT_NEAR(fusion.soh_pct(start).sigma, 100 * std::sqrt(1 / (2500.0 + 625)), 1e-9);
}

TEST(HealthFusion, EveryEvidenceNarrows) {
    HealthFusion fusion;
    fusion.learn({start, 0.90, 0.05}, start);
    double before = fusion.soh_pct(start).sigma;
    for (int i = 0; i < 10; ++i) {
        fusion.learn({start, 0.89, 0.05}, start);
        EXPECT_LT(fusion.soh_pct(start).sigma, before);
        before = fusion.soh_pct(start).sigma;
    }
}

TEST(HealthFusion, TimeWidensUntilItIsDegraded) {
    HealthFusion fusion;
    fusion.learn({start, 0.95, 0.02}, start);
    EXPECT_EQ(fusion.soh_pct(start + year).status, EstimateStatus::ok);
    EXPECT_LT(*fusion.soh_pct(start + year).value, 95);
    const Estimate late = fusion.soh_pct(start + 6 * year);
    EXPECT_EQ(late.status, EstimateStatus::degraded);
    EXPECT_EQ(late.reason, "no_capacity_evidence");
    EXPECT_GT(late.as_of, start) << "of that day, with the doubt that has grown until then";
}

TEST(HealthFusion, WhatWasBelievedGivesWayToATest) {
    HealthFusion fusion;
    for (int i = 0; i < 5; ++i) fusion.learn({start, 0.95, 0.02}, start);
    fusion.learn({start, 0.30, 0.02}, start);
    EXPECT_NEAR(*fusion.soh_pct(start).value, 30, 0.5);
    EXPECT_NEAR(fusion.soh_pct(start).sigma, 2, 0.1);
    fusion.learn({start, 0.94, 0.02}, start);
    EXPECT_NEAR(*fusion.soh_pct(start).value, 94, 0.5) << "it was mistyped";
}

TEST(HealthFusion, WhatIsOlderComesTooLate) {
    HealthFusion fusion;
    fusion.learn({start, 0.95, 0.02}, start);
    fusion.learn({start - year, 0.5, 0.02}, start);
    EXPECT_NEAR(*fusion.soh_pct(start).value, 95, 1e-9);
}

TEST(HealthFusion, WhatIsOfTheFutureKeepsNobodyOut) {
    HealthFusion fusion;
    fusion.learn({start + 10 * year, 0.95, 0.02}, start + 10 * year);
    fusion.learn({start, 0.5, 0.02}, start);
    EXPECT_NEAR(*fusion.soh_pct(start).value, 50, 0.5);
}

TEST(HealthFusion, RemembersAcrossARestart) {
    HealthFusion fusion;
    fusion.learn({start, 0.95, 0.02}, start);
    HealthFusion again;
    again.restore(fusion.posterior());
    EXPECT_EQ(again.soh_pct(start + year).value, fusion.soh_pct(start + year).value);
    again.restore(HealthEvidence{start, std::nan(""), 0.02});
    EXPECT_FALSE(again.soh_pct(start).value);
}

}  // namespace
}  // namespace sitepower::fusion_test
