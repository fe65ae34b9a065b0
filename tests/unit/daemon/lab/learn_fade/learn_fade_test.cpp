#include "daemon/lab/learn_fade/learn_fade.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/battery/rul/particle/counter_random.hpp"

namespace sitepower::lab::learn_fade_test {
namespace {

std::vector<LifeCell> fleet(int cells) {
    const CounterRandom random(5);
    std::vector<LifeCell> fleet;
    for (int i = 0; i < cells; ++i) {
        const double life = 200 * std::exp(0.2 * random.normal(static_cast<std::uint64_t>(i)));
        CellHistory cell{.cell = "lot-" + std::to_string(i)};
        for (double cycle = 1; cycle <= 1.1 * life; cycle += 2) {
            cell.cycle.push_back(cycle);
            cell.capacity_ah.push_back(1 - 0.2 * std::pow(cycle / life, 1.5));
        }
        fleet.push_back(life_cell_of(cell, 1, 0.8));
    }
    return fleet;
}

double covered(const std::vector<LifeCell>& cells, const fade::LibraryFile& file) {
    auto library = FadeLibrary::make(file.curves, file.parameters);
    TrajectoryPredictor predictor(std::make_shared<const FadeLibrary>(std::move(*library)));
    double covered = 0;
    for (const LifeCell& cell : cells) covered += predict_at(cell, 0.5, 0.8, predictor).covered() ? 1 : 0;
    return covered / static_cast<double>(cells.size());
}

TEST(LearnFade, MakesALibraryThatCanBeReadBack) {
    const auto cells = fleet(8);
    const auto library = learn_fade(cells, 0.8);
    ASSERT_TRUE(library) << library.error().message;
    EXPECT_EQ(library->curves.size(), 8U);
    for (const FadeShape& curve : library->curves) EXPECT_LT(curve.age.size(), 40U);
    EXPECT_TRUE(FadeLibrary::make(library->curves, library->parameters));
}

TEST(LearnFade, ItsIntervalsHoldMostOfTheTruth) {
    const auto cells = fleet(12);
    const auto library = learn_fade(cells, 0.8);
    EXPECT_GE(covered(cells, *library), 0.6);
}

TEST(LearnFade, NeedsLivesThatHaveEnded) {
    EXPECT_EQ(learn_fade(fleet(4), 0.8).error().code, ErrorCode::insufficient_data);
    EXPECT_FALSE(learn_fade(fleet(8), 0.5));
    EXPECT_FALSE(learn_fade({}, 0.8));
}

}  // namespace
}  // namespace sitepower::lab::learn_fade_test
