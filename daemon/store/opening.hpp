// Opening the database at the start of the daemon: connection, migrations, the new epoch, what was
// remembered. Runs before the writer's thread exists.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

struct OpenedDatabase {
    std::unique_ptr<sqlite::Database> database;
    OpenReport report;
};

std::string database_path(const StoreSettings& settings);

// A fresh database in place of one that is damaged: sets that aside, restores what is precious, salvages what
// is undelivered. Of the report, only `set_aside` and `salvaged` are filled.
Result<OpenedDatabase> replace_damaged(const StoreSettings& settings, Time now);

// Writes the row of an epoch that exists already, into a database that replaces the one it was drawn for.
void keep_epoch(sqlite::Database& database, const Epoch& epoch, Time now);

// As Store::open. `now` names a damaged file that is set aside, and dates the epoch.
Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now);

}  // namespace sitepower
