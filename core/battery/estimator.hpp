// The interface through which methods of estimation plug in: one object per string, since batteries in series
// share their current, and its batteries are estimated together. Owned by the engine, loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "core/base/time.hpp"
#include "core/battery/model/cell_model.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"

namespace sitepower {

// What a method needs to know of its string.
struct GroupSetup {
    Chemistry chemistry = Chemistry::vrla;
    double nominal_voltage_v = 12;   // of one battery
    double nominal_capacity_ah = 0;  // at 25 C; 0: unknown
    double float_voltage_v = 13.65;  // of one battery at 25 C
    std::size_t batteries = 0;
    bool has_current_sensor = false;
    Duration stale_after{};                  // a longer silence of the current is a gap
    Duration float_full_after{};             // on float for so long, a VRLA battery is full
    std::shared_ptr<const CellModel> model;  // of this kind of battery; nullptr: not known
};

// What a battery holds over what it should hold when new, where that has been measured.
struct CapacityShare {
    double share = 1;  // above 0
    double sigma = 0;  // relative; 0: not measured
};

// What is known at one moment. Spans have one element per battery, in the order of the string; an empty
// element is not known at this moment. All numbers are finite.
struct GroupSample {
    Time time{};                      // wall
    Duration elapsed{};               // since the sample before (since the memory's time for the first)
    std::optional<double> current_a;  // charging positive; empty: not known now
    bool current_is_mean = false;     // over `elapsed`, as from an Ah register; else at this moment
    std::span<const std::optional<double>> voltages_v;
    // Which of them were read since the sample before; none given: all.
    std::span<const char> voltages_are_new{};
    std::span<const std::optional<double>> temperatures_c;
    std::span<const CapacityShare> capacities{};  // none given: nobody has measured any
    std::optional<double> ambient_c;              // stands in where a battery has no temperature
};

// Of the battery, else what stands in for it.
inline std::optional<double> temperature_of(const GroupSample& sample, std::size_t battery) {
    const auto& own_c = sample.temperatures_c[battery];
    return own_c ? own_c : sample.ambient_c;
}

// What a method keeps of one battery over a restart.
struct ChargeMemory {
    std::optional<double> charge_ah;  // empty: no reference yet
    double sigma_ah = 0;
    Duration full_charge_held{};
    bool has_gap = false;
    // Of methods that model the voltage; the polarisations fade with the age of the memory.
    double v1_v = 0;
    double v2_v = 0;
    double offset_a = 0;  // of the current sensor
    std::optional<double> offset_sigma_a;
    // Of the current in the minutes before: what is supposed of the time in between.
    double mean_current_a = 0;
    double mean_square_a2 = 0;
    // Of a discharge that goes on: for how long, and whether it began near full.
    double discharging_s = 0;
    bool from_full = false;
    double moved = 0;  // charge since full, as a share of the capacity; negative: discharged
};

class SocEstimator {
  public:
    virtual ~SocEstimator() = default;

    // Takes a sample in and writes one estimate per battery, in %. Called once for each new value of the
    // current, and when the current has been lost. No allocation.
    virtual void step(const GroupSample& sample, std::span<Estimate> soc_pct) = 0;

    virtual ChargeMemory memory(std::size_t battery) const = 0;
    // A memory without a charge starts the battery anew.
    virtual void restore(std::size_t battery, const ChargeMemory& memory) = 0;
};

}  // namespace sitepower
