#include "daemon/app/bus_commands.hpp"

#include <fmt/format.h>

#include <utility>

namespace sitepower {

Status BusCommands::order(OrderedCommand planned, Done done) {
    const auto& device = config_.model->devices[position(planned.order.device)];
    auto* bus = buses_.find(device.bus);
    planned.order.id = ++last_id_;
    const auto id = planned.order.id;
    if (bus == nullptr || under_way_.size() >= capacity || !bus->order(std::move(planned.order))) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("nothing was sent to {}: too many commands are under way; try again later",
                                 device.id),
                     ""};
    }
    under_way_.emplace(id, std::move(done));
    return sitepower::Done{};
}

void BusCommands::finished(modbus::WriteReport report) {
    auto waiting = under_way_.extract(report.id);
    if (!waiting.empty()) waiting.mapped()(std::move(report));
}

}  // namespace sitepower
