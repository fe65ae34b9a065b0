// An SVG of curves below each other over one time axis. Pure text; any thread.
#pragma once

#include <string>
#include <vector>

namespace sitepower::lab {

struct Panel {
    std::string title;  // with unit
    std::vector<double> values;
};

// Of nothing finite, a panel stays empty. At most 2000 points are drawn of each, evenly taken.
std::string plot_svg(const std::vector<Panel>& panels);

}  // namespace sitepower::lab
