#include "drivers/sim/battery_inverter.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::sim {

void BatteryInverter::command(bool remote, double setpoint_kw) {
    if (remote != remote_) {
        power_kw_ = 0;
        silent_s_.reset();
    }
    remote_ = remote;
    setpoint_kw_ = std::clamp(setpoint_kw, -rated_kw, rated_kw);
}

void BatteryInverter::pass(double seconds) {
    if (!remote_) return;
    if (silent_s_) {
        *silent_s_ += seconds;
        if (*silent_s_ > dead_man_s) return command(false, setpoint_kw_);
    }
    switch (manner_) {
        case Manner::lags:
            power_kw_ += (setpoint_kw_ - power_kw_) * (1 - std::exp(-seconds / lag_s));
            break;
        case Manner::saturates:
            power_kw_ = std::clamp(setpoint_kw_, -saturated_kw, saturated_kw);
            break;
        case Manner::lies:
            power_kw_ = 0;
            break;
        default:
            power_kw_ = setpoint_kw_;
    }
}

std::optional<double> BatteryInverter::power_kw() const {
    return remote_ && manner_ != Manner::ignores ? std::optional(power_kw_) : std::nullopt;
}

double BatteryInverter::shown_kw(double pack_kw) const {
    return remote_ && manner_ == Manner::lies ? setpoint_kw_ : pack_kw;
}

}  // namespace sitepower::sim
