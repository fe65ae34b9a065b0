// A fan chart as SVG: the end of a history, the forecast, and its intervals.
#pragma once

#include <string>
#include <vector>

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

struct Fan {
    std::string title;
    std::vector<double> history;  // what is drawn of it, one step apart
    std::vector<double> point, p90, p99, lower95, upper95;
    std::vector<double> actual;  // may be empty
};
std::string to_svg(const Fan& fan);

struct PlotOptions {
    std::vector<std::string> data_sets;
    std::string series;  // M4 id or column; empty: the first
    std::string prior;
    std::string output;
};
ExitCode plot(const PlotOptions& options);

}  // namespace sitepower::lab
