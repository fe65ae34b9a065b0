#include "daemon/operation/component.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower {
namespace {

// Weights of the health score (engineering choice): what the site is for, reading its devices, counts as much
// as all else together; the links on the way to a device and to the broker alike; the store and open alerts
// less, since both have alerts of their own.
constexpr double devices_weight = 50;
constexpr double bus_weight = 15;
constexpr double broker_weight = 15;
constexpr double store_weight = 10;
constexpr double alert_weight = 10;

Component store_component(const SystemView& system) {
    Component component{.name = "store"};
    if (!system.store.healthy) {
        component.status = ComponentStatus::down;
        component.reason =
            system.store_reason.empty() ? "the database cannot be written" : system.store_reason;
    } else if (system.store.refused > 0) {
        component.status = ComponentStatus::degraded;
        component.reason = fmt::format("{} rows were refused at the queue's limit", system.store.refused);
    }
    const auto asked = system.store.rows + system.store.refused;
    if (asked > 0) {
        component.error_rate = static_cast<double>(system.store.refused) / static_cast<double>(asked);
    }
    component.last_success = system.store.last_commit;
    component.latency_ms = system.store.commit_ms;
    return component;
}

Component broker_component(const SystemView& system) {
    Component component{.name = "broker"};
    if (!system.broker_enabled) {
        component.status = ComponentStatus::off;
        component.reason = "publishing is switched off in the configuration";
    } else if (!system.broker.connected) {
        component.status = ComponentStatus::down;
        component.reason = system.broker.reason.empty() ? "not connected" : system.broker.reason;
    }
    const auto answered = system.publisher.acknowledged + system.publisher.refused;
    if (answered > 0) {
        component.error_rate = static_cast<double>(system.publisher.refused) / static_cast<double>(answered);
    }
    component.last_success = system.publisher.last_acknowledged;
    component.latency_ms = system.publisher.latency_ms;
    return component;
}

std::optional<double> error_rate(const modbus::BusCounters& counters) {
    const auto due = counters.requests + counters.unsent;
    if (due == 0) return std::nullopt;
    const auto failed = counters.timeouts + counters.exceptions + counters.bad_frames + counters.unsent;
    return std::min(1.0, static_cast<double>(failed) / static_cast<double>(due));
}

Component bus_component(const BusView& bus, const SiteView& site) {
    Component component{.name = "bus:" + bus.id,
                        .error_rate = error_rate(bus.counters),
                        .latency_ms = bus.counters.latency_ms};
    std::size_t devices = 0;
    std::size_t online = 0;
    for (const auto& state : site.devices()) {
        if (site.model().devices[position(state.device)].bus != bus.id) continue;
        ++devices;
        if (state.status == DeviceStatus::online) ++online;
        if (state.last_seen) {
            component.last_success =
                std::max(component.last_success.value_or(*state.last_seen), *state.last_seen);
        }
    }
    if (online == devices) return component;
    component.status = online == 0 ? ComponentStatus::down : ComponentStatus::degraded;
    component.reason = fmt::format("{} of {} devices online", online, devices);
    return component;
}

HealthFactor devices_factor(const SiteView& site) {
    const auto states = site.devices();
    const auto online = std::ranges::count(states, DeviceStatus::online, &DeviceState::status);
    return {"devices", devices_weight,
            100.0 * static_cast<double>(online) / static_cast<double>(states.size()),
            fmt::format("{} of {} devices online", online, states.size())};
}

std::optional<HealthFactor> buses_factor(const std::vector<Component>& components) {
    double failed = 0;
    double lost = 0;  // the same, where a bus that is down counts as lost whatever it did before
    int judged = 0;
    int down = 0;
    for (const auto& component : components) {
        if (!component.name.starts_with("bus:") || !component.error_rate) continue;
        const bool is_down = component.status == ComponentStatus::down;
        failed += *component.error_rate;
        lost += is_down ? 1 : *component.error_rate;
        down += is_down ? 1 : 0;
        ++judged;
    }
    if (judged == 0) return std::nullopt;
    return HealthFactor{"buses", bus_weight, 100 * (1 - lost / judged),
                        fmt::format("{:.1f} % of requests failed since start, {} of {} buses down",
                                    100 * failed / judged, down, judged)};
}

HealthFactor component_factor(std::string_view name, double weight, const Component& component) {
    const double score = component.status == ComponentStatus::ok         ? 100
                         : component.status == ComponentStatus::degraded ? 50
                                                                         : 0;
    return {name, weight, score, component.reason.empty() ? "ok" : component.reason};
}

HealthFactor alerts_factor(const SiteView& site) {
    std::size_t warnings = 0;
    std::size_t criticals = 0;
    for (const auto& alert : site.open_alerts()) {
        if (alert.severity == Severity::warning) ++warnings;
        if (alert.severity == Severity::critical) ++criticals;
    }
    const double score = criticals > 0 ? 0 : warnings > 0 ? 50 : 100;
    return {"alerts", alert_weight, score,
            fmt::format("{} critical and {} warning alerts open", criticals, warnings)};
}

}  // namespace

std::string_view to_string(ComponentStatus status) {
    switch (status) {
        case ComponentStatus::ok:
            return "ok";
        case ComponentStatus::degraded:
            return "degraded";
        case ComponentStatus::down:
            return "down";
        case ComponentStatus::off:
            return "off";
    }
    return "down";
}

std::string_view to_string(OverallStatus status) {
    switch (status) {
        case OverallStatus::operational:
            return "operational";
        case OverallStatus::degraded:
            return "degraded";
        case OverallStatus::down:
            return "down";
    }
    return "down";
}

std::vector<Component> components_of(const SystemView& system, const SiteView& site) {
    std::vector<Component> components{store_component(system), broker_component(system)};
    for (const auto& bus : system.buses) components.push_back(bus_component(bus, site));
    return components;
}

OverallStatus overall_status(const SystemView& system, const SiteView& site,
                             const std::vector<Component>& components) {
    const auto devices = site.devices();
    const bool blind = !devices.empty() && std::ranges::none_of(devices, [](const DeviceState& state) {
        return state.status == DeviceStatus::online;
    });
    if (!system.ready || blind) return OverallStatus::down;
    const bool all_well = std::ranges::all_of(components, [](const Component& component) {
        return component.status == ComponentStatus::ok || component.status == ComponentStatus::off;
    });
    return all_well ? OverallStatus::operational : OverallStatus::degraded;
}

std::size_t announced_alerts(const SiteView& site, Severity severity) {
    return static_cast<std::size_t>(std::ranges::count_if(
        site.open_alerts(), [&](const Alert& alert) { return alert.severity == severity && !alert.held; }));
}

OverallStatus site_status(OverallStatus daemon, const SiteView& site) {
    if (daemon != OverallStatus::operational) return daemon;
    const bool well = announced_alerts(site, Severity::critical) == 0 && upses_on_battery(site).empty();
    return well ? daemon : OverallStatus::degraded;
}

std::vector<std::string> upses_on_battery(const SiteView& site) {
    std::vector<std::string> ids;
    for (const auto& ups : site.upses()) {
        if (ups.on_battery != true) continue;
        ids.push_back(site.model().devices[position(site.model().upses[position(ups.ups)].device)].id);
    }
    return ids;
}

std::vector<HealthFactor> health_factors(const SystemView& system, const SiteView& site,
                                         const std::vector<Component>& components) {
    std::vector<HealthFactor> factors;
    if (!site.devices().empty()) factors.push_back(devices_factor(site));
    if (auto buses = buses_factor(components)) factors.push_back(*buses);
    if (system.broker_enabled) factors.push_back(component_factor("broker", broker_weight, components[1]));
    factors.push_back(component_factor("store", store_weight, components[0]));
    factors.push_back(alerts_factor(site));
    return factors;
}

std::optional<double> health_score(const std::vector<HealthFactor>& factors) {
    double weights = 0;
    double sum = 0;
    for (const auto& factor : factors) {
        weights += factor.weight;
        sum += factor.weight * factor.score;
    }
    if (weights <= 0) return std::nullopt;
    return sum / weights;
}

}  // namespace sitepower
