// sitepower-lab learn-fade: makes a fade library from any fleet's history of capacities. Main thread.
#pragma once

#include "daemon/fade/library_file.hpp"
#include "daemon/lab/command.hpp"
#include "daemon/lab/score/life_cells.hpp"

namespace sitepower::lab {

// Curves of all cells, and the parameters that predict each of them best from the others: at ages spread
// evenly over their lives, noise, share and weight by the mean error over life, then the scales of the
// intervals by the 10 and 90 % quantiles of the errors. Refused when fewer than 5 lives have ended.
Result<fade::LibraryFile> learn_fade(const std::vector<LifeCell>& cells, double end_of_life);

// The command: learn-fade DATASET -o FILE.
Run describe_learn_fade(CLI::App& command);

}  // namespace sitepower::lab
