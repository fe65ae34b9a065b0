// How long a battery lasts from here: the model of its kind run forward under a constant current or a
// constant power. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "core/battery/model/cell_model.hpp"

namespace sitepower {

struct DischargeStart {
    double soc = 1;
    double v1_v = 0;  // polarisations that it carries already
    double v2_v = 0;
    double offset_a = 0;  // of the current sensor (CellFilter)
    double temperature_c = 25;
    double capacity_ah = 0;        // at 25 C; above 0
    double resistance_factor = 1;  // of the battery over its model
};

struct DischargeLimits {
    double cutoff_v = 0;             // of the battery: the discharge ends below it
    double highest_current_a = 1e9;  // or above this
    double horizon_s = 48 * 3600.0;  // nobody plans further
};

// Empty: a lithium cell gives nothing below 0, whatever its voltage was just before; a lead-acid block, whose
// capacity is rated at some current, goes on to its cut-off.
enum class DischargeStop : std::uint8_t { cutoff, overload, collapse, horizon, empty };

struct DischargeEnd {
    double seconds = 0;
    DischargeStop stop = DischargeStop::horizon;
};

// A load that changes with time: one part of it.
struct PowerStep {
    double until_s = std::numeric_limits<double>::infinity();  // from the start of the discharge
    double power_w = 0;                                        // taken from the battery; 0 or more
    double sigma = 0;                                          // relative, of its logarithm
};

// `current_a` as its sensor reads it, negative. Not negative, or no capacity: the horizon.
DischargeEnd time_at_current(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                             double current_a, const DischargeLimits& limits);

// `power_w` taken from the battery, positive. Collapse: no current gives that power any more.
DischargeEnd time_at_power(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                           double power_w, const DischargeLimits& limits);

// The same with one power after the other, each of them `sigmas` standard deviations higher than told; the
// last holds for ever. None, one that is no number, or nothing but zeros: the horizon.
DischargeEnd time_at_powers(const CellModel& model, const CellScale& scale, const DischargeStart& start,
                            std::span<const PowerStep> powers, double sigmas, const DischargeLimits& limits);

}  // namespace sitepower
