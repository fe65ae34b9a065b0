#include <vector>

#include "daemon/lab/command.hpp"
#include "daemon/lab/forecast/forecast.hpp"

namespace sitepower::lab {

std::span<const LabCommand> commands() {
    static const std::vector<LabCommand> table{
        {"forecast", "scores forecasters, learns priors, draws fans", &describe_forecast},
    };
    return table;
}

}  // namespace sitepower::lab
