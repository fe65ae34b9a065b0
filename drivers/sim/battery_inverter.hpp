// The inverter between the simulated Li-ion pack and the site: by itself it keeps the pack charged; told to,
// it follows setpoints, more or less truly. Pure; time comes in as a step. Owned by the plant. Power is
// positive while charging.
#pragma once

#include <cstdint>
#include <optional>

namespace sitepower::sim {

// Of one that takes setpoints: does as told; acknowledges and goes on as before; comes late; stops short;
// says that it does as told, and does nothing.
enum class Manner : std::uint8_t { obeys, ignores, lags, saturates, lies };

class BatteryInverter {
  public:
    // It takes itself back when no keep-alive has come for so long, once the first has come.
    static constexpr double dead_man_s = 30;
    static constexpr double rated_kw = 30;
    static constexpr double lag_s = 15;  // time constant of one that lags
    static constexpr double saturated_kw = 4;

    void set_manner(Manner manner) { manner_ = manner; }
    Manner manner() const { return manner_; }

    // What its registers hold.
    void command(bool remote, double setpoint_kw);
    void keep_alive() { silent_s_ = 0; }

    void pass(double seconds);

    bool is_remote() const { return remote_; }
    // What the pack is to do; empty: what it does by itself.
    std::optional<double> power_kw() const;
    // What its own power register shows while the pack really takes `pack_kw`.
    double shown_kw(double pack_kw) const;

  private:
    Manner manner_ = Manner::obeys;
    bool remote_ = false;
    double setpoint_kw_ = 0;
    double power_kw_ = 0;
    std::optional<double> silent_s_;
};

}  // namespace sitepower::sim
