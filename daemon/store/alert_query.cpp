#include "daemon/store/alert_query.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/store/records.hpp"

namespace sitepower {

namespace {

bool matches(const Alert& alert, const AlertFilter& filter) {
    return (filter.subjects.empty() ||
            std::ranges::find(filter.subjects, alert.subject) != filter.subjects.end()) &&
           (!filter.severity || alert.severity == *filter.severity) &&
           (filter.type.empty() || alert.type == filter.type) &&
           (!filter.acknowledged || alert.acknowledged_at.has_value() == *filter.acknowledged);
}

// Uses an index for what narrows most; the rest is decided row by row.
std::string alert_statement(const AlertFilter& filter) {
    const char* active = "";
    if (filter.active) active = *filter.active ? " AND resolved_ms IS NULL" : " AND resolved_ms IS NOT NULL";
    return fmt::format(
        "SELECT {} FROM alerts WHERE triggered_ms >= ? AND triggered_ms < ?{} ORDER BY triggered_ms DESC, id",
        alert_columns, active);
}

}  // namespace

AlertPage find_alerts(sqlite::Database& database, const AlertFilter& filter) {
    AlertPage page;
    sqlite::Statement rows(database, alert_statement(filter));
    for (bool more =
             rows.query(to_ms(filter.from.value_or(Time::min())), to_ms(filter.to.value_or(Time::max())));
         more; more = rows.step()) {
        auto alert = read_alert(rows);
        if (!matches(alert, filter)) continue;
        const auto place = page.total++;
        if (place >= filter.skip && page.alerts.size() < filter.limit)
            page.alerts.push_back(std::move(alert));
    }
    return page;
}

std::optional<Alert> find_alert(sqlite::Database& database, const std::string& id) {
    sqlite::Statement row(database, fmt::format("SELECT {} FROM alerts WHERE id = ?", alert_columns));
    if (!row.query(id)) return std::nullopt;
    return read_alert(row);
}

std::vector<AuditRow> find_audit(sqlite::Database& database, Time from, Time to, std::size_t limit) {
    std::vector<AuditRow> found;
    sqlite::Statement rows(database,
                           "SELECT time_ms, who, origin, what, result FROM audit WHERE time_ms >= ? AND "
                           "time_ms < ? ORDER BY time_ms DESC, id DESC LIMIT ?");
    for (bool more = rows.query(to_ms(from), to_ms(to), limit); more; more = rows.step()) {
        found.push_back({from_ms(rows.integer(0)), rows.text(1), rows.text(2), rows.text(3), rows.text(4)});
    }
    return found;
}

}  // namespace sitepower
