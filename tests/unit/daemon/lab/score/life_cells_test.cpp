#include "daemon/lab/score/life_cells.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::lab::life_cells_test {
namespace {

CellHistory cell_of(double life, const std::string& name = "lot-1") {
    CellHistory cell{.cell = name};
    for (double cycle = 1; cycle <= 1.2 * life; ++cycle) {
        cell.cycle.push_back(cycle);
        cell.capacity_ah.push_back(2 * (1 - 0.2 * std::pow(cycle / life, 2)));
    }
    return cell;
}

TrajectoryPredictor predictor_of(std::initializer_list<double> lives) {
    std::vector<FadeShape> shapes;
    int number = 0;
    for (const double life : lives) {
        shapes.push_back(life_cell_of(cell_of(life, "lot-" + std::to_string(++number)), 2, 0.8).history);
    }
    auto library = FadeLibrary::make(shapes, {});
    return TrajectoryPredictor(std::make_shared<const FadeLibrary>(std::move(*library)));
}

TEST(LifeCell, EndsWhereTheRunningMedianFallsBelow) {
    const LifeCell cell = life_cell_of(cell_of(300), 2, 0.8);
    ASSERT_TRUE(cell.life);
    EXPECT_NEAR(*cell.life, 300, 3);
    EXPECT_EQ(cell.history.group, "lot");
    CellHistory noisy = cell_of(300);
    noisy.capacity_ah[50] = 0.5;
    EXPECT_EQ(life_cell_of(noisy, 2, 0.8).life, cell.life) << "one wild cycle is no end";
}

TEST(LifeCell, IsRatedByItsFirstCyclesWhereNothingIsKnown) {
    EXPECT_NEAR(*life_cell_of(cell_of(300), 0, 0.8).life, 300, 3);
}

TEST(LifeCell, MayNotEnd) {
    EXPECT_FALSE(life_cell_of(cell_of(300), 2, 0.5).life);
}

TEST(PredictAt, UsesEarlierCyclesOnlyAndKnowsTheTruth) {
    auto predictor = predictor_of({250, 300, 350});
    LifeCell cell = life_cell_of(cell_of(310, "lot-9"), 2, 0.8);
    const auto prediction = predict_at(cell, 0.5, 0.8, predictor);
    EXPECT_EQ(prediction.age, std::floor(0.5 * *cell.life));
    EXPECT_EQ(prediction.age + prediction.left, *cell.life);
    EXPECT_LT(prediction.error(), 0.15);
    EXPECT_GT(prediction.linear_error(), prediction.error());
    EXPECT_GT(prediction.width(), 0);
    for (std::size_t i = 160; i < cell.history.health.size(); ++i) cell.history.health[i] = 0.1;
    EXPECT_EQ(predict_at(cell, 0.5, 0.8, predictor).predicted.left->p50, prediction.predicted.left->p50);
}

TEST(LifePrediction, IsCoveredWithinItsInterval) {
    LifePrediction prediction;
    prediction.life = 100;
    prediction.left = 50;
    EXPECT_FALSE(prediction.covered()) << "unknown";
    prediction.predicted.left = LifeQuantiles{40, 45, 60};
    EXPECT_TRUE(prediction.covered());
    EXPECT_NEAR(prediction.error(), 0.05, 1e-12);
    EXPECT_NEAR(prediction.width(), 0.2, 1e-12);
    prediction.left = 61;
    EXPECT_FALSE(prediction.covered());
}

}  // namespace
}  // namespace sitepower::lab::life_cells_test
