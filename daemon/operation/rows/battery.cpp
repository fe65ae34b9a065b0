// Batteries: the list, of the site or of one location, and everything about one.
#include <chrono>
#include <cmath>

#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"

namespace sitepower {
namespace {

struct BatteryFilter {
    std::optional<LocationIndex> location{};
    std::optional<StringIndex> string{};
    std::optional<std::string> status{};
};

bool passes(const SiteView& site, const BatteryFilter& filter, BatteryIndex battery) {
    const auto& model = site.model();
    if (filter.location && location_of(model, battery) != *filter.location) return false;
    if (filter.string && model.batteries[position(battery)].string != *filter.string) return false;
    return !filter.status || *filter.status == to_string(site.batteries()[position(battery)].status);
}

// Both lists take their location from the parameter of the same name.
Outcome batteries(const Request& request, Context& context) {
    const auto& site = context.site();
    BatteryFilter filter{.status = request.parameters.text("status")};
    if (const auto id = request.parameters.text("location_id")) {
        filter.location = find_location(site.model(), *id);
        if (!filter.location) return not_found("location", *id, "locations");
    }
    if (const auto id = request.parameters.text("string_id")) {
        filter.string = find_string(site.model(), *id);
        if (!filter.string) return not_found("string", *id, "inventory");
    }
    std::vector<BatteryIndex> found;
    for (const auto& state : site.batteries()) {
        if (passes(site, filter, state.battery)) found.push_back(state.battery);
    }
    return page(found, request.parameters,
                [&](BatteryIndex battery) { return describe_battery(site, battery).take(); });
}

Time add_months(Time time, int months) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    auto date = std::chrono::year_month_day{day} + std::chrono::months{months};
    // 31 January plus one month is the last day of February.
    if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
    return Time{std::chrono::sys_days{date}};
}

void describe_age(Record& record, const BatteryModel& battery, Time now) {
    if (!battery.installed_date) {
        record.unknown("age_days", "no_installed_date").unknown("is_in_warranty", "no_installed_date");
        return;
    }
    record.set("age_days", std::chrono::floor<std::chrono::days>(now - *battery.installed_date).count());
    if (battery.warranty_months) {
        record.set("is_in_warranty", now < add_months(*battery.installed_date, *battery.warranty_months));
    } else {
        record.unknown("is_in_warranty", "no_warranty_months");
    }
}

Json describe_remaining_life(const BatteryState& state) {
    Record record;
    if (state.rul_days.value && state.rul_interval) {
        record.set("p10", state.rul_interval->p10).estimated("p50", state.rul_days);
        return record.set("p90", state.rul_interval->p90)
            .set("censored", state.rul_interval->censored)
            .take();
    }
    const std::string_view reason = state.rul_days.value ? "no_interval_estimated" : state.rul_days.reason;
    record.unknown("p10", reason).estimated("p50", state.rul_days).unknown("p90", reason);
    return record.unknown("censored", reason).take();
}

template <class Describe>
void for_each_estimate(const BatteryState& state, const Describe& describe) {
    describe("soc_pct", state.soc_pct);
    describe("soh_pct", state.soh_pct);
    describe("rul_days", state.rul_days);
    describe("resistance_ratio", state.resistance_ratio);
}

Json describe_uncertainty(const BatteryState& state) {
    Record record;
    for_each_estimate(state, [&record](std::string_view name, const Estimate& estimate) {
        record.maybe(name, estimate.value ? std::optional(estimate.sigma) : std::nullopt, estimate.reason);
    });
    return record.take();
}

// When each was estimated, of what was known then.
Json describe_times(const BatteryState& state) {
    Record record;
    for_each_estimate(state, [&record](std::string_view name, const Estimate& estimate) {
        record.time(name, estimate.value ? std::optional(estimate.as_of) : std::nullopt, estimate.reason);
    });
    return record.take();
}

Json describe_string(const SiteView& site, StringIndex index) {
    const auto& string = site.model().strings[position(index)];
    const auto& state = site.strings()[position(index)];
    Record record;
    record.set("string_id", string.id).set("batteries", string.batteries.size());
    record.text("ups",
                string.ups
                    ? site.model().devices[position(site.model().upses[position(*string.ups)].device)].id
                    : std::string());
    record.measured("voltage_v", state.voltage_v).measured("current_a", state.current_a);
    record.measured("voltage_imbalance_v", state.voltage_imbalance_v);
    describe_weakest(record, site, state.weakest);
    record.estimated("autonomy_min", state.autonomy_min)
        .estimated("autonomy_forecast_min", state.autonomy_at_forecast.median);
    record.set("status", to_string(state.status));
    return record.take();
}

Json describe_place(const Location& location) {
    Record record;
    record.set("location_id", location.id).text("name", location.name).text("city", location.city);
    return record.text("country", location.country).take();
}

Outcome battery(const Request& request, Context& context) {
    const auto& site = context.site();
    const auto id = request.parameters.required_text("battery_id");
    const auto index = find_battery(site.model(), id);
    if (!index) return not_found("battery", id, "batteries");
    const auto& self = site.model().batteries[position(*index)];
    const auto& state = site.batteries()[position(*index)];
    auto record = describe_battery(site, *index);
    describe_age(record, self, context.now());
    record.set("rul_days", describe_remaining_life(state));
    record.estimated("resistance_ratio", state.resistance_ratio);
    record.set("uncertainty", describe_uncertainty(state));
    record.set("as_of", describe_times(state));
    record.set("string_info", describe_string(site, self.string));
    record.set("location_info",
               describe_place(site.model().locations[position(location_of(site.model(), *index))]));
    return record.take();
}

Parameter status_parameter() {
    return {.name = "status",
            .type = ParameterType::choice,
            .help = "only batteries of that status",
            .allowed = "healthy, warning, critical, unknown"};
}

Operation batteries_row() {
    return {.name = "batteries",
            .path = "/api/v1/batteries",
            .summary = "The batteries of the site, with their latest values",
            .parameters = {identifier_parameter("location_id", "only batteries of that location"),
                           identifier_parameter("string_id", "only batteries of that string"),
                           status_parameter(), skip_parameter(), limit_parameter()},
            .result = page_fields(battery_fields()),
            .errors = {ErrorCode::not_found},
            .handler = batteries};
}

Operation location_batteries_row() {
    auto row = batteries_row();
    row.name = "location.batteries";
    row.path = "/api/v1/locations/{location_id}/batteries";
    row.summary = "The batteries of one location, with their latest values";
    row.parameters.front() = path_parameter("location_id", "the location");
    return row;
}

Operation battery_row() {
    return {.name = "battery",
            .path = "/api/v1/batteries/{battery_id}",
            .summary = "Everything that is known of one battery",
            .parameters = {path_parameter("battery_id", "the battery")},
            .result = joined(
                battery_fields(),
                {{"age_days", "integer", "d", "since installed_date"},
                 {"is_in_warranty", "boolean", "", "by installed_date and warranty_months"},
                 {"rul_days.p10", "number", "d", "remaining useful life, 10 % quantile"},
                 {"rul_days.p50", "number", "d", "median"},
                 {"rul_days.p90", "number", "d", "90 % quantile"},
                 {"rul_days.censored", "boolean", "", "beyond what can be foreseen"},
                 {"resistance_ratio", "number", "", "internal resistance over its baseline"},
                 {"uncertainty.soc_pct", "number", "%", "standard deviation"},
                 {"uncertainty.soh_pct", "number", "%", "standard deviation"},
                 {"uncertainty.rul_days", "number", "d", "standard deviation"},
                 {"uncertainty.resistance_ratio", "number", "", "standard deviation"},
                 {"as_of.soc_pct", "time", "", "when it was estimated"},
                 {"as_of.soh_pct", "time", "", "likewise"},
                 {"as_of.rul_days", "time", "", "likewise"},
                 {"as_of.resistance_ratio", "time", "", "likewise"},
                 {"string_info.string_id", "text", "", "the string"},
                 {"string_info.batteries", "integer", "", "batteries in series"},
                 {"string_info.ups", "text", "", "the UPS that it feeds"},
                 {"string_info.voltage_v", "number", "V", "of the string"},
                 {"string_info.current_a", "number", "A", "charging positive"},
                 {"string_info.voltage_imbalance_v", "number", "V", "largest distance from the median"},
                 {"string_info.weakest_battery", "text", "", "the one of the lowest voltage"},
                 {"string_info.autonomy_min", "number", "min", "with its share of the present load"},
                 {"string_info.autonomy_forecast_min", "number", "min", "of the load that is forecast"},
                 {"string_info.status", "text", "", "of the string"},
                 {"location_info.location_id", "text", "", "the location"},
                 {"location_info.name", "text", "", "as configured"},
                 {"location_info.city", "text", "", "as configured"},
                 {"location_info.country", "text", "", "as configured"}}),
            .errors = {ErrorCode::not_found},
            .handler = battery};
}

}  // namespace

std::vector<Operation> battery_rows() {
    return {batteries_row(), location_batteries_row(), battery_row()};
}

}  // namespace sitepower
