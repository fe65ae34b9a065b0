// What one battery has learnt over the years: small, precious, stored by the daemon and given back at start;
// and what is told when a battery is replaced. Plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/base/time.hpp"
#include "core/site/ageing_memory.hpp"

namespace sitepower {

// A battery that stands where the site file still names the one before it.
struct BatteryReplacement {
    std::string configured_serial;  // of the site file; holds until the file names another one
    Time date{};
    std::string model;
};

// What was measured so far of a discharge that is not over (CapacityWatch).
struct DischargeMemory {
    // Of the string.
    Time as_of{};       // wall: the last current that was counted
    Duration lasted{};  // until the last one that flowed,
    Duration rested{};  // and since then, at `as_of`
    double delivered_ah = 0;
    double delivered_by_flowed_ah = 0;
    bool has_gap = false;
    // Of the battery.
    bool is_planned = false;
    bool was_full = false;
    std::optional<Time> below_since;  // its end voltage: wall, of the measurement,
    Duration below_after{};           // since the beginning,
    double below_ah = 0;              // and delivered until then
    std::optional<Duration> ended_after;
    double ended_ah = 0;
    double temperature_sum = 0;  // C times seconds
    double temperature_s = 0;

    bool operator==(const DischargeMemory&) const = default;
};

struct BatteryMemory {
    std::string battery;                            // identifier
    std::string serial_number;                      // a memory of another serial is not taken over
    std::optional<double> charge_ah;                // counted charge, and
    double charge_sigma_ah = 0;                     // its uncertainty,
    std::optional<Time> charge_as_of;               // at that time;
    Duration full_charge_held{};                    // how long it had looked fully charged by then,
    bool charge_has_gap = false;                    // and whether some current went unseen since it was full
    std::optional<double> baseline_resistance_ohm;  // at 25 C
    std::vector<double> baseline_readings_ohm;      // while the baseline is still being learnt
    std::optional<Time> baseline_learnt_until;      // of the last reading of either
    // Of methods that model the voltage: polarisations, and what they have learnt of the current sensor.
    double charge_v1_v = 0;
    double charge_v2_v = 0;
    double current_offset_a = 0;
    std::optional<double> current_offset_sigma_a;
    // Of the current of the string in the minutes before: what is supposed of the time until the next sample.
    double mean_current_a = 0;
    double mean_square_current_a2 = 0;
    // Of its discharge that goes on: for how long, and whether it began near full.
    double discharging_s = 0;
    bool discharge_is_from_full = false;
    double charge_moved = 0;                      // since it was full, as a share of the capacity
    double capacity_share = 1;                    // of the nominal one, that charge was counted with
    double capacity_sigma = 0;                    // relative; 0: not measured
    std::optional<double> usual_float_current_a;  // of its string
    AgeingMemory ageing;
    std::optional<BatteryReplacement> replacement;
    std::optional<DischargeMemory> discharge;
};

// One battery has taken the place of another.
struct BatteryReplaced {
    BatteryIndex battery{};
    std::string old_serial_number;  // may be empty
    std::string serial_number;
    std::string model;  // may be empty
    Time date{};
    std::string who;
    BatteryMemory retired;  // what was known of the old one
};

}  // namespace sitepower
