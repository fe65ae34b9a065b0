// The public sets of ageing cells that the scores know: what their cells are rated, and where the literature
// ends their lives. Pure.
#pragma once

#include <string_view>

namespace sitepower::lab {

struct CellKind {
    std::string_view name;     // in the names of figures
    std::string_view library;  // file of config/fade; "": none
    double rated_ah = 0;       // 0: the mean of the first five capacities
    double end_of_life = 0.8;  // health
    double goal = 0;           // mean error over life; 0: none
};

// By the form of a cell's name. Sets: MIT (Severson et al., Nature Energy 2019), XJTU and TJU (as
// preprocessed by Wang et al., Nature Communications 2024), HUST (Mendeley nsc7hnsg4s), CALCE CS2, NASA PCoE.
// Any other name is a kind "cells" without a library.
const CellKind& kind_of(std::string_view cell);

}  // namespace sitepower::lab
