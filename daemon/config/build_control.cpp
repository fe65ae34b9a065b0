// Devices that follow plans.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/point_finder.hpp"
#include "drivers/profile/command.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Origin;

namespace {

class ControlBuilder {
  public:
    ControlBuilder(const SiteModel& model, const std::vector<BusConfig>& buses,
                   const std::vector<CommandConfig>& commands, Diagnostics& diagnostics)
        : model_(model),
          buses_(buses),
          commands_(commands),
          diagnostics_(diagnostics),
          points_(model, diagnostics) {}

    void add(const ControlEntry& entry, ControlSubject subject, std::size_t index, std::string id,
             double lowest_kw, double highest_kw, const MeasuredPower& power, double capacity_kwh) {
        const auto device = points_.device(entry.device, entry.origins.of("device"));
        if (!device) return;
        for (const auto& other : settings_.devices) {
            if (other.device == *device) {
                diagnostics_.add(entry.origins.of("device"),
                                 fmt::format("follows the plan for {} already", other.id));
            }
            if (other.id == id)
                diagnostics_.add(entry.origins.table(), "a battery under control has the same id");
        }
        ControlledDevice controlled;
        controlled.id = std::move(id);
        controlled.subject = subject;
        controlled.index = index;
        controlled.device = *device;
        controlled.device_id = entry.device;
        controlled.limits = static_cast<const dispatch::ControlLimits&>(entry);
        controlled.limits.is_cap = subject == ControlSubject::load_class;
        controlled.limits.preparations = entry.prepare.size();
        controlled.limits.capacity_kwh = capacity_kwh;
        for (const auto& write : entry.prepare) {
            if (order(*device, write.command, write.value, write.origins.of("command")))
                controlled.prepare.push_back({write.command, write.value});
        }
        const auto at = entry.origins.of("setpoint");
        if (const auto* setpoint = enabled(*device, entry.setpoint, at)) {
            if (!setpoint->value || setpoint->unit != "kW") {
                diagnostics_.add(at, "sets no power in kW");
            } else {
                controlled.limits.lowest_kw = std::max(lowest_kw, setpoint->value->lowest);
                controlled.limits.highest_kw = std::min(highest_kw, setpoint->value->highest);
                if (controlled.limits.lowest_kw > controlled.limits.highest_kw)
                    diagnostics_.add(at, "takes nothing of what may be planned");
            }
        }
        controlled.setpoint = entry.setpoint;
        add_keep_alive(entry, controlled);
        add_release(entry, controlled);
        controlled.power = power;
        if (power.points.empty() && subject == ControlSubject::load_class) {
            diagnostics_.add(entry.origins.of("device"),
                             "control needs power of its load class: what it draws must be seen");
        }
        if (!entry.meter.empty())
            controlled.meter = points_.resolve(entry.meter, "kW", entry.origins.of("meter"));
        const bool says_mains =
            std::ranges::any_of(model_.upses, [](const UpsModel& ups) { return ups.on_battery.has_value(); });
        if (!says_mains) {
            diagnostics_.add(
                entry.origins.of("device"),
                "control needs a UPS that says whether it is on battery: nothing may be set then");
        }
        settings_.devices.push_back(std::move(controlled));
    }

    void add_cap(const LoadClassEntry& entry, std::size_t index, const MeasuredPower& power,
                 bool has_broker) {
        if (!has_broker)
            diagnostics_.add(entry.mqtt->origins.table(), "needs a broker, and broker.enabled is false");
        settings_.caps.push_back({.id = entry.id,
                                  .index = index,
                                  .actuator = {.topic = "allocation/" + entry.id,
                                               .acknowledge_within = entry.mqtt->acknowledge_within},
                                  .safe_cap_kw = entry.mqtt->safe_cap_kw,
                                  .deadband_kw = entry.mqtt->deadband_kw,
                                  .repeat = entry.mqtt->repeat,
                                  .effect_within = entry.mqtt->effect_within,
                                  .power = power});
    }

    ControlSettings take() { return std::move(settings_); }

  private:
    const DeviceCommand* enabled(DeviceIndex device, const std::string& name, const Origin& at) {
        const auto found = std::ranges::find_if(commands_, [&](const CommandConfig& one) {
            return one.device == device && one.command.name == name;
        });
        const auto& id = model_.devices[position(device)].id;
        if (found == commands_.end()) {
            diagnostics_.add(at, fmt::format("the profile of {} has no command \"{}\"", id, name));
            return nullptr;
        }
        if (!found->enabled) {
            diagnostics_.add(at,
                             fmt::format("is not enabled: add \"{}\" to commands of device {}", name, id));
            return nullptr;
        }
        return &found->command;
    }

    std::optional<OrderedCommand> order(DeviceIndex device, const std::string& name,
                                        std::optional<double> value, const Origin& at) {
        const auto* command = enabled(device, name, at);
        if (command == nullptr) return std::nullopt;
        auto ordered = order_of(*command, value);
        if (!ordered) {
            diagnostics_.add(at, ordered.error().message);
            return std::nullopt;
        }
        return std::move(*ordered);
    }

    void add_keep_alive(const ControlEntry& entry, ControlledDevice& controlled) {
        if (entry.keep_alive.empty()) return;
        const auto at = entry.origins.of("keep_alive");
        const auto* command = enabled(controlled.device, entry.keep_alive, at);
        if (command == nullptr) return;
        if (command->dead_man == Duration{0})
            diagnostics_.add(at, "is no keep-alive: its profile says no dead_man_s");
        controlled.keep_alive = entry.keep_alive;
        controlled.limits.dead_man = command->dead_man;
    }

    void add_release(const ControlEntry& entry, ControlledDevice& controlled) {
        controlled.release = {entry.release, entry.release_value};
        const auto ordered =
            order(controlled.device, entry.release, entry.release_value, entry.origins.of("release"));
        if (!ordered) return;
        auto& write = controlled.release_write;
        write.device = controlled.device_id;
        write.request = ordered->order.request;
        for (const auto& bus : buses_) {
            for (const auto& unit : bus.units) {
                if (unit.device != controlled.device || unit.unit != write.request.unit) continue;
                write.bus = bus.settings;
                write.response_timeout = unit.timing.response_timeout;
            }
        }
    }

    const SiteModel& model_;
    const std::vector<BusConfig>& buses_;
    const std::vector<CommandConfig>& commands_;
    Diagnostics& diagnostics_;
    PointFinder points_;
    ControlSettings settings_;
};

}  // namespace

std::shared_ptr<const ControlSettings> build_control(const SiteFile& file, const DispatchSettings* dispatch,
                                                     const SiteModel& model,
                                                     const std::vector<BusConfig>& buses,
                                                     const std::vector<CommandConfig>& commands,
                                                     Diagnostics& diagnostics) {
    if (!file.dispatch || dispatch == nullptr) return nullptr;
    ControlBuilder builder(model, buses, commands, diagnostics);
    const auto& batteries = file.dispatch->batteries;
    for (std::size_t i = 0; i < batteries.size(); ++i) {
        if (!batteries[i].control) continue;
        builder.add(*batteries[i].control, ControlSubject::battery, i, batteries[i].id,
                    -batteries[i].discharge_max_kw, batteries[i].charge_max_kw, dispatch->batteries[i].power,
                    batteries[i].capacity_kwh);
    }
    const auto& classes = file.dispatch->load_classes;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (classes[i].mqtt)
            builder.add_cap(classes[i], i, dispatch->load_classes[i].power, file.broker.enabled);
        if (!classes[i].control) continue;
        builder.add(*classes[i].control, ControlSubject::load_class, i, classes[i].id, 0, 1e6,
                    dispatch->load_classes[i].power, 0);
    }
    auto settings = builder.take();
    if (settings.devices.empty() && settings.caps.empty()) return nullptr;
    return std::make_shared<const ControlSettings>(std::move(settings));
}

}  // namespace sitepower::config
