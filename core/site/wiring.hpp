// Which quantity of which part each point of a device measures, worked out once from the model, so that a
// frame is handled without a search. Owned by Site.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/site/model.hpp"

namespace sitepower {

enum class Quantity : std::uint8_t {
    battery_voltage_v,
    battery_temperature_c,
    battery_internal_resistance_ohm,
    battery_soc_pct,
    battery_soh_pct,
    string_current_a,
    string_voltage_v,
    string_ambient_temperature_c,
    ups_on_battery,
    ups_load_kw,
    ups_runtime_min,
};

// A point feeds a quantity of one part: the battery, string or UPS at position `part` of its vector.
struct Feed {
    std::uint32_t slot = 0;
    Quantity quantity{};
    std::uint32_t part = 0;
};

class Wiring {
  public:
    explicit Wiring(const SiteModel& model);

    // What the points [first, first + count) of the device feed, in the order of slots.
    std::span<const Feed> feeds(DeviceIndex device, std::uint32_t first, std::uint32_t count) const;

    // How many batteries lose a measurement of their own when the device is lost; where there are none, how
    // many strings lose theirs.
    std::uint32_t affected(DeviceIndex device) const { return affected_[position(device)]; }

  private:
    struct DeviceFeeds {
        std::vector<Feed> feeds;              // sorted by slot
        std::vector<std::uint32_t> begin_of;  // by slot: index of the first feed at or behind it
    };
    void connect(const SiteModel& model);
    void add(const std::optional<PointRef>& point, Quantity quantity, std::size_t part);
    void count_affected(const SiteModel& model);

    std::vector<DeviceFeeds> devices_;
    std::vector<std::uint32_t> affected_;
};

// True when any measurement of the battery itself comes from the device.
bool hangs_on(const BatteryModel& battery, DeviceIndex device);
// True when a measurement of the string itself, or of one of its batteries, comes from the device.
bool hangs_on(const StringModel& string, const SiteModel& model, DeviceIndex device);

}  // namespace sitepower
