// What tells of a battery's health (capacity over rated, at 25 C and the reference rate), each with how far
// it can be trusted: a capacity test, a part of a discharge, a charge within a fixed window, a resistance.
// Pure.
#pragma once

#include <optional>

#include "core/base/time.hpp"
#include "core/site/model.hpp"

namespace sitepower {

struct HealthEvidence {
    Time time{};
    double health = 0;
    double sigma = 0;
};

struct CapacityTest {
    Time time{};
    double delivered_ah = 0;
    double rated_ah = 0;
    std::optional<double> temperature_c;  // mean of the battery; 25 C where it is unknown
    bool reached_end_voltage = false;
    double share_at_rate = 1;  // of what the reference rate would give (share_at_rate of cell_model.hpp)
};

// A test down to the end voltage, brought to 25 C as IEEE 1188 does: sigma 2 %, 4 % without a temperature.
// nullopt for a test that was broken off (it is a lower bound at best), and for numbers that are none.
// `string` is the battery's: it tells what a capacity is worth at the temperature.
std::optional<HealthEvidence> evidence_of(const CapacityTest& test, const StringModel& string);

struct PartialDischarge {
    Time time{};
    double delivered_ah = 0;
    double rated_ah = 0;
    double soc_from = 1;  // shares of 1, each by an estimate that does not use the capacity,
    double soc_to = 0;
    double soc_sigma = 0;  // of each
    std::optional<double> temperature_c;
};

// Ah over the share of charge that they were: sigma sqrt((sqrt 2 sigma_z / dz)^2 + 1 %^2) of the health.
// nullopt below a fifth of the charge.
std::optional<HealthEvidence> evidence_of(const PartialDischarge& discharge, const StringModel& string);

// Of the charge within a fixed window of voltage at the same rate, over the same when new: sigma 2 %, as
// regressions on NMC cells do (mean error 1.5 to 1.8 % on cells that were not seen). nullopt for a share
// outside 0 to 1.5.
std::optional<HealthEvidence> evidence_of_window(double share_of_new, Time time);

// Of the ohmic resistance over its baseline, by R / R0 = 1 + kappa (1 - s) / 0.2 with kappa log-normal (0.25,
// 0.5): weak, the rise at 80 % differs between batteries by a factor. Never better than 5 %.
std::optional<HealthEvidence> evidence_of_ratio(double ratio, double ratio_sigma, Time time);

}  // namespace sitepower
