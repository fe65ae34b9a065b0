// Questions about alerts and about the audit trail.
#pragma once

#include <string>

#include "daemon/store/reader.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

AlertPage find_alerts(sqlite::Database& database, const AlertQuery& query);
std::optional<Alert> find_alert(sqlite::Database& database, const std::string& id);
std::vector<AuditRow> find_audit(sqlite::Database& database, Time from, Time to, std::size_t limit);

}  // namespace sitepower
