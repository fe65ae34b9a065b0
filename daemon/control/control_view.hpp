// What operations may see of the devices under control, on the loop thread. Tests show made-up ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/control/setpoint_control.hpp"
#include "daemon/control/settings.hpp"

namespace sitepower {

struct ControlStatus {
    std::string id;
    ControlSubject subject = ControlSubject::battery;
    std::string device_id;
    dispatch::ControlState state = dispatch::ControlState::released;
    dispatch::ControlTrouble trouble = dispatch::ControlTrouble::none;
    std::string reason;                   // of the trouble
    std::optional<double> wanted_kw{};    // by the plan, within limits and reserve
    std::optional<double> setpoint_kw{};  // that the device holds, read back
    std::optional<double> measured_kw{};
    bool is_failed = false;  // handed back for it
};

class ControlView {
  public:
    virtual ~ControlView() = default;
    virtual std::vector<ControlStatus> controlled() const = 0;
    // Acts on the plan in force now instead of within a second.
    virtual void act(Time now) = 0;
};

}  // namespace sitepower
