// How long a load can be carried, with its uncertainty: the discharge run once from what is believed, and
// once from each side of it per uncertain quantity (sigma points: Julier and Uhlmann, Proc. IEEE 92(3),
// 2004). Where the maker's table of constant power tells of that load, it tells how long a new, full battery
// lasts, and the model only what charge, health, resistance and temperature make of it. Pure, any thread;
// some 10 us to 1 ms, by the length of the runtime.
#pragma once

#include "core/battery/autonomy/discharge.hpp"

namespace sitepower {

// What is believed of a battery and its load. Relative sigmas are of the logarithm.
struct RuntimeInput {
    DischargeStart start;
    double soc_sigma = 0;
    double capacity_sigma = 0;            // relative
    double resistance_sigma = 0;          // relative
    double power_w = 0;                   // taken from this battery
    double power_sigma = 0;               // relative
    std::span<const PowerStep> powers{};  // a load that changes; instead of the two before
};

struct Runtime {
    double p10_min = 0;
    double p50_min = 0;
    double p90_min = 0;
    double sigma_min = 0;
    DischargeStop stop = DischargeStop::horizon;  // of the run in the middle
};

Runtime runtime_at_power(const CellModel& model, const CellScale& scale, const RuntimeInput& input,
                         const DischargeLimits& limits);

}  // namespace sitepower
