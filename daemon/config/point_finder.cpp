#include "daemon/config/point_finder.hpp"

#include <fmt/format.h>

#include <utility>

#include "daemon/config/addresses.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower::config {

using schema::Origin;

PointFinder::PointFinder(const SiteModel& model, schema::Diagnostics& diagnostics)
    : model_(model),
      diagnostics_(diagnostics),
      devices_("device", diagnostics),
      slots_(model.devices.size()) {
    for (std::size_t i = 0; i < model.devices.size(); ++i) {
        const auto& device = model.devices[i];
        // Two devices of one id have been told already.
        devices_.add(devices_.find(device.id) ? "" : device.id, {});
        for (std::uint32_t slot = 0; slot < device.points.size(); ++slot) {
            slots_[i].emplace(device.points[slot].name, slot);
        }
        for (std::uint32_t slot = 0; slot < device.points.size(); ++slot) {
            if (!device.points[slot].alias.empty()) slots_[i].emplace(device.points[slot].alias, slot);
        }
    }
}

std::optional<PointRef> PointFinder::find(DeviceIndex device, std::string_view point) const {
    const auto& slots = slots_[position(device)];
    const auto found = slots.find(point);
    if (found == slots.end()) return std::nullopt;
    return PointRef{device, found->second};
}

std::optional<PointRef> PointFinder::resolve(const std::string& path, std::string_view unit,
                                             const Origin& at) const {
    const auto found = resolve(path, at);
    return found && has_unit(*found, unit, at) ? found : std::nullopt;
}

std::optional<PointRef> PointFinder::resolve(const std::string& path, const Origin& at) const {
    const auto parts = parse_point_path(path);
    if (!parts) return std::nullopt;
    const auto index = device(std::string(parts->device), at);
    if (!index) return std::nullopt;
    const auto found = find(*index, parts->point);
    if (found) return found;
    const auto& points = model_.devices[position(*index)].points;
    // Without points the profile was refused; that is the error to look at.
    if (points.empty()) return std::nullopt;
    std::vector<std::string_view> names;
    names.reserve(points.size());
    for (const auto& point : points) names.push_back(point.name);
    const auto suggestion = schema::closest(parts->point, names);
    auto message = fmt::format(R"(device "{}" has no point "{}")", parts->device, parts->point);
    if (!suggestion.empty()) message += fmt::format("; did you mean \"{}\"?", suggestion);
    diagnostics_.add(at, std::move(message));
    return std::nullopt;
}

std::optional<DeviceIndex> PointFinder::device(const std::string& id, const Origin& at) const {
    const auto found = devices_.resolve(id, at);
    if (!found) return std::nullopt;
    return DeviceIndex(std::uint32_t(*found));
}

bool PointFinder::has_unit(PointRef point, std::string_view unit, const Origin& at) const {
    const auto& device = model_.devices[position(point.device)];
    const auto& found = device.points[point.slot];
    if (found.unit == unit) return true;
    diagnostics_.add(at, fmt::format(R"(point "{}" of device "{}" has the unit "{}", not "{}")", found.name,
                                     device.id, found.unit, unit));
    return false;
}

}  // namespace sitepower::config
