// Locations: where things stand, and how the batteries there are.
#include <algorithm>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

constexpr std::chrono::days year{365};
constexpr std::chrono::days shortest_history{30};  // less says nothing about a year
constexpr std::size_t most_outages_counted = 10'000;

// What the store knows of the mains of the last year.
struct OutageHistory {
    std::optional<Time> begins{};
    std::vector<Alert> alerts{};
    std::string_view reason;  // why it is not known
};

// Runs on the worker thread.
OutageHistory find_outages(History& history, Time now) {
    const auto begins = history.begins();
    auto alerts = history.alerts(
        {.from = now - year, .to = now, .limit = most_outages_counted, .type = "ups_on_battery"});
    if (!begins || !alerts) return {.reason = "store_not_readable"};
    if (!*begins || now - **begins < shortest_history) return {.reason = "history_shorter_than_30_days"};
    return {std::max(**begins, now - year), std::move(*alerts), ""};
}

void describe_outages(Record& record, const SiteModel& model, LocationIndex location,
                      const OutageHistory& outages, Time now) {
    constexpr std::string_view field = "power_outage_frequency_per_year";
    if (!outages.begins) {
        record.unknown(field, outages.reason);
        return;
    }
    const auto count = std::ranges::count_if(outages.alerts, [&](const Alert& alert) {
        return location_of(model, alert.subject) == std::optional(location);
    });
    const std::chrono::duration<double, std::chrono::days::period> seen = now - *outages.begins;
    record.set(field, static_cast<double>(count) * static_cast<double>(year.count()) / seen.count());
}

bool is_heard_of(const BatteryState& state) {
    return state.voltage_v.value || state.temperature_c.value || state.internal_resistance_ohm.value ||
           state.soc_pct.value;
}

void describe_batteries(Record& record, const SiteView& site, LocationIndex location) {
    std::size_t total = 0;
    std::size_t active = 0;
    std::size_t critical = 0;
    std::size_t with_soh = 0;
    double soh_sum = 0;
    for (const auto& state : site.batteries()) {
        if (location_of(site.model(), state.battery) != location) continue;
        ++total;
        if (is_heard_of(state)) ++active;
        if (state.status == HealthStatus::critical) ++critical;
        if (state.soh_pct.value && state.soh_pct.status != EstimateStatus::prior_only) {
            ++with_soh;
            soh_sum += *state.soh_pct.value;
        }
    }
    record.set("total_batteries", total).set("active_batteries", active).set("critical_batteries", critical);
    const auto mean = with_soh > 0 ? std::optional(soh_sum / static_cast<double>(with_soh)) : std::nullopt;
    record.maybe("average_soh_pct", mean, "no_soh_known");
}

std::size_t count_alerts(const SiteView& site, LocationIndex location) {
    return static_cast<std::size_t>(std::ranges::count_if(site.open_alerts(), [&](const Alert& alert) {
        return location_of(site.model(), alert.subject) == std::optional(location);
    }));
}

void describe_unasked(Record& record) {
    for (const auto* field : {"power_outage_frequency_per_year", "total_batteries", "active_batteries",
                              "critical_batteries", "average_soh_pct", "active_alerts"}) {
        record.unknown(field, "not_asked_for");
    }
}

Record describe_place(const Location& location) {
    Record record;
    record.set("location_id", location.id).text("name", location.name).text("region", location.region);
    record.text("city", location.city).text("country", location.country);
    record.maybe("latitude", location.latitude, "not_configured");
    record.maybe("longitude", location.longitude, "not_configured");
    record.maybe("temp_offset_c", location.temperature_offset_c, "not_configured");
    return record.maybe("humidity_offset_pct", location.humidity_offset_pct, "not_configured");
}

// Without `outages` the figures are not asked for.
Json describe(const SiteView& site, LocationIndex location, const std::optional<OutageHistory>& outages,
              Time now) {
    auto record = describe_place(site.model().locations[position(location)]);
    if (outages) {
        describe_outages(record, site.model(), location, *outages, now);
        describe_batteries(record, site, location);
        record.set("active_alerts", count_alerts(site, location));
    } else {
        describe_unasked(record);
    }
    return record.take();
}

using Outages = std::optional<OutageHistory>;

// Answers at once, or after the store was asked, as `include_stats` says.
void with_outages(const Parameters& parameters, Context& context, Reply reply,
                  UniqueFunction<Outcome(Outages, Context&)> answer) {
    if (!*parameters.flag("include_stats")) {
        reply(answer(std::nullopt, context));
        return;
    }
    answer_after_history<Outages>(
        context, std::move(reply),
        [now = context.now()](History& history) { return Outages(find_outages(history, now)); },
        std::move(answer));
}

void locations(Request request, Context& context, Reply reply) {
    auto answer = [parameters = request.parameters](const Outages& outages, Context& later) -> Outcome {
        const auto& site = later.site();
        std::vector<LocationIndex> all;
        for (std::uint32_t i = 0; i < site.model().locations.size(); ++i) all.push_back(LocationIndex{i});
        return page(all, parameters,
                    [&](LocationIndex index) { return describe(site, index, outages, later.now()); });
    };
    with_outages(request.parameters, context, std::move(reply), std::move(answer));
}

void location(Request request, Context& context, Reply reply) {
    auto answer = [id = request.parameters.required_text("location_id")](const Outages& outages,
                                                                         Context& later) -> Outcome {
        const auto index = find_location(later.site().model(), id);
        if (!index) return not_found("location", id, "locations");
        return describe(later.site(), *index, outages, later.now());
    };
    with_outages(request.parameters, context, std::move(reply), std::move(answer));
}

Parameter stats_parameter() {
    return {.name = "include_stats",
            .type = ParameterType::boolean,
            .help = "also count batteries, alerts and outages",
            .fallback = "true"};
}

std::vector<Field> location_fields() {
    return {{"location_id", "text", "", "identifier"},
            {"name", "text", "", "as configured"},
            {"region", "text", "", "as configured"},
            {"city", "text", "", "as configured"},
            {"country", "text", "", "as configured"},
            {"latitude", "number", "deg", "north positive"},
            {"longitude", "number", "deg", "east positive"},
            {"temp_offset_c", "number", "Cel", "of the room over the outside"},
            {"humidity_offset_pct", "number", "%", "of the room over the outside"},
            {"power_outage_frequency_per_year", "number", "1/a", "counted from the history of its UPSs"},
            {"total_batteries", "integer", "", "configured"},
            {"active_batteries", "integer", "", "of which something is measured now"},
            {"critical_batteries", "integer", "", "with a critical alert"},
            {"average_soh_pct", "number", "%", "of the batteries whose state of health is known"},
            {"active_alerts", "integer", "", "open alerts of what stands there"}};
}

}  // namespace

std::vector<Operation> site_rows() {
    return {{.name = "locations",
             .path = "/api/v1/locations",
             .summary = "The locations of the site",
             .parameters = {stats_parameter(), skip_parameter(), limit_parameter()},
             .result = page_fields(location_fields()),
             .errors = {ErrorCode::service_unavailable},
             .handler = locations},
            {.name = "location",
             .path = "/api/v1/locations/{location_id}",
             .summary = "One location",
             .parameters = {path_parameter("location_id", "the location"), stats_parameter()},
             .result = location_fields(),
             .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
             .handler = location}};
}

}  // namespace sitepower
