// Saves undelivered messages out of a database that was set aside. Before the writer's thread runs, or on it.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/store/sqlite.hpp"

namespace sitepower {

// Copies undelivered messages, with all that belongs to them, into a fresh database, as far as they can be
// read there and find room here. How many.
std::uint64_t salvage_outbox(const std::string& damaged_path, sqlite::Database& fresh);

}  // namespace sitepower
