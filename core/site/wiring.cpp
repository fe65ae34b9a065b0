#include "core/site/wiring.hpp"

#include <algorithm>

namespace sitepower {
namespace {

bool is_on(const std::optional<PointRef>& point, DeviceIndex device) {
    return point && point->device == device;
}

bool string_itself_hangs_on(const StringModel& string, DeviceIndex device) {
    return is_on(string.current_a, device) || is_on(string.voltage_v, device) ||
           is_on(string.ambient_temperature_c, device);
}

}  // namespace

bool hangs_on(const BatteryModel& battery, DeviceIndex device) {
    return is_on(battery.voltage_v, device) || is_on(battery.temperature_c, device) ||
           is_on(battery.internal_resistance_ohm, device) || is_on(battery.soc_pct, device) ||
           is_on(battery.soh_pct, device);
}

bool hangs_on(const StringModel& string, const SiteModel& model, DeviceIndex device) {
    return string_itself_hangs_on(string, device) ||
           std::ranges::any_of(string.batteries, [&](BatteryIndex index) {
               return hangs_on(model.batteries[position(index)], device);
           });
}

Wiring::Wiring(const SiteModel& model) : devices_(model.devices.size()), affected_(model.devices.size()) {
    connect(model);
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        auto& device = devices_[i];
        std::ranges::stable_sort(device.feeds, {}, &Feed::slot);
        const auto slots = model.devices[i].points.size();
        std::erase_if(device.feeds, [slots](const Feed& feed) { return feed.slot >= slots; });
        std::uint32_t next = 0;
        for (std::uint32_t slot = 0; slot <= slots; ++slot) {
            while (next < device.feeds.size() && device.feeds[next].slot < slot) ++next;
            device.begin_of.push_back(next);
        }
    }
    count_affected(model);
}

void Wiring::connect(const SiteModel& model) {
    for (std::size_t i = 0; i < model.batteries.size(); ++i) {
        const BatteryModel& battery = model.batteries[i];
        add(battery.voltage_v, Quantity::battery_voltage_v, i);
        add(battery.temperature_c, Quantity::battery_temperature_c, i);
        add(battery.internal_resistance_ohm, Quantity::battery_internal_resistance_ohm, i);
        add(battery.soc_pct, Quantity::battery_soc_pct, i);
        add(battery.soh_pct, Quantity::battery_soh_pct, i);
    }
    for (std::size_t i = 0; i < model.strings.size(); ++i) {
        const StringModel& string = model.strings[i];
        add(string.current_a, Quantity::string_current_a, i);
        add(string.voltage_v, Quantity::string_voltage_v, i);
        add(string.ambient_temperature_c, Quantity::string_ambient_temperature_c, i);
    }
    for (std::size_t i = 0; i < model.upses.size(); ++i) {
        const UpsModel& ups = model.upses[i];
        add(ups.on_battery, Quantity::ups_on_battery, i);
        add(ups.load_kw, Quantity::ups_load_kw, i);
        add(ups.runtime_min, Quantity::ups_runtime_min, i);
    }
}

void Wiring::add(const std::optional<PointRef>& point, Quantity quantity, std::size_t part) {
    if (!point || position(point->device) >= devices_.size()) return;
    devices_[position(point->device)].feeds.push_back(
        {point->slot, quantity, static_cast<std::uint32_t>(part)});
}

std::span<const Feed> Wiring::feeds(DeviceIndex device, std::uint32_t first, std::uint32_t count) const {
    const DeviceFeeds& of = devices_[position(device)];
    const auto begin = of.begin_of[first];
    return {of.feeds.data() + begin, of.begin_of[first + count] - begin};
}

void Wiring::count_affected(const SiteModel& model) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        const auto device = static_cast<DeviceIndex>(i);
        auto count = std::ranges::count_if(
            model.batteries, [device](const BatteryModel& battery) { return hangs_on(battery, device); });
        if (count == 0) {
            count = std::ranges::count_if(model.strings, [device](const StringModel& string) {
                return string_itself_hangs_on(string, device);
            });
        }
        affected_[i] = static_cast<std::uint32_t>(count);
    }
}

}  // namespace sitepower
