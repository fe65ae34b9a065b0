// Buses, devices and locations.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/fingerprint.hpp"
#include "daemon/config/ids.hpp"
#include "drivers/profile/command.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/probe_inspector.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

void build_locations(const SiteFile& file, SiteModel& model, Diagnostics& diagnostics) {
    Ids ids("location", diagnostics);
    for (const auto& entry : file.locations) {
        ids.add(entry.id, entry.origins.of("id"));
        model.locations.push_back(entry);
    }
    if (model.locations.empty()) {
        auto& only = model.locations.emplace_back();
        only.id = file.site.id;
        only.name = file.site.name;
    }
}

LocationIndex find_location(const SiteModel& model, const std::string& id, const Origin& at,
                            Diagnostics& diagnostics) {
    if (id.empty()) {
        if (model.locations.size() > 1) diagnostics.add(at, "is missing: there are several locations");
        return LocationIndex{0};
    }
    const auto found = std::find_if(model.locations.begin(), model.locations.end(),
                                    [&](const Location& location) { return location.id == id; });
    if (found != model.locations.end()) return LocationIndex(std::uint32_t(found - model.locations.begin()));
    Ids ids("location", diagnostics);
    for (const auto& location : model.locations) ids.add(location.id, {});
    ids.resolve(id, at);
    return LocationIndex{0};
}

namespace {

// What tells one link from another: two workers on one endpoint would disturb each other. A serial adapter
// has several names, /dev/ttyUSB0 and those of /dev/serial/by-id that lead to it.
std::string endpoint_name(const BusEntry& bus) {
    if (bus.type != BusType::rtu) return fmt::format("{}:{}", bus.host, bus.port);
    std::error_code unknown;
    const auto device = std::filesystem::weakly_canonical(bus.path, unknown);
    return unknown ? bus.path : device.string();
}

modbus::BusSettings bus_settings(const BusEntry& entry) {
    modbus::BusSettings settings = static_cast<const modbus::BusSettings&>(entry);
    switch (entry.type) {
        case BusType::tcp:
            settings.endpoint = modbus::TcpEndpoint{entry.host, entry.port};
            break;
        case BusType::rtu:
            settings.endpoint = static_cast<const modbus::SerialEndpoint&>(entry);
            break;
        case BusType::rtu_over_tcp:
            settings.endpoint = modbus::RtuOverTcpEndpoint{entry.host, entry.port};
            break;
    }
    return settings;
}

}  // namespace

std::vector<BusConfig> build_buses(const SiteFile& file, Diagnostics& diagnostics) {
    std::vector<BusConfig> buses;
    std::map<std::string, const BusEntry*> endpoints;
    for (const auto& entry : file.buses) {
        const auto name = endpoint_name(entry);
        const auto [other, fresh] = endpoints.emplace(name, &entry);
        if (!fresh) {
            diagnostics.add(
                entry.origins.of(entry.type == BusType::rtu ? "path" : "host"),
                fmt::format("{} is the endpoint of bus \"{}\" already: put the devices on one bus", name,
                            other->second->id));
        }
        buses.push_back({bus_settings(entry), {}, 0});
    }
    return buses;
}

std::vector<std::size_t> device_order(const std::vector<DeviceEntry>& entries, const SiteModel* running) {
    std::vector<std::size_t> fresh;
    std::unordered_map<std::string, std::size_t> known;
    if (running) {
        for (std::size_t i = 0; i < running->devices.size(); ++i) known.emplace(running->devices[i].id, i);
    }
    constexpr auto nobody = static_cast<std::size_t>(-1);
    std::vector<std::size_t> order(running ? running->devices.size() : 0, nobody);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto place = known.find(entries[i].id);
        if (place != known.end() && order[place->second] == nobody) {
            order[place->second] = i;
        } else {
            fresh.push_back(i);
        }
    }
    auto next = fresh.begin();
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (order[i] != nobody) continue;
        if (next != fresh.end()) {
            order[i] = *next++;
            continue;
        }
        while (order.size() > i && order.back() == nobody) order.pop_back();
        if (order.size() <= i) break;
        order[i] = order.back();
        order.pop_back();
    }
    order.insert(order.end(), next, fresh.end());
    return order;
}

namespace {

static_assert(int(ProfileKind::other) == int(DeviceKind::other) &&
              int(ProfileKind::bms) == int(DeviceKind::bms));

// Why a unit id cannot be used on a bus; empty: it can.
std::string_view unit_problem(int unit, BusType type) {
    if (unit >= 248 && unit <= 254) {
        return "is reserved by the Modbus standard (248 to 254) and cannot be polled; set the device to "
               "another unit";
    }
    if (type == BusType::tcp) return "";
    if (unit == 0) return "is the broadcast address: expected 1 to 247";
    return unit == 255 ? "expected 1 to 247 on a bus with RTU frames" : "";
}

void apply_overrides(const DeviceEntry& entry, modbus::UnitTiming& timing) {
    timing.response_timeout = entry.response_timeout.value_or(timing.response_timeout);
    timing.frame_gap = entry.frame_gap.value_or(timing.frame_gap);
    timing.retries = entry.retries.value_or(timing.retries);
    timing.late_window =
        entry.late_window.value_or(std::max(timing.late_window, 2 * timing.response_timeout));
}

std::optional<Severity> severity_of(const std::string& alarm) {
    for (const Severity severity : {Severity::info, Severity::warning, Severity::critical}) {
        if (alarm == to_string(severity)) return severity;
    }
    return std::nullopt;
}

DeviceModel device_model(const DeviceEntry& entry, const Profile& profile, const ExpandedDevice& expanded) {
    DeviceModel device;
    device.id = entry.id;
    device.kind = static_cast<DeviceKind>(profile.kind);
    device.profile = entry.profile;
    device.bus = entry.bus;
    device.unit = entry.unit;
    for (const auto& point : expanded.points) {
        if (const auto severity = severity_of(point.alarm)) {
            device.alarms.push_back({.slot = static_cast<std::uint32_t>(device.points.size()),
                                     .severity = *severity,
                                     .label = point.label.empty() ? point.name : point.label});
        }
        device.points.push_back({point.name, point.unit, point.alias});
    }
    for (const auto& group : expanded.plan.groups) device.layouts.push_back(group.layout);
    for (const auto& sub_unit : expanded.sub_units) {
        for (const auto& group : sub_unit.groups) device.layouts.push_back(group.layout);
    }
    return device;
}

// Fills the devices one by one; remembers what their buses must know.
class DeviceBuilder {
  public:
    DeviceBuilder(const SiteFile& file, const schema::Node& document, ProfileShelf& profiles,
                  SunspecShelf& sunspec, SiteModel& model, std::vector<BusConfig>& buses,
                  std::vector<CommandConfig>& commands, Diagnostics& diagnostics)
        : file_(file),
          document_(document),
          profiles_(profiles),
          sunspec_(sunspec),
          model_(model),
          buses_(buses),
          commands_(commands),
          diagnostics_(diagnostics),
          bus_ids_("bus", diagnostics_) {
        for (const auto& bus : file_.buses) bus_ids_.add(bus.id, bus.origins.of("id"));
    }

    void build(const std::vector<std::size_t>& order) {
        Ids ids("device", diagnostics_);
        for (const auto& entry : file_.devices) ids.add(entry.id, entry.origins.of("id"));
        for (std::size_t i = 0; i < order.size(); ++i) build_device(order[i], DeviceIndex(std::uint32_t(i)));
        for (std::size_t i = 0; i < buses_.size(); ++i) {
            prints_[i].add(schema::canonical_text((*document_.find("bus")->list())[i]));
            buses_[i].fingerprint = prints_[i].value();
        }
    }

  private:
    void build_device(std::size_t at, DeviceIndex index) {
        const auto& entry = file_.devices[at];
        const auto location =
            find_location(model_, entry.location, entry.origins.of("location"), diagnostics_);
        const auto bus = bus_ids_.resolve(entry.bus, entry.origins.of("bus"));
        if (bus) check_unit(entry, entry.unit, *bus);
        auto& device = model_.devices.emplace_back();
        device.id = entry.id;
        const auto known = known_device(entry);
        if (!known) return;
        if (entry.origins.has("sunspec_device") && entry.profile != sunspec_profile) {
            diagnostics_.add(entry.origins.of("sunspec_device"),
                             fmt::format(R"(belongs to profile = "{}"; this one is "{}")", sunspec_profile,
                                         entry.profile));
        }
        if (entry.mailboxes && known->profile.mailboxes.empty()) {
            diagnostics_.add(entry.origins.of("mailboxes"),
                             fmt::format("profile \"{}\" has no mailboxes", entry.profile));
        }
        auto expanded = expand(known->profile, {index, entry.id, entry.unit, entry.periods, entry.mailboxes});
        if (!expanded) {
            diagnostics_.add(entry.origins.of("period_ms"), expanded.error().message);
            return;
        }
        device = device_model(entry, known->profile, *expanded);
        device.location = location;
        add_commands(entry, known->profile, index);
        if (!bus) return;
        check_mode(entry, known->profile, *bus);
        expanded->plan.inspector = known->inspector;
        expanded->plan.problem = known->problem;
        const bool is_polled = !expanded->plan.groups.empty() || !expanded->sub_units.empty();
        if (is_polled && !known->profile.probe.empty() && !entry.skip_probe) {
            expanded->plan.inspector = std::make_shared<ProbeInspector>(entry.unit, known->profile);
            // The same device: what its own unit says holds for all of them.
            for (auto& plan : expanded->sub_units) plan.inspector = expanded->plan.inspector;
        }
        add_units(entry, known->profile, std::move(*expanded), *bus);
        add_fingerprint(*bus, at, index, known->fingerprint);
    }

    void add_commands(const DeviceEntry& entry, const Profile& profile, DeviceIndex index) {
        auto known = commands_of(profile, entry.unit);
        Ids ids("command", diagnostics_);
        for (const auto& command : known) ids.add(command.name, {});
        std::set<std::string_view> named;
        for (const auto& name : entry.commands) {
            ids.resolve(name, entry.origins.of("commands"));
            if (!named.insert(name).second) {
                diagnostics_.add(entry.origins.of("commands"),
                                 fmt::format("\"{}\" stands there twice", name));
            }
        }
        for (auto& command : known) {
            const bool enabled = std::ranges::find(entry.commands, command.name) != entry.commands.end();
            commands_.push_back({.device = index, .enabled = enabled, .command = std::move(command)});
        }
    }

    // From its profile's file, or from what a SunSpec device said of itself.
    std::optional<SunspecDevice> known_device(const DeviceEntry& entry) {
        if (entry.profile == sunspec_profile) return sunspec_.find(entry);
        const auto* shelved = profiles_.find(entry.profile, entry.origins.of("profile"));
        if (!shelved) return std::nullopt;
        return SunspecDevice{*shelved->profile, nullptr, shelved->fingerprint, {}};
    }

    // Then its entry holds the default, which nobody has written.
    bool was_refused(const schema::Origin& at) const {
        return std::ranges::any_of(diagnostics_.sorted(), [&](const schema::Diagnostic& found) {
            return std::tie(found.at.file, found.at.line, found.at.key) == std::tie(at.file, at.line, at.key);
        });
    }

    void check_unit(const DeviceEntry& entry, int unit, std::size_t bus) {
        if (was_refused(entry.origins.of("unit"))) return;
        const auto problem = unit_problem(unit, file_.buses[bus].type);
        if (!problem.empty()) diagnostics_.add(entry.origins.of("unit"), fmt::format("{} {}", unit, problem));
        const int part = entry.profile == sunspec_profile ? entry.sunspec_device : 0;
        const auto [other, fresh] = units_.emplace(std::tuple(bus, unit, part), &entry);
        if (fresh) return;
        diagnostics_.add(entry.origins.of("unit"),
                         fmt::format(R"({} is the unit of device "{}" on bus "{}" already)", unit,
                                     other->second->id, entry.bus));
    }

    void check_mode(const DeviceEntry& entry, const Profile& profile, std::size_t bus) {
        constexpr std::array<std::string_view, 3> words{"tcp", "rtu", "rtu_over_tcp"};
        const auto mode = words.at(static_cast<std::size_t>(file_.buses[bus].type));
        const auto& modes = profile.transport.modes;
        // A serial line may always be behind a gateway.
        const bool serial = std::ranges::find(modes, "rtu") != modes.end();
        if (modes.empty() || serial || std::ranges::find(modes, mode) != modes.end()) return;
        diagnostics_.add(entry.origins.of("bus"),
                         fmt::format(R"(profile "{}" is for devices on {}; bus "{}" is {})", profile.id,
                                     fmt::join(modes, ", "), entry.bus, mode));
    }

    // A group of the profile may have units of its own: they answer, fail and rest for themselves.
    void add_units(const DeviceEntry& entry, const Profile& profile, ExpandedDevice&& expanded,
                   std::size_t bus) {
        auto& settings = buses_[bus].settings;
        settings.connect_delay = std::max(settings.connect_delay, profile.timing.connect_delay);
        settings.close_after_cycle = settings.close_after_cycle || profile.limits.close_after_cycle;
        std::vector<modbus::UnitPlan> plans = std::move(expanded.sub_units);
        for (const auto& plan : plans) check_unit(entry, plan.unit, bus);
        // A SunSpec device that has told nothing yet has no groups; its inspector asks it.
        const bool asked = !expanded.plan.groups.empty() || expanded.plan.inspector != nullptr;
        if (asked) plans.insert(plans.begin(), std::move(expanded.plan));
        for (auto& plan : plans) {
            apply_overrides(entry, plan.timing);
            buses_[bus].units.push_back(std::move(plan));
        }
    }

    void add_fingerprint(std::size_t bus, std::size_t at, DeviceIndex index, std::uint64_t profile) {
        auto node = (*document_.find("device")->list())[at];
        // The worker of the bus does not know where its devices stand.
        std::erase_if(std::get<schema::Members>(node.value),
                      [](const schema::Member& member) { return member.key == "location"; });
        prints_[bus].add(schema::canonical_text(node)).add(position(index)).add(profile);
    }

    const SiteFile& file_;
    const schema::Node& document_;
    ProfileShelf& profiles_;
    SunspecShelf& sunspec_;
    SiteModel& model_;
    std::vector<BusConfig>& buses_;
    std::vector<CommandConfig>& commands_;
    Diagnostics& diagnostics_;
    Ids bus_ids_;
    std::map<std::tuple<std::size_t, int, int>, const DeviceEntry*> units_;  // by bus, unit, part of it
    std::map<std::size_t, Fingerprint> prints_;                              // by bus
};

}  // namespace

void build_devices(const SiteFile& file, const schema::Node& document, ProfileShelf& profiles,
                   SunspecShelf& sunspec, const SiteModel* running, SiteModel& model,
                   std::vector<BusConfig>& buses, std::vector<CommandConfig>& commands,
                   Diagnostics& diagnostics) {
    DeviceBuilder(file, document, profiles, sunspec, model, buses, commands, diagnostics)
        .build(device_order(file.devices, running));
}

}  // namespace sitepower::config
