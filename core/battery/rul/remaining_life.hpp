// How long a battery will still last, as a distribution, and how far that can be trusted. Values only; made
// by the methods of core/battery/rul.
#pragma once

#include <optional>
#include <string_view>

#include "core/site/state.hpp"

namespace sitepower {

// 10 %, 50 % and 90 % quantiles, all >= 0 and in this order.
struct LifeQuantiles {
    double p10 = 0;
    double p50 = 0;
    double p90 = 0;
};

// `left` is in the unit of the method's ages (days, cycles); empty exactly when status is unknown.
struct RemainingLife {
    std::optional<LifeQuantiles> left;
    bool censored = false;  // the median lies beyond the horizon, which is reported in its stead
    EstimateStatus status = EstimateStatus::unknown;
    std::string_view reason = "no_capacity_evidence";
    std::size_t fade_row = 0;  // how much of the fade is used up: row of LibraryParameters::scale
};

}  // namespace sitepower
