#include "core/site/latest_values.hpp"

#include <cmath>

namespace sitepower {

LatestValues::LatestValues(const SiteModel& model) {
    devices_.reserve(model.devices.size());
    for (const DeviceModel& device : model.devices) devices_.emplace_back(device.points.size());
}

void LatestValues::store(DeviceIndex device, const Frame& frame) {
    LatestValue* latest = devices_[position(device)].data() + frame.layout->first_slot;
    for (std::size_t i = 0; i < frame.values.size(); ++i, ++latest) {
        const double value = frame.values[i];
        const bool finite = std::isfinite(value);
        latest->value = finite ? value : 0.0;
        latest->quality =
            finite || frame.quality[i] != Quality::good ? frame.quality[i] : Quality::out_of_range;
        latest->time = frame.time;
        latest->seen = true;
    }
}

void LatestValues::lose(DeviceIndex device, std::uint32_t first, std::uint32_t count) {
    for (LatestValue& latest : std::span(devices_[position(device)]).subspan(first, count)) {
        if (latest.quality == Quality::good) latest.quality = Quality::stale;
    }
}

void LatestValues::take_over(DeviceIndex device, std::span<const LatestValue> before) {
    devices_[position(device)].assign(before.begin(), before.end());
}

}  // namespace sitepower
