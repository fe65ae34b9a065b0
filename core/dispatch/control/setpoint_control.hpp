// Carries a planned power into one device, an inverter of a battery or the cap of a load class: what is
// written and when, whether the device does what it says, and when it is handed back to its own control. Pure
// and deterministic; owned by whoever writes for it, one write at a time; one thread.
//
// Times are of a clock that only goes forward. Power is positive while charging; a load's always is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/dispatch/control/mains.hpp"

namespace sitepower::dispatch {

struct ControlLimits {
    double lowest_kw = 0;  // setpoints stay between them
    double highest_kw = 0;
    bool is_cap = false;             // the device may draw less, and never more
    double ramp_kw_per_s = 1;        // of setpoints that follow each other
    double deadband_kw = 0.5;        // nothing is written for less
    Duration write_interval{5'000};  // between setpoints
    Duration dwell{60'000};          // between changes of direction
    Duration effect_within{20'000};  // after a setpoint the measured power is there
    double tolerance_share = 0.1;    // of the setpoint, or
    double tolerance_kw = 1;         // this, whichever is more
    Duration return_delay{300'000};  // after the mains have come back
    Duration retry_after{900'000};   // a fault
    std::size_t preparations = 0;    // writes that go before the first setpoint
    // After so long without a keep-alive the device takes itself back.
    std::optional<Duration> dead_man{};
    double capacity_kwh = 0;  // for holding the measured power against the charge; 0: is not done
};

// What is known at a moment; empty: not known.
struct ControlInput {
    std::optional<double> wanted_kw{};    // empty: there is nothing to go by
    std::optional<double> measured_kw{};  // what the device says of itself
    std::optional<double> metered_kw{};   // what a meter beside it says
    std::optional<double> charge_pct{};
    Mains mains = Mains::unknown;
};

enum class ControlState : std::uint8_t {
    released,     // under its own control
    preparing,    // told to listen
    controlling,  // follows setpoints
    releasing,    // to be handed back: the write is under way, or failed and will be tried again
    suspended,    // handed back after a fault
    mains_failed  // handed back until the mains have been there long enough
};

enum class ControlTrouble : std::uint8_t {
    none,
    lags,         // comes, but late: goes on, unless it is very late
    saturates,    // stays short of the setpoint: goes on
    not_written,  // the rest are faults at once: it is handed back
    ignores,
    lies,
    unseen  // its power is not known
};

std::string_view to_string(ControlState state);
std::string_view to_string(ControlTrouble trouble);
struct ControlWrite {
    enum class Kind : std::uint8_t { prepare, keep_alive, setpoint, release };
    Kind kind = Kind::release;
    std::size_t index = 0;   // of a preparation
    double setpoint_kw = 0;  // of a setpoint
};

class SetpointControl {
  public:
    // Of a write that fails; then it is a fault.
    static constexpr int tries = 3;
    static constexpr Duration retry_pause{2'000};
    static constexpr Duration release_retry_pause{10'000};
    // So long may it be unknown what is wanted (then it is handed back), or whether there are mains.
    // Meanwhile what is in force stays.
    static constexpr Duration patience = MainsWatch::patience;
    // One reading out of the way is no finding; a load may exceed its cap for effect_within.
    static constexpr Duration stray_patience{3'000};
    // Share of the capacity that must have gone through before power and charge are held against each other.
    static constexpr double energy_check_pct = 3;

    // What an earlier run may have left in the device is taken back first.
    explicit SetpointControl(ControlLimits limits) : limits_(limits) {}

    // Due every second, and after wrote(). What is to be written now; then nothing until wrote() has told
    // what came of it.
    std::optional<ControlWrite> step(const ControlInput& input, Duration now);
    // `done`: the device shows it, or has acknowledged what nothing shows. `reason`: why not.
    void wrote(bool done, const std::string& reason, Duration now);
    // Hands back, at once even after a write that failed, and takes nothing on any more.
    void end() {
        ending_ = true;
        not_before_ = Duration::min();
    }

    ControlState state() const { return state_; }
    // It does what it is told, as far as is known.
    bool is_following() const { return is_controlling() && trouble_ == ControlTrouble::none; }
    // What holds now: while it does not follow setpoints, the fault that it was handed back for.
    ControlTrouble trouble() const { return is_controlling() ? trouble_ : fault_; }
    const std::string& reason() const { return is_controlling() ? reason_ : fault_reason_; }
    // The last fault, until it has gone well for retry_after.
    ControlTrouble fault() const { return fault_; }
    const std::string& fault_reason() const { return fault_reason_; }
    bool has_failed() const { return fault_ != ControlTrouble::none; }
    std::optional<double> setpoint_kw() const { return setpoint_kw_; }  // that the device holds
    // Something may be in force that was written here or by an earlier run.
    bool engaged() const { return engaged_; }
    bool is_writing() const { return writing_.has_value(); }

  private:
    struct Sample {
        Duration at{};
        double kw = 0;
    };
    struct Setpoint {
        Duration at{};
        double kw = 0;
        double measured_kw = 0;  // when it was set
    };
    struct Envelope {
        double lowest_kw = 0, highest_kw = 0;
    };

    bool is_controlling() const { return state_ == ControlState::controlling; }
    void note(const ControlInput& input, Duration now);
    std::optional<ControlWrite> hand_back(bool mains_out, Duration now);
    std::optional<ControlWrite> control(const ControlInput& input, Duration now);
    std::optional<ControlWrite> next_setpoint(double wanted_kw, Duration now);
    double within_dwell(double kw, Duration now) const;
    std::optional<ControlWrite> begin(ControlWrite write, Duration now);
    std::optional<ControlWrite> keep_alive(Duration now);
    // False: it was a fault.
    bool judge(const ControlInput& input, Duration now);
    void judge_effect(double measured_kw, Duration now);
    void judge_meter(const ControlInput& input, Duration now);
    void judge_energy(const ControlInput& input, Duration now);
    ControlTrouble classify(double measured_kw, double edge_kw, Duration now) const;
    void set_trouble(ControlTrouble trouble, std::string reason, Duration now);
    void fail(ControlTrouble fault, std::string reason, Duration now);
    double tolerance_of(double kw) const;
    Envelope envelope() const;
    double measured_at(Duration at) const;
    void forget();

    ControlLimits limits_;
    ControlState state_ = ControlState::releasing;
    bool engaged_ = true;
    bool ending_ = false;
    std::optional<ControlWrite> writing_;
    Duration writing_since_{};
    int failures_ = 0;                       // in a row
    Duration not_before_ = Duration::min();  // of the next try
    std::size_t prepared_ = 0;
    std::optional<double> setpoint_kw_;
    bool is_ramping_ = false;  // the last setpoint was not yet what is wanted
    Duration setpoint_at_{};
    std::optional<Duration> keep_alive_at_;
    int direction_ = 0;  // of the last setpoint that was not zero
    Duration direction_at_{};
    std::optional<Duration> controlling_since_;
    double before_kw_ = 0;  // measured before the first setpoint
    // What was in force within effect_within, the one before included; at most one per write_interval.
    std::vector<Setpoint> setpoints_;
    std::vector<Sample> measured_;           // within effect_within, at most one per second
    std::optional<Duration> seen_at_;        // measured power
    std::optional<Duration> strayed_since_;  // from what was set
    std::optional<Duration> contradicted_since_;
    std::optional<double> charge_then_pct_;
    double energy_since_kwh_ = 0;
    std::optional<Duration> energy_at_;
    std::optional<Duration> nothing_wanted_since_;
    MainsWatch mains_;
    bool released_in_outage_ = false;
    std::optional<Duration> suspended_until_;
    ControlTrouble fault_ = ControlTrouble::none;
    std::string fault_reason_;
    ControlTrouble trouble_ = ControlTrouble::none;
    std::string reason_;
    Duration trouble_since_{};
};

}  // namespace sitepower::dispatch
