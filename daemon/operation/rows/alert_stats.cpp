#include "daemon/operation/rows/alert_stats.hpp"

#include <algorithm>
#include <map>

#include "daemon/operation/rows/describe_alert.hpp"
#include "daemon/operation/rows/describe_battery.hpp"

namespace sitepower {
namespace {

constexpr std::size_t most_alerts = 100'000;  // looked through for one statistic

using StoredAlerts = Result<std::vector<Alert>>;
using Counts = std::map<std::string, std::size_t>;

Json describe(const Counts& counts) {
    Json object = Json::object();
    for (const auto& [name, count] : counts) object[name] = count;
    return object;
}

// One entry per day, also for days without alerts.
Json describe_days(const Counts& by_date, Time from, Time to) {
    Json days = Json::array();
    for (auto day = std::chrono::floor<std::chrono::days>(from); day < to; day += std::chrono::days{1}) {
        const auto date = format_date(Time{day});
        const auto found = by_date.find(date);
        days.push_back({{"date", date}, {"count", found == by_date.end() ? 0 : found->second}});
    }
    return days;
}

Json describe_stats(const SiteModel& model, const std::vector<Alert>& alerts, const AlertChoice& filter) {
    Counts by_type;
    Counts by_location;
    Counts by_date;
    std::array<std::size_t, 3> by_severity{};
    std::size_t total = 0;
    std::size_t active = 0;
    std::size_t acknowledged = 0;
    for (const auto& alert : alerts) {
        if (!passes(model, filter, alert)) continue;
        ++total;
        ++by_severity.at(static_cast<std::size_t>(alert.severity));
        if (alert.is_active()) ++active;
        if (alert.acknowledged_at) ++acknowledged;
        ++by_type[alert.type];
        ++by_date[format_date(alert.triggered_at)];
        if (const auto location = location_of(model, alert.subject)) {
            ++by_location[model.locations[position(*location)].id];
        }
    }
    return {{"total", total},
            {"active", active},
            {"critical", by_severity[static_cast<std::size_t>(Severity::critical)]},
            {"warning", by_severity[static_cast<std::size_t>(Severity::warning)]},
            {"info", by_severity[static_cast<std::size_t>(Severity::info)]},
            {"acknowledged", acknowledged},
            {"by_type", describe(by_type)},
            {"by_location", describe(by_location)},
            {"by_day", describe_days(by_date, filter.from, filter.to)}};
}

void alert_stats(Request request, Context& context, Reply reply) {
    const auto now = context.now();
    AlertChoice filter{.location_id = request.parameters.text("location_id"),
                       .active_only = false,
                       .from = now - std::chrono::days{*request.parameters.integer("days")},
                       .to = now + Duration{1}};
    if (filter.location_id && !find_location(context.site().model(), *filter.location_id)) {
        reply(not_found("location", *filter.location_id, "locations"));
        return;
    }
    const AlertQuestion question{.from = filter.from, .to = filter.to, .limit = most_alerts};
    answer_after_history<StoredAlerts>(
        context, std::move(reply), [question](History& history) { return history.alerts(question); },
        [filter = std::move(filter)](StoredAlerts stored, Context& later) -> Outcome {
            if (!stored) return failure_of(stored.error());
            const auto& site = later.site();
            return describe_stats(site.model(), merged(std::move(*stored), site.open_alerts()), filter);
        });
}

}  // namespace

Operation alert_stats_row() {
    return {.name = "alerts.stats",
            .path = "/api/v1/alerts/stats",
            .summary = "How many alerts there were, by severity, type, location and day",
            .parameters = {identifier_parameter("location_id", "only alerts of what stands there"),
                           {.name = "days",
                            .type = ParameterType::integer,
                            .help = "how many days back",
                            .fallback = "7",
                            .minimum = 1,
                            .maximum = 365}},
            .result = {{"total", "integer", "", "triggered in that time"},
                       {"active", "integer", "", "of them, not resolved"},
                       {"critical", "integer", "", "of them"},
                       {"warning", "integer", "", "of them"},
                       {"info", "integer", "", "of them"},
                       {"acknowledged", "integer", "", "of them"},
                       {"by_type.*", "integer", "", "of each type"},
                       {"by_location.*", "integer", "", "at each location"},
                       {"by_day[].date", "date", "", "UTC"},
                       {"by_day[].count", "integer", "", "triggered on that day"}},
            .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
            .handler = alert_stats};
}

}  // namespace sitepower
