// The parts of the daemon as operators see them, and the health score made of them. Pure; loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/operation/context.hpp"

namespace sitepower {

enum class ComponentStatus : std::uint8_t { ok, degraded, down, off };

std::string_view to_string(ComponentStatus status);

struct Component {
    std::string name;  // "store", "broker", "bus:<id>"
    ComponentStatus status = ComponentStatus::ok;
    std::string reason{};                // empty while ok
    std::optional<double> error_rate{};  // share of requests that failed since start, 0 to 1
    std::optional<Time> last_success{};  // last commit, acknowledgement, or answer of any of its devices
    std::optional<double> latency_ms{};  // of the last commit, acknowledgement or answer
};

// Store, broker, and each bus by what its devices say, in this order. `system` and `site` of the same moment.
// The store is down while it cannot write and degraded once rows were refused at its queue's limit; the
// broker is down while not connected, off when the configuration says so; a bus is down when none of its
// devices is online, degraded when some are not.
std::vector<Component> components_of(const SystemView& system, const SiteView& site);

enum class OverallStatus : std::uint8_t { operational, degraded, down };

std::string_view to_string(OverallStatus status);

// down: not ready, or devices are configured and none is online. degraded: any component not ok.
OverallStatus overall_status(const SystemView& system, const SiteView& site,
                             const std::vector<Component>& components);

// Open alerts of that severity; those that a maintenance window holds back are not counted.
std::size_t announced_alerts(const SiteView& site, Severity severity);

// The word for daemon and site together: as the daemon's own, and degraded also while a critical alert is
// open that no maintenance window holds back, or a UPS runs from its batteries, whatever became of its alert.
OverallStatus site_status(OverallStatus daemon, const SiteView& site);

std::vector<std::string> upses_on_battery(const SiteView& site);

// One part of the health score: 100 is perfect. A factor that cannot be judged yet is left out, and the
// others weigh the more.
struct HealthFactor {
    std::string_view name;
    double weight = 0;
    double score = 0;    // 0 to 100
    std::string detail;  // "4 of 5 devices online"
};

std::vector<HealthFactor> health_factors(const SystemView& system, const SiteView& site,
                                         const std::vector<Component>& components);

// The weighted mean of the factors, 0 to 100; empty without factors.
std::optional<double> health_score(const std::vector<HealthFactor>& factors);

}  // namespace sitepower
