#include "daemon/store/alert_query.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/store/records.hpp"

namespace sitepower {

namespace {

bool matches(const Alert& alert, const AlertQuery& query) {
    return (query.subjects.empty() ||
            std::ranges::find(query.subjects, alert.subject) != query.subjects.end()) &&
           (!query.severity || alert.severity == *query.severity) &&
           (query.type.empty() || alert.type == query.type) &&
           (!query.acknowledged || alert.acknowledged_at.has_value() == *query.acknowledged);
}

// Uses an index for what narrows most; the rest is decided row by row.
std::string alert_statement(const AlertQuery& query) {
    const char* active = "";
    if (query.active) active = *query.active ? " AND resolved_ms IS NULL" : " AND resolved_ms IS NOT NULL";
    return fmt::format(
        "SELECT {} FROM alerts WHERE triggered_ms >= ? AND triggered_ms < ?{} ORDER BY triggered_ms DESC, id",
        alert_columns, active);
}

}  // namespace

AlertPage find_alerts(sqlite::Database& database, const AlertQuery& query) {
    AlertPage page;
    sqlite::Statement rows(database, alert_statement(query));
    for (bool more =
             rows.query(to_ms(query.from.value_or(Time::min())), to_ms(query.to.value_or(Time::max())));
         more; more = rows.step()) {
        auto alert = read_alert(rows);
        if (!matches(alert, query)) continue;
        const auto place = page.total++;
        if (place >= query.skip && page.alerts.size() < query.limit) page.alerts.push_back(std::move(alert));
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
