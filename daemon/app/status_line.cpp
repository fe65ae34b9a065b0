#include "daemon/app/status_line.hpp"

#include <fmt/format.h>

namespace sitepower {

std::string status_line(const StatusFacts& facts) {
    std::string_view broker = "no broker configured";
    if (facts.broker_enabled) {
        broker = facts.broker_connected ? "broker connected" : "broker NOT connected";
    }
    return fmt::format("{}/{} devices, {}, outbox {}, {}{} alert{}", facts.devices_online, facts.devices,
                       broker, facts.outbox, facts.store_healthy ? "" : "store in TROUBLE, ", facts.alerts,
                       facts.alerts == 1 ? "" : "s");
}

}  // namespace sitepower
