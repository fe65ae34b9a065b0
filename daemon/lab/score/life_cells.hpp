// Cells with a known end of life, and predictions made in the midst of it from what had been measured by
// then. What the scores and learn-fade have in common. Main thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/battery/rul/trajectory/predictor.hpp"
#include "daemon/lab/score/capacity_file.hpp"

namespace sitepower::lab {

struct LifeCell {
    FadeShape history;           // every cycle; health is capacity over rated
    std::optional<double> life;  // cycles; empty: the history ends before
};

// rated_ah 0: the mean of the first five. The life ends at the first cycle at which the running median of
// five capacities has fallen below the end of life.
LifeCell life_cell_of(const CellHistory& cell, double rated_ah, double end_of_life);

struct LifePrediction {
    double age = 0;
    double life = 0;
    double left = 0;    // truly
    double linear = 0;  // by the straight line through the last 30 %
    RemainingLife predicted;

    double error() const;         // of the median, over the life
    double linear_error() const;  // likewise
    bool covered() const;
    double width() const;  // of the interval, over the life
};

// At the share of the cell's life, from earlier cycles only; the cell's own curve is never used. The life
// must be known, and the share leave at least one cycle.
LifePrediction predict_at(const LifeCell& cell, double share, double end_of_life,
                          TrajectoryPredictor& predictor);

}  // namespace sitepower::lab
