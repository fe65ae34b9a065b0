#include "daemon/store/opening.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <random>

#include "daemon/store/damage.hpp"
#include "daemon/store/precious_copy.hpp"
#include "daemon/store/records.hpp"
#include "daemon/store/salvage.hpp"
#include "daemon/store/schema.hpp"

namespace sitepower {

namespace {

namespace fs = std::filesystem;

Status prepare_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (!error) return Done{};
    return Error{ErrorCode::service_unavailable,
                 fmt::format("state directory {} cannot be made: {}", directory, error.message()), ""};
}

// FULL: each commit is on the disk before it counts, a power cut undoes none. Checkpoints are the writer's.
void configure(sqlite::Database& database) {
    database.set_busy_timeout_ms(5000);
    database.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
        "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000");
}

std::uint64_t random_bits() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

// Beyond the keys of all messages in the database: with its table of epochs lost, they still say how far it
// was.
std::int64_t next_epoch_number(sqlite::Database& database) {
    return database
        .integer(
            "SELECT 1 + max(coalesce((SELECT max(number) FROM epochs), 0), "
            "coalesce((SELECT max(key) FROM blocks) >> 40, 0), coalesce((SELECT max(key) FROM texts) >> 40, "
            "0))")
        .value_or(1);
}

// An open connection, configured and of this program's schema.
Result<std::unique_ptr<sqlite::Database>> connect(const std::string& path) {
    auto database = std::make_unique<sqlite::Database>(path, sqlite::Access::read_write);
    if (database->ok()) configure(*database);
    if (!database->ok()) return error_of(*database->failure(), path);
    if (auto migrated = migrate(*database); !migrated) return migrated.error();
    return database;
}

// What takes the place of a damaged database is built beside it, under the first name, and complete under the
// second: whenever a power cut or a kill comes, nothing is lost that the damaged one still holds.
std::string building_path(const std::string& path) {
    return path + ".building";
}
std::string ready_path(const std::string& path) {
    return path + ".ready";
}

void remove_database(const std::string& path) {
    std::error_code error;
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix, error);
}

Status build_replacement(const StoreSettings& settings, const Progress& progress) {
    const auto path = database_path(settings);
    const auto building = building_path(path);
    remove_database(building);  // of an attempt that was cut off
    {
        auto connected = connect(building);
        if (!connected) return connected.error();
        auto& fresh = **connected;
        restore_precious(fresh, settings.directory);
        salvage_outbox(path, fresh, progress);
        // Whole in its one file before it is renamed.
        if (fresh.ok()) fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        if (!fresh.ok()) return error_of(*fresh.failure(), building);
    }
    std::error_code error;
    fs::rename(building, ready_path(path), error);
    if (!error) return Done{};
    return Error{ErrorCode::service_unavailable,
                 fmt::format("{} cannot be renamed: {}", building, error.message()), ""};
}

// Whether there is a database that is beyond use. Other troubles show when it is opened.
bool is_damaged(const std::string& path) {
    if (!fs::exists(path)) return false;
    sqlite::Database database(path, sqlite::Access::read_write);
    database.set_busy_timeout_ms(5000);
    return !looks_sound(database);
}

}  // namespace

std::string database_path(const StoreSettings& settings) {
    return settings.directory + "/sitepower.db";
}

void keep_epoch(sqlite::Database& database, const Epoch& epoch, Time now) {
    sqlite::Transaction transaction(database);
    sqlite::Statement insert(database,
                             "INSERT OR REPLACE INTO epochs (number, bits, started_ms) VALUES (?, ?, ?)");
    insert.run(epoch.number, epoch.bits, to_ms(now));
    transaction.commit();
}

Result<OpenedDatabase> replace_damaged(const StoreSettings& settings, Time now, const Progress& progress) {
    const auto path = database_path(settings);
    const auto ready = ready_path(path);
    if (!fs::exists(ready)) {
        if (auto built = build_replacement(settings, progress); !built) return built.error();
    }
    OpenedDatabase opened;
    opened.report.set_aside = set_aside(path, now);
    // Never over a database that could not be set aside.
    std::error_code error =
        fs::exists(path) ? std::make_error_code(std::errc::file_exists) : std::error_code();
    if (!error) fs::rename(ready, path, error);
    if (error) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("database {} is damaged and cannot be renamed: {}", path, error.message()),
                     ""};
    }
    auto connected = connect(path);
    if (!connected) return connected.error();
    opened.database = std::move(*connected);
    opened.report.salvaged = undelivered(*opened.database);
    if (!opened.database->ok()) return error_of(*opened.database->failure(), path);
    return opened;
}

Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now) {
    if (auto ready = prepare_directory(settings.directory); !ready) return ready.error();
    const auto path = database_path(settings);
    OpenedDatabase opened;
    if (is_damaged(path) || fs::exists(ready_path(path))) {
        auto replaced = replace_damaged(settings, now, {});
        if (!replaced) return replaced.error();
        opened = std::move(*replaced);
    } else {
        remove_database(building_path(path));
        opened.report.fresh = !fs::exists(path);
        auto connected = connect(path);
        if (!connected) return connected.error();
        opened.database = std::move(*connected);
    }
    auto& database = *opened.database;
    opened.report.epoch = {random_bits(), next_epoch_number(database)};
    keep_epoch(database, opened.report.epoch, now);
    opened.report.snapshot = read_snapshot(database);
    if (!database.ok()) return error_of(*database.failure(), path);
    return opened;
}

}  // namespace sitepower
