// A battery as the rows about sites, batteries and alerts show it. Loop thread.
#pragma once

#include <optional>
#include <vector>

#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

// The summary of the list of batteries, and its fields.
Record describe_battery(const SiteView& site, BatteryIndex battery);
std::vector<Field> battery_fields();

// `weakest_battery`: the one of the lowest voltage.
void describe_weakest(Record& record, const SiteView& site, const std::optional<BatteryIndex>& weakest);

// "2024-03-01".
std::string format_date(Time time);

// The points whose past values make up the telemetry of a battery, with the names they have there.
struct TelemetryPoint {
    PointName source;
    std::string_view name;  // "voltage_v"
};
std::vector<TelemetryPoint> telemetry_points(const SiteModel& model, BatteryIndex battery);

// [{timestamp, values, quality}] of past rows; names[i] is the name of the question's point i. Any thread.
Json describe_rows(const std::vector<PastRow>& rows, const std::vector<std::string>& names);

}  // namespace sitepower
