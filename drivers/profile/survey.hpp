// Reads every point of a device once: for people who want to see whether a profile fits. One thread; blocks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/quality.hpp"
#include "drivers/modbus/line_reader.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/snapshot.hpp"

namespace sitepower {

struct SurveyedPoint {
    const DevicePoint* point = nullptr;  // of the device that was surveyed
    int unit = own_unit;                 // another one of a group with a unit of its own
    bool is_text = false;
    std::vector<std::uint16_t> raw;  // empty: not read
    double value = 0;                // of a number, when the quality is good
    std::string text;                // of a text, likewise
    Quality quality = Quality::comm_error;
    std::string reason;  // why there is no value, in words; empty when there is
};

struct Survey {
    using Place = std::tuple<int, modbus::Table, int>;  // unit (own_unit: the device's), table, address

    std::vector<SurveyedPoint> points;     // in the order of the device's points; then its texts
    std::map<Place, std::uint16_t> words;  // everything that was read
    std::size_t good = 0;
    std::size_t answered = 0;  // requests with data
    std::string failure;       // the first request without an answer, and what came instead
};

// Ends early when the first request gets no answer at all.
Survey survey(const ExpandedDevice& device, modbus::LineReader& line);

// "not_implemented: the device has no such value"; empty for good.
// has_range: its profile says what may be true of it.
std::string reason_of(Quality quality, const DevicePoint& point, bool has_range);

}  // namespace sitepower
