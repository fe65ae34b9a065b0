#include "daemon/store/opening.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <random>

#include "daemon/store/damage.hpp"
#include "daemon/store/precious_copy.hpp"
#include "daemon/store/records.hpp"
#include "daemon/store/salvage.hpp"
#include "daemon/store/schema.hpp"

namespace sitepower {

namespace {

namespace fs = std::filesystem;

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

// An open connection, configured and of this program's schema; its failure says why it cannot be used. Error
// only for a newer schema.
Result<std::unique_ptr<sqlite::Database>> connect(const std::string& path) {
    auto database = std::make_unique<sqlite::Database>(path, sqlite::Access::read_write);
    if (database->ok()) configure(*database);
    if (!database->ok()) return database;
    if (auto migrated = migrate(*database); !migrated && database->ok()) return migrated.error();
    return database;
}

StoreTrouble trouble_of(const sqlite::Failure& failure, std::string_view path) {
    const auto type =
        failure.trouble == sqlite::Trouble::full ? store_condition_type::full : store_condition_type::error;
    return {std::string(type), error_of(failure, path).message};
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

// What of a replacement is told.
struct Built {
    std::string restored;  // for people
    std::optional<StoreTrouble> trouble;
};

std::string describe(const std::optional<RestoredCopy>& copy, Time now) {
    if (!copy) return "there was no copy of alerts, windows and what was learnt of batteries";
    return fmt::format(
        "{} alerts, {} windows, {} batteries' memories and {} audit rows were restored from the copy of {} "
        "({} minutes before)",
        copy->alerts, copy->windows, copy->memories, copy->audit_rows, format_time(copy->written),
        std::chrono::floor<std::chrono::minutes>(now - copy->written).count());
}

Result<Built> build_replacement(const StoreSettings& settings, Time now, const Progress& progress,
                                sqlite::Database* unlinked) {
    const auto path = database_path(settings);
    const auto building = building_path(path);
    Built built;
    remove_database(building);  // of an attempt that was cut off
    {
        auto connected = connect(building);
        if (!connected) return connected.error();
        auto& fresh = **connected;
        if (fresh.ok()) {
            built.restored = describe(restore_precious(fresh, settings.directory), now);
            if (unlinked != nullptr) {
                salvage_unlinked(*unlinked, fresh, progress);
                built.restored = "what it held of alerts, windows and batteries' memories was saved";
            } else {
                salvage_outbox(path, fresh, progress);
            }
        }
        // Whole in its one file before it is renamed.
        if (fresh.ok()) fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        if (!fresh.ok()) built.trouble = trouble_of(*fresh.failure(), path);
    }
    if (built.trouble) {
        remove_database(building);  // its room is needed
        return built;
    }
    std::error_code error;
    fs::rename(building, ready_path(path), error);
    if (!error) return built;
    return Error{ErrorCode::service_unavailable,
                 fmt::format("{} cannot be renamed: {}", building, error.message()), ""};
}

// What is wrong with the file that the database should be in, so that there must be a fresh one; empty: it is
// of use, or there never was one. Other troubles show when it is opened.
std::string_view fault_of(const std::string& path, const std::string& directory) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error == std::errc::no_such_file_or_directory)
        return precious_copies(directory).empty() ? "" : "gone";
    if (error) return "";
    // Before SQLite looks: it takes the log of an empty file away.
    if (size == 0) return precious_copies(directory).empty() ? "" : "empty";
    sqlite::Database database(path, sqlite::Access::read_write);
    if (!database.ok()) return "";
    database.set_busy_timeout_ms(5000);
    return looks_sound(database) ? "" : "damaged";
}

void keep_epoch(sqlite::Database& database, const Epoch& epoch, Time now) {
    sqlite::Transaction transaction(database);
    sqlite::Statement insert(database,
                             "INSERT OR REPLACE INTO epochs (number, bits, started_ms) VALUES (?, ?, ?)");
    insert.run(epoch.number, epoch.bits, to_ms(now));
    transaction.commit();
}

// On a full disk, the room that the log has already may do.
void keep_epoch_with_patience(sqlite::Database& database, const Epoch& epoch, Time now) {
    keep_epoch(database, epoch, now);
    if (database.ok() || database.failure()->trouble != sqlite::Trouble::full) return;
    if (!database.checkpoint(sqlite::Database::Checkpoint::restart)) return;
    database.clear_failure();
    keep_epoch(database, epoch, now);
}

// Restarts that a copy may not know of: keys drawn by it must lie beyond those of what will be salvaged.
constexpr std::int64_t epochs_beyond_copy = 100'000;

struct Look {
    Status status = Done{};  // Error: it cannot be read
    bool damaged = false;    // for damage
};

// What the start needs of the database at `path`, without writing to it.
Look read_only_report(const std::string& path, OpenReport& report) {
    std::optional<sqlite::Failure> failure;
    bool damaged = false;
    for (const auto access :
         {sqlite::Access::read_write, sqlite::Access::read_only, sqlite::Access::immutable}) {
        std::error_code error;
        const auto log_bytes = fs::file_size(path + "-wal", error);
        // A log that holds something is not to be passed over.
        if (access == sqlite::Access::immutable && !error && log_bytes > 0) continue;
        sqlite::Database database(path, access);
        if (database.ok()) database.set_busy_timeout_ms(5000);
        // Then the index of the log is in memory: beside the database there is no room for one.
        if (access == sqlite::Access::read_write) database.execute("PRAGMA locking_mode = EXCLUSIVE");
        OpenReport read;
        const auto version = database.integer("PRAGMA user_version").value_or(0);
        read.fresh = version == 0;  // by a start that had no room for the first migration
        read.epoch = {random_bits(), 1};
        if (!read.fresh) {
            read.epoch.number = next_epoch_number(database);
            read.snapshot = read_snapshot(database);
            read.undelivered = undelivered(database);
        }
        if (database.ok()) {
            report.fresh = read.fresh;
            report.epoch = read.epoch;
            report.snapshot = std::move(read.snapshot);
            report.undelivered = read.undelivered;
            return {};
        }
        failure = database.failure();
        damaged = damaged || failure->trouble == sqlite::Trouble::damaged;
        if (version != 0 && version < schema_version() && failure->trouble == sqlite::Trouble::refused) {
            return {
                Error{ErrorCode::service_unavailable,
                      fmt::format("database {} is of an older version and cannot be brought to this one: {}",
                                  path, report.trouble->message),
                      ""}};
        }
    }
    return {error_of(*failure, path), damaged};
}

// What the start needs while nothing can be written: of the database, or where that is empty, gone or
// damaged, of the copy that it will be restored from. Keys stay unique although the epoch's row is not
// written: no other process draws one meanwhile, and nothing is committed before it. Where damage has taken
// the epochs and there is no copy, the number lies beyond any that was drawn.
Status look_only(const StoreSettings& settings, OpenReport& report) {
    const auto path = database_path(settings);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    const bool none = size == 0 || error == std::errc::no_such_file_or_directory;
    Look looked;
    if (!none) {
        looked = read_only_report(path, report);
        if (looked.status) return Done{};
        looked.damaged = looked.damaged || fault_of(path, settings.directory) == "damaged";
        if (!looked.damaged) return looked.status;
    }
    for (const auto& copy : precious_copies(settings.directory)) {
        if (!read_only_report(copy, report).status) continue;
        report.epoch.number += epochs_beyond_copy;
        report.undelivered = 0;
        return Done{};
    }
    report.fresh = none;
    report.epoch = {random_bits(), none ? 1 : 1 + epochs_beyond_copy};
    return Done{};
}

}  // namespace

std::string database_path(const StoreSettings& settings) {
    return settings.directory + "/sitepower.db";
}

Status prepare_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (!error) return Done{};
    return Error{ErrorCode::service_unavailable,
                 fmt::format("state directory {} cannot be made: {}", directory, error.message()), ""};
}

Result<OpenedDatabase> replace_database(const StoreSettings& settings, Time now, const Progress& progress,
                                        std::unique_ptr<sqlite::Database>& unlinked) {
    const auto path = database_path(settings);
    const auto ready = ready_path(path);
    OpenedDatabase opened;
    Built built{"it was restored before a start that was cut off", {}};
    if (!fs::exists(ready)) {
        auto now_built = build_replacement(settings, now, progress, unlinked.get());
        if (!now_built) return now_built.error();
        built = std::move(*now_built);
    }
    if (built.trouble) {
        opened.report.trouble = std::move(built.trouble);
        return opened;
    }
    // Before there is another log of that name, which it would take away.
    unlinked.reset();
    std::error_code error;
    const auto size = fs::file_size(path, error);
    const bool gone = error == std::errc::no_such_file_or_directory;
    const bool empty = !error && size == 0;
    opened.report.set_aside = set_aside(path, now);
    // Never over a database that could not be set aside.
    error = fs::exists(path) ? std::make_error_code(std::errc::file_exists) : std::error_code();
    if (!error) fs::rename(ready, path, error);
    if (error) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("database {} is damaged and cannot be renamed: {}", path, error.message()),
                     ""};
    }
    auto connected = connect(path);
    if (!connected) return connected.error();
    opened.report.salvaged = undelivered(**connected);
    const auto fault = gone    ? std::string("gone")
                       : empty ? fmt::format("empty and is now {}", opened.report.set_aside)
                               : fmt::format("damaged and is now {}", opened.report.set_aside);
    opened.report.replaced = fmt::format("{} was {}; {} undelivered messages were saved; {}", path, fault,
                                         opened.report.salvaged, built.restored);
    if ((*connected)->ok()) {
        opened.database = std::move(*connected);
    } else {
        opened.report.trouble = trouble_of(*(*connected)->failure(), path);
    }
    return opened;
}

namespace {

// The database, without an epoch; a report as of replace_database.
Result<OpenedDatabase> connect_or_replace(const StoreSettings& settings, Time now, const Progress& progress,
                                          std::unique_ptr<sqlite::Database>& unlinked, Known known) {
    const auto path = database_path(settings);
    if (known == Known::damaged || unlinked || fs::exists(ready_path(path)) ||
        !fault_of(path, settings.directory).empty()) {
        return replace_database(settings, now, progress, unlinked);
    }
    remove_database(building_path(path));
    OpenedDatabase opened;
    opened.report.fresh = !fs::exists(path);
    auto connected = connect(path);
    if (!connected) return connected.error();
    if ((*connected)->ok()) {
        opened.database = std::move(*connected);
        return opened;
    }
    const auto failure = *(*connected)->failure();
    connected->reset();
    if (failure.trouble == sqlite::Trouble::damaged)
        return replace_database(settings, now, progress, unlinked);
    opened.report.trouble = trouble_of(failure, path);
    return opened;
}

using FirstUse = std::function<void(OpenedDatabase&)>;

// The database after its first use, or null and the trouble. Where that use meets damage which the look at it
// has passed over, a fresh one takes its place.
Result<OpenedDatabase> open_and_use(const StoreSettings& settings, Time now, const Progress& progress,
                                    std::unique_ptr<sqlite::Database>& unlinked, Known known,
                                    const FirstUse& use) {
    auto opened = connect_or_replace(settings, now, progress, unlinked, known);
    if (!opened || !opened->database) return opened;
    use(*opened);
    const auto& failure = opened->database->failure();
    const bool is_fresh = opened->report.fresh || !opened->report.replaced.empty();
    if (failure && failure->trouble == sqlite::Trouble::damaged && !is_fresh) {
        opened->database.reset();
        opened = replace_database(settings, now, progress, unlinked);
        if (!opened || !opened->database) return opened;
        use(*opened);
    }
    if (opened->database->ok()) return opened;
    opened->report.trouble = trouble_of(*opened->database->failure(), database_path(settings));
    opened->database.reset();
    return opened;
}

}  // namespace

Result<OpenedDatabase> open_again(const StoreSettings& settings, const Epoch& epoch, Time now,
                                  const Progress& progress, std::unique_ptr<sqlite::Database>& unlinked,
                                  Known known) {
    if (auto ready = prepare_directory(settings.directory); !ready) return ready.error();
    return open_and_use(settings, now, progress, unlinked, known, [&](OpenedDatabase& opened) {
        keep_epoch_with_patience(*opened.database, epoch, now);
    });
}

Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now) {
    if (auto ready = prepare_directory(settings.directory); !ready) return ready.error();
    std::unique_ptr<sqlite::Database> none;
    auto opened = open_and_use(settings, now, {}, none, Known::nothing, [&](OpenedDatabase& used) {
        used.report.epoch = {random_bits(), next_epoch_number(*used.database)};
        keep_epoch_with_patience(*used.database, used.report.epoch, now);
        used.report.snapshot = read_snapshot(*used.database);
    });
    if (!opened || opened->database) return opened;
    if (auto looked = look_only(settings, opened->report); !looked) return looked.error();
    return opened;
}

}  // namespace sitepower
