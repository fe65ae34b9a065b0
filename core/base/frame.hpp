// The frame: one poll of one group of points of one device. It is the unit that is stored, published and
// replayed. Frames are made on a link worker's thread and immutable from then on, so that every thread may
// read them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/base/quality.hpp"
#include "core/base/time.hpp"

namespace sitepower {

// A point of a layout: a named number with a unit.
struct LayoutPoint {
    std::string name;     // flat, unit in the name: "jar12.voltage_v"
    std::string unit;     // "V", "A", "Cel", "Ohm", "%", "kW", ...; "" for counts, enums and flags
    double scale = 1.0;   // value = raw * scale + offset for an integer raw, where the device has one;
    double offset = 0.0;  // lets the store pack the value as that integer, exactly
};

// The points of one poll group of one device, in the order of a frame's values. Shared by all its frames; a
// reload that changes the device makes new layouts, and frames in flight keep theirs.
struct Layout {
    std::string device;
    DeviceIndex device_index{};
    std::string group;             // poll group of the profile, "fast", "slow"; unique per device
    Duration period{};             // how often a frame of this layout is due; 0: as often as can be
    Duration max_age{};            // its values are not used when they are older; 0: no such limit
    std::uint32_t first_slot = 0;  // values[i] is the device's point number first_slot + i
    std::vector<LayoutPoint> points;
};

struct Frame {
    std::shared_ptr<const Layout> layout;
    Time time{};  // when the first answer of the poll arrived
    bool clock_synchronised = true;
    std::vector<double>
        values;  // one per point; NaN-free: a value whose quality is not good is 0 and means nothing
    std::vector<Quality> quality;  // one per point
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace sitepower
