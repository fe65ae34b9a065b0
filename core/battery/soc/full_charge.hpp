// Whether batteries are fully charged: the one moment when their charge is known without a model. Shared by
// the methods of core/battery/soc; one per string, loop thread only.
#pragma once

#include <vector>

#include "core/battery/estimator.hpp"

namespace sitepower {

// As shares of the capacity C where they are currents. Engineering defaults.
struct FullChargeParameters {
    double float_tail_c = 0.01;         // VRLA: full below this current on float,
    double float_tolerance_v = 0.1;     // with the string's mean so near the float voltage, per 12 V
    double battery_tolerance_v = 0.3;   // and the battery itself so near: a float string spreads
    double lithium_tail_c = 0.05;       // lithium: full below this charging current (C/20)
    double lithium_tolerance_v = 0.03;  // with the voltage so near its highest, per cell,
    Duration lithium_held{60'000};      // for so long
    Duration longest_pause{600'000};    // of the current: not even a poll or a line that fails for a while
};

class FullChargeWatch {
  public:
    explicit FullChargeWatch(const GroupSetup& setup, const FullChargeParameters& parameters = {});

    // Once per sample. A gap does not count as time at full charge; a long one ends it.
    void step(const GroupSample& sample);
    bool is_full(std::size_t battery) const { return held_[battery] >= needed_; }
    // How long it has looked full, at most as long as is needed.
    Duration held(std::size_t battery) const { return held_[battery]; }
    void restore(std::size_t battery, Duration held);

    // "float_anchor" or "full_charge_anchor".
    std::string_view reason() const;

  private:
    void pause(Duration time);
    bool string_is_on_float(const GroupSample& sample) const;
    bool looks_full(const GroupSample& sample, std::size_t battery, bool on_float) const;
    bool lithium_looks_full(double voltage_v, double current_a) const;
    double float_voltage_of(const GroupSample& sample, std::size_t battery) const;

    GroupSetup setup_;
    FullChargeParameters parameters_;
    Duration needed_;
    std::vector<Duration> held_;
    Duration paused_{};  // of the current, at a stretch
};

}  // namespace sitepower
