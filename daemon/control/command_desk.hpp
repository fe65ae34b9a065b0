// Where writes to devices are ordered, by people (the operation device.command) and by whoever plans
// setpoints: the only way to one. A command is one of the device's profile that the site has enabled; it is
// carried out by the thread of the device's bus, and what came of it is told on the loop thread. Owned by the
// app; loop thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/base/identifier.hpp"
#include "core/base/result.hpp"
#include "daemon/config/config.hpp"
#include "daemon/operation/unique_function.hpp"
#include "drivers/modbus/write.hpp"
#include "drivers/profile/command.hpp"

namespace sitepower {

class CommandDesk {
  public:
    using Done = UniqueFunction<void(modbus::WriteReport)>;

    virtual ~CommandDesk() = default;

    // Of all devices, enabled or not; until the next reload.
    virtual std::span<const config::CommandConfig> commands() const = 0;

    // What `name` with `value` (in the command's unit) would write. NOT_FOUND; FORBIDDEN when the site does
    // not enable it; VALIDATION_ERROR when the value is missing, superfluous or out of range.
    Result<OrderedCommand> plan(DeviceIndex device, std::string_view name, std::optional<double> value) const;

    // Orders what was planned. `done` is called once, later: also when nothing was sent, when the device
    // stays silent, and when the daemon ends. SERVICE_UNAVAILABLE when too many are under way (then `done` is
    // dropped).
    virtual Status order(OrderedCommand planned, Done done) = 0;
};

}  // namespace sitepower
