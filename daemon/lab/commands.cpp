#include <vector>

#include "daemon/lab/backtest/backtest.hpp"
#include "daemon/lab/command.hpp"
#include "daemon/lab/forecast/forecast.hpp"
#include "daemon/lab/learn_fade/learn_fade.hpp"
#include "daemon/lab/replay/replay.hpp"
#include "daemon/lab/score/score.hpp"
#include "daemon/lab/solve/solve.hpp"

namespace sitepower::lab {

std::span<const LabCommand> commands() {
    static const std::vector<LabCommand> table{
        {"forecast", "scores forecasters, learns priors, draws fans", describe_forecast},
        {"backtest", "the schedule in closed loop over recorded prices and load, simulated",
         describe_backtest},
        {"solve", "battery schedules and power auctions of instance files, against their references",
         describe_solve},
        {"learn-fade", "how batteries fade, learnt from a fleet's history of capacities",
         describe_learn_fade},
        {"replay", "the engine over the frames of a store, beside what the daemon made of them",
         describe_replay},
        {"score", "estimators over recorded batteries: how far they are off", describe_score},
    };
    return table;
}

}  // namespace sitepower::lab
