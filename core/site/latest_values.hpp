// The last value of every point of every device. Owned by Site; a frame overwrites its slots in one pass.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/frame.hpp"
#include "core/site/model.hpp"

namespace sitepower {

// The last value of a point.
struct LatestValue {
    double value = 0;                  // means nothing unless the quality is good; always finite
    Quality quality = Quality::stale;  // stale also before anything was read
    Time time{};                       // of the frame that brought it
    bool seen = false;                 // a frame has brought it, good or not
};

class LatestValues {
  public:
    explicit LatestValues(const SiteModel& model);

    // `frame` is of this device and its slots lie within the device's points. A number that is not finite is
    // out of range, whatever its quality says.
    void store(DeviceIndex device, const Frame& frame);
    // The values of the same points before a reload, by slot.
    void take_over(DeviceIndex device, std::span<const LatestValue> before);
    // The points [first, first + count) have not been heard for too long: good values become stale.
    void lose(DeviceIndex device, std::uint32_t first, std::uint32_t count);

    std::span<const LatestValue> of(DeviceIndex device) const { return devices_[position(device)]; }

  private:
    std::vector<std::vector<LatestValue>> devices_;  // by device, by slot
};

}  // namespace sitepower
