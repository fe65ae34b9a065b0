// Opening the database at the start of the daemon: connection, migrations, the new epoch, what was
// remembered. Runs before the writer's thread exists.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "daemon/store/salvage.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

struct OpenedDatabase {
    std::unique_ptr<sqlite::Database> database;
    OpenReport report;
};

std::string database_path(const StoreSettings& settings);

// A fresh database in place of one that is damaged: restores what is precious, salvages what is undelivered,
// and only then sets the damaged one aside; cut off at any moment, the next call goes on with it. Of the
// report, only `set_aside` and `salvaged` are filled; `set_aside` is empty when the last call got that far.
Result<OpenedDatabase> replace_damaged(const StoreSettings& settings, Time now, const Progress& progress);

// Writes the row of an epoch that exists already, into a database that replaces the one it was drawn for.
void keep_epoch(sqlite::Database& database, const Epoch& epoch, Time now);

// As Store::open. `now` names a damaged file that is set aside, and dates the epoch.
Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now);

}  // namespace sitepower
