// Reads every point of a device once: for people who want to see whether a profile fits. One thread; blocks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/quality.hpp"
#include "drivers/modbus/line_reader.hpp"
#include "drivers/profile/expand.hpp"

namespace sitepower {

struct SurveyedPoint {
    const DevicePoint* point = nullptr;  // of the device that was surveyed
    std::vector<std::uint16_t> raw;      // empty: not read
    double value = 0;                    // when the quality is good
    Quality quality = Quality::comm_error;
    std::string reason;  // why there is no value, in words; empty when there is
};

struct Survey {
    std::vector<SurveyedPoint> points;                             // in the order of the device's points
    std::map<std::pair<modbus::Table, int>, std::uint16_t> words;  // everything that was read
    std::size_t good = 0;
    std::size_t answered = 0;  // requests with data
    std::string failure;       // the first request without an answer, and what came instead
};

// Ends early when the first request gets no answer at all.
Survey survey(const ExpandedDevice& device, modbus::LineReader& line);

// "not_implemented: the device has no such value"; empty for good.
std::string reason_of(Quality quality);

}  // namespace sitepower
