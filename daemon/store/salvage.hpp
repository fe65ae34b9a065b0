// Saves undelivered messages out of a database that was set aside. Before the writer's thread runs, or on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "daemon/store/sqlite.hpp"

namespace sitepower {

// Called again and again while it works, which may take minutes: for a watchdog. May be empty.
using Progress = std::function<void()>;

// Copies undelivered messages, with all that belongs to them, into a fresh database, as far as they can be
// read there and find room here.
void salvage_outbox(const std::string& damaged_path, sqlite::Database& fresh, const Progress& progress);

// The same, and all that is precious too, out of a sound database whose file has been deleted while it was
// open. Without room for all of it the fresh connection has failed.
void salvage_unlinked(sqlite::Database& unlinked, sqlite::Database& fresh, const Progress& progress);

// How many messages of a database wait to be delivered.
std::uint64_t undelivered(sqlite::Database& database);

}  // namespace sitepower
