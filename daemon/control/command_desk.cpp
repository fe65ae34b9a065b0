#include "daemon/control/command_desk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower {

Result<OrderedCommand> CommandDesk::plan(DeviceIndex device, std::string_view name,
                                         std::optional<double> value) const {
    const auto all = commands();
    const auto found = std::ranges::find_if(all, [&](const config::CommandConfig& one) {
        return one.device == device && one.command.name == name;
    });
    if (found == all.end()) {
        return Error{ErrorCode::not_found,
                     fmt::format("the device's profile has no command \"{}\"; commands lists them", name),
                     ""};
    }
    if (!found->enabled) {
        return Error{
            ErrorCode::forbidden,
            fmt::format("the site does not enable \"{0}\" for this device: add it to its commands in "
                        "the configuration, commands = [\"{0}\"], and reload",
                        name),
            ""};
    }
    auto ordered = order_of(found->command, value);
    if (ordered) ordered->order.device = device;
    return ordered;
}

}  // namespace sitepower
