// A damaged database: how it is noticed and set aside. Before the writer's thread runs, or on it.
#pragma once

#include <string>

#include "core/base/time.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// A check whose time is bounded: all of a database up to 64 MiB; of a larger one the small tables and the
// newest blocks. It does not compare indexes with their tables. Other damage is noticed when it is met, by
// whoever uses the database, and counts as this does. False also when the connection has failed by
// damage; other failures stay with the connection.
bool looks_sound(sqlite::Database& database);

// Renames the database and its log to "<path>.damaged-<time>"; the two newest that were set aside are kept.
// The new path; empty when it cannot be renamed.
std::string set_aside(const std::string& path, Time now);

}  // namespace sitepower
