#include "daemon/store/opening.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <random>

#include "daemon/store/records.hpp"
#include "daemon/store/schema.hpp"

namespace sitepower {

namespace {

Status prepare_directory(const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
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

Epoch draw_epoch(sqlite::Database& database, Time now) {
    sqlite::Transaction transaction(database);
    Epoch epoch;
    epoch.bits = random_bits();
    epoch.number = database.integer("SELECT coalesce(max(number), 0) + 1 FROM epochs").value_or(0);
    sqlite::Statement insert(database, "INSERT INTO epochs (number, bits, started_ms) VALUES (?, ?, ?)");
    insert.run(epoch.number, epoch.bits, to_ms(now));
    transaction.commit();
    return epoch;
}

}  // namespace

std::string database_path(const StoreSettings& settings) {
    return settings.directory + "/sitepower.db";
}

Result<OpenedDatabase> open_database(const StoreSettings& settings, Time now) {
    if (auto ready = prepare_directory(settings.directory); !ready) return ready.error();
    const auto path = database_path(settings);
    OpenedDatabase opened;
    opened.report.fresh = !std::filesystem::exists(path);
    opened.database = std::make_unique<sqlite::Database>(path, sqlite::Access::read_write);
    auto& database = *opened.database;
    configure(database);
    if (!database.ok()) return error_of(*database.failure(), path);
    if (auto migrated = migrate(database); !migrated) return migrated.error();
    opened.report.epoch = draw_epoch(database, now);
    opened.report.snapshot = read_snapshot(database);
    if (!database.ok()) return error_of(*database.failure(), path);
    return opened;
}

}  // namespace sitepower
