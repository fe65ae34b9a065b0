#include "core/battery/rul/trajectory/predictor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/battery/rul/trajectory/fades.hpp"

namespace sitepower::predictor_test {
namespace {

std::vector<FadeShape> fleet(double power = 2) {
    std::vector<FadeShape> shapes;
    for (const double life : {300.0, 400.0, 500.0, 600.0, 700.0}) {
        shapes.push_back(
            fade_of(life, power, 1.1, 5, "cell" + std::to_string(static_cast<int>(life)), "lot"));
    }
    return shapes;
}

TrajectoryPredictor predictor_of(const std::vector<FadeShape>& shapes, LibraryParameters parameters = {}) {
    auto library = FadeLibrary::make(shapes, parameters);
    return TrajectoryPredictor(std::make_shared<const FadeLibrary>(std::move(*library)));
}

FadeHistory of(const FadeShape& shape) {
    return {shape.age, shape.health};
}

TEST(TrajectoryPredictor, FindsTheLifeOfABatteryLikeThoseBefore) {
    auto predictor = predictor_of(fleet());
    for (const double share : {0.5, 0.7, 0.9}) {
        const FadeShape shape = fade_of(550, 2, share);
        const auto life = predictor.predict({.history = of(shape), .group = "lot"});
        ASSERT_TRUE(life.left);
        EXPECT_EQ(life.status, EstimateStatus::ok);
        EXPECT_NEAR(life.left->p50, 550 * (1 - share), 55) << share;
        EXPECT_LE(life.left->p10, life.left->p50);
        EXPECT_LE(life.left->p50, life.left->p90);
    }
}

TEST(TrajectoryPredictor, SeesAKneeThatAStraightLineDoesNot) {
    auto predictor = predictor_of(fleet(4));
    const FadeShape shape = fade_of(500, 4, 0.5);
    const auto life = predictor.predict({.history = of(shape), .group = "lot"});
    const double line = linear_life(of(shape), 0.8, 1e6);
    EXPECT_LT(std::abs(life.left->p50 - 250), 60);
    EXPECT_GT(std::abs(line - 250), 200);
}

TEST(TrajectoryPredictor, StretchesCurvesInTime) {
    auto predictor = predictor_of({fade_of(400, 2, 1.1, 5)});
    const FadeShape shape = fade_of(1000, 2, 0.7);
    EXPECT_NEAR(predictor.predict({.history = of(shape)}).left->p50, 300, 60);
}

TEST(TrajectoryPredictor, WithoutAHistoryAnswersFromTheFleet) {
    auto predictor = predictor_of(fleet());
    const auto life = predictor.predict({.history = {}, .group = "lot"});
    EXPECT_EQ(life.status, EstimateStatus::prior_only);
    EXPECT_EQ(life.reason, "no_capacity_evidence");
    EXPECT_NEAR(life.left->p50, 500, 60);
    EXPECT_LT(life.left->p10, 400);
    EXPECT_GT(life.left->p90, 600);
}

TEST(TrajectoryPredictor, FewPointsAreLittleMoreThanThePrior) {
    auto predictor = predictor_of(fleet());
    const FadeShape few{.age = {1, 2, 3}, .health = {1, 1, 0.999}};
    EXPECT_EQ(predictor.predict({.history = of(few)}).status, EstimateStatus::prior_only);
}

TEST(TrajectoryPredictor, ALifeThatHasEndedHasNothingLeft) {
    auto predictor = predictor_of(fleet());
    const FadeShape shape = fade_of(200, 2, 1.2);
    const auto life = predictor.predict({.history = of(shape)});
    EXPECT_EQ(life.left->p10, 0);
    EXPECT_EQ(life.left->p90, 0);
    EXPECT_EQ(life.status, EstimateStatus::ok);
    const FadeShape few{.age = {1, 200, 300}, .health = {1, 0.9, 0.79}};
    EXPECT_EQ(predictor.predict({.history = of(few)}).left->p50, 0);
    EXPECT_EQ(predictor.predict({.history = of(few)}).status, EstimateStatus::prior_only);
}

TEST(TrajectoryPredictor, BeyondTheHorizonIsCensored) {
    auto predictor = predictor_of(fleet());
    const FadeShape shape = fade_of(500, 2, 0.4);
    const auto life = predictor.predict({.history = of(shape), .horizon = 100});
    EXPECT_TRUE(life.censored);
    EXPECT_EQ(life.left->p50, 100);
    EXPECT_EQ(life.left->p90, 100);
    EXPECT_FALSE(predictor.predict({.history = of(shape), .horizon = 1e5}).censored);
}

TEST(TrajectoryPredictor, TheOwnCurveCanBeLeftOut) {
    std::vector<FadeShape> shapes = fleet();
    shapes.push_back({"own", "other", {1, 60, 80, 90}, {1, 1, 0.8, 0.7}});
    auto predictor = predictor_of(shapes);
    FadeShape level;
    for (double age = 1; age <= 50; ++age) {
        level.age.push_back(age);
        level.health.push_back(1);
    }
    const auto with = predictor.predict({.history = of(level), .group = "other"});
    const auto without = predictor.predict({.history = of(level), .group = "other", .exclude = "own"});
    EXPECT_NEAR(with.left->p50, 30, 15);
    EXPECT_GT(without.left->p50, 100);
}

TEST(TrajectoryPredictor, ScalesStretchTheIntervalAndNotTheMedian) {
    LibraryParameters wide;
    wide.scale.fill({.below = 2, .above = 3});
    const FadeShape shape = fade_of(550, 2, 0.5);
    const auto narrow_life = predictor_of(fleet()).predict({.history = of(shape)});
    const auto wide_life = predictor_of(fleet(), wide).predict({.history = of(shape)});
    EXPECT_DOUBLE_EQ(wide_life.left->p50, narrow_life.left->p50);
    EXPECT_NEAR(std::log(wide_life.left->p90 / wide_life.left->p50),
                3 * std::log(narrow_life.left->p90 / narrow_life.left->p50), 1e-9);
    EXPECT_NEAR(std::log(wide_life.left->p50 / wide_life.left->p10),
                2 * std::log(narrow_life.left->p50 / narrow_life.left->p10), 1e-9);
}

TEST(TrajectoryPredictor, CanLeanOnTheStraightLine) {
    const FadeShape shape = fade_of(550, 1, 0.5);
    const auto life = predictor_of(fleet(), {.curves_weight = 0}).predict({.history = of(shape)});
    EXPECT_NEAR(life.left->p50, linear_life(of(shape), 0.8, 1e6), 1);
}

TEST(TrajectoryPredictor, RefusesWhatIsNoHistory) {
    auto predictor = predictor_of(fleet());
    const auto refuses = [&](const FadeShape& shape) {
        const auto life = predictor.predict({.history = of(shape)});
        return !life.left && life.status == EstimateStatus::unknown && life.reason == "out_of_model_range";
    };
    EXPECT_TRUE(refuses({.age = {1, 1}, .health = {1, 1}}));
    EXPECT_TRUE(refuses({.age = {0, 1}, .health = {1, 1}}));
    EXPECT_TRUE(refuses({.age = {1, std::nan("")}, .health = {1, 1}}));
    EXPECT_TRUE(refuses({.age = {1, 2}, .health = {1, -3}}));
    EXPECT_TRUE(refuses({.age = {1, 2}, .health = {1, std::numeric_limits<double>::infinity()}}));
    EXPECT_TRUE(refuses({.age = {1, 2, 3}, .health = {1, 1}}));
}

// Whatever the history, the answer is an interval: finite, ordered, not negative.
TEST(TrajectoryPredictor, AnswersAnyHistoryWithAnInterval) {
    auto predictor = predictor_of(fleet());
    for (const double power : {0.2, 1.0, 5.0}) {
        for (const double life : {3.0, 40.0, 1e4, 1e7}) {
            const FadeShape shape = fade_of(life, power, 0.9, std::max(life / 50, 1.0));
            const auto answer = predictor.predict({.history = of(shape), .group = "lot"});
            ASSERT_TRUE(answer.left) << power << ' ' << life;
            EXPECT_GE(answer.left->p10, 0);
            EXPECT_LE(answer.left->p10, answer.left->p50);
            EXPECT_LE(answer.left->p50, answer.left->p90);
            EXPECT_TRUE(std::isfinite(answer.left->p90));
        }
    }
}

}  // namespace
}  // namespace sitepower::predictor_test
