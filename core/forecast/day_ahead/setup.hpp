// What a day-ahead forecaster is told once: what it forecasts, which covariates are known for the coming day,
// and the experts that it combines. Values; made by configuration or by a scorer, read by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace sitepower::forecast {

// Days are vectors of one value per step of the local civil day; 24 for hourly prices, 48 for half hours.
enum class DayTarget : std::uint8_t {
    price,  // any sign, spikes: asinh of the standardised value (Uniejewski, Weron, Ziel, IEEE T. Power
            // Systems 33 (2018) 2219-2229)
    load,   // positive: logarithm
};

enum class CovariateRole : std::uint8_t {
    linear,       // load or wind power forecast: the values of the day, of yesterday and of a week ago
    temperature,  // deg C: heating and cooling degrees by hinges, and yesterday's and last week's means
};

struct Covariate {
    std::string name;
    CovariateRole role = CovariateRole::linear;

    friend bool operator==(const Covariate&, const Covariate&) = default;
};

// One family of experts: the same window of days, several penalties.
struct ExpertWindow {
    std::size_t days = 364;
    std::vector<double> penalties;  // times sqrt(days) for standardised regressors
};

// One window of the combination; see stacking.hpp.
struct StackingWindow {
    std::size_t days = 60;
    double penalty = 0.1;  // times the mean diagonal of the normal matrix
};

// One kernel expert; see kernel.hpp.
struct KernelExpert {
    std::size_t days = 364;
    double width = 2;
    double gaussian = 5;
    double noise = 0.1;
};

struct DayAheadSetup {
    DayTarget target = DayTarget::price;
    std::size_t slots = 24;  // of a day, 1..96
    std::vector<Covariate> covariates;
    std::vector<std::size_t> target_lags_days;  // ascending, 1..7
    std::size_t annual_pairs = 0;               // sine and cosine of the year and its fractions
    std::vector<ExpertWindow> windows;
    std::vector<KernelExpert> kernels;
    std::vector<StackingWindow> stacking;
    // Share of the penalty for a regressor of the target's own hour (and the last known value), and of the
    // hours up to two away; 1 for the rest.
    double own_hour_share = 0.1;
    double near_hour_share = 0.4;
    // A day is learnt from when it and all days that its regressors come from were observed whole. With fewer
    // such days than this nothing is forecast.
    std::size_t least_days = 56;
    std::size_t refit_days = 28;  // location, scale and moments are made afresh after so many days

    std::size_t experts() const;
    std::size_t longest_window_days() const;
};

// What is wrong with a setup, naming the cure; Done when it can be used.
Status check(const DayAheadSetup& setup);

DayAheadSetup price_setup(std::size_t slots, std::vector<Covariate> covariates);
DayAheadSetup load_setup(std::size_t slots, std::vector<Covariate> covariates);

}  // namespace sitepower::forecast
