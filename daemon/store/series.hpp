// Questions about the values of the past, and their answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/quality.hpp"
#include "core/base/time.hpp"
#include "core/site/state.hpp"

namespace sitepower {

// Of more than the limit.
enum class Keep : std::uint8_t { oldest, newest };

enum class SeriesResolution : std::uint8_t { automatic, raw, minute, quarter };

struct SeriesPoint {
    std::string device;
    std::string point;
};

struct SeriesQuery {
    std::vector<SeriesPoint> points;
    Time from{};
    Time to{};              // exclusive
    std::size_t limit = 0;  // rows; the newest are given
    // automatic: the finest whose rows fit the limit; where that has no row yet, a finer one that has.
    SeriesResolution resolution = SeriesResolution::automatic;
};

struct SeriesValue {
    std::size_t point = 0;            // position in SeriesQuery::points
    Quality quality = Quality::good;  // of a roll-up without a good value: stale
    double value = 0;                 // means nothing unless good; of a roll-up: the mean
    double min = 0;                   // of raw values, these three are the value
    double max = 0;
    double last = 0;
    std::uint32_t count = 0;
};

// A poll, or an interval by its start: values of the points that it has.
struct SeriesRow {
    Time time{};
    std::vector<SeriesValue> values;
};

struct SeriesAnswer {
    SeriesResolution resolution = SeriesResolution::raw;  // never automatic
    std::vector<SeriesRow> rows;                          // oldest first
    bool cut_off = false;                                 // older rows of the range went over the limit
};

struct ToldEstimate {
    std::optional<double> value;
    double sigma = 0;
    EstimateStatus status = EstimateStatus::unknown;
    std::string reason;
    Time as_of{};
};

// A state of a battery as it was told, the last of each minute; its measured values are points of devices.
struct ToldBatteryState {
    Time time{};
    HealthStatus status = HealthStatus::unknown;
    std::string status_reason;
    ToldEstimate soc_pct;
    ToldEstimate soh_pct;
    ToldEstimate rul_days;
    ToldEstimate resistance_ratio;
    std::optional<LifeInterval> rul_interval;  // empty with the remaining life, and in rows of old versions
};

}  // namespace sitepower
