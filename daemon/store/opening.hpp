// Opening the database at the start of the daemon: connection, migrations, the new epoch, what was
// remembered. Runs before the writer's thread exists.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "daemon/store/salvage.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

struct OpenedDatabase {
    std::unique_ptr<sqlite::Database> database;  // null: report.trouble says why
    OpenReport report;
};

// Makes the directory when it is not there.
Status prepare_directory(const std::string& directory);

std::string database_path(const StoreSettings& settings);

// A fresh database in place of one that is damaged, empty or gone: restores what is precious, salvages what
// is undelivered, and only then sets the damaged one aside; cut off at any moment, the next call goes on with
// it. `unlinked` is the connection to a database whose file has been deleted, or null: all that is precious
// or undelivered is saved from it, and then it is closed and null. Of the report, only `set_aside`,
// `salvaged` and `replaced` are filled, or `trouble`; `set_aside` is empty when there was nothing to set
// aside any more.
Result<OpenedDatabase> replace_database(const StoreSettings& settings, Time now, const Progress& progress,
                                        std::unique_ptr<sqlite::Database>& unlinked);

// What is known of a database before it is looked at. `damaged`: its use has shown damage, which the look at
// it may pass over.
enum class Known : std::uint8_t { nothing, damaged };

// While the daemon runs: opens the database that could not be opened before, or what takes the place of one
// that is damaged or gone, for an epoch that has been drawn already. The report is as of replace_database.
Result<OpenedDatabase> open_again(const StoreSettings& settings, const Epoch& epoch, Time now,
                                  const Progress& progress, std::unique_ptr<sqlite::Database>& unlinked,
                                  Known known);

// As Store::open, in a directory that is locked. `now` names a damaged file that is set aside, and dates the
// epoch.
Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now);

}  // namespace sitepower
