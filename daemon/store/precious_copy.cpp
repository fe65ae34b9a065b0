#include "daemon/store/precious_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "daemon/store/damage.hpp"
#include "daemon/store/forecast_tables.hpp"
#include "daemon/store/interval_table.hpp"
#include "daemon/store/schema.hpp"

namespace sitepower {

namespace {

namespace fs = std::filesystem;

// Series: their steps, of as many days as a model is fitted on (and those of prices to come), from which it
// is fitted again in tens of milliseconds. Its state is ten times as large and is left out.
constexpr std::int64_t step_days = 70;

struct PreciousTable {
    std::string_view name;
    std::string_view rows = "TRUE";  // which; {} is what a key grows by in step_days
};

constexpr std::array<PreciousTable, 9> precious_tables = {
    {{"epochs"},
     {"alerts"},
     {"windows"},
     {"memories"},
     {"audit"},
     {"models"},
     {"known_events"},
     {"words"},  // by which the steps name their series
     {"series_steps", "key >= (SELECT max(key) FROM source.series_steps) - {}"}}};

using Copies = std::array<fs::path, 2>;

// A copy further in the future was dated by a wrong clock.
constexpr auto longest_lead = std::chrono::hours(24);

// The newest first. A missing one counts as old, and one from the future as older than one that is not: it
// would be taken for the newest for ever, and each new one overwrite the other.
Copies copies_by_age(const std::string& directory) {
    Copies copies = {directory + "/precious-1.db", directory + "/precious-2.db"};
    const auto latest = fs::file_time_type::clock::now() + longest_lead;
    const auto rank = [&](const fs::path& path) {
        std::error_code error;
        const auto time = fs::last_write_time(path, error);
        return error ? std::pair(false, fs::file_time_type::min()) : std::pair(time <= latest, time);
    };
    if (rank(copies[0]) < rank(copies[1])) std::swap(copies[0], copies[1]);
    return copies;
}

void copy_tables(sqlite::Database& into, const std::string& from_path) {
    // Attaching is not possible inside a transaction.
    sqlite::Statement attach(into, "ATTACH ? AS source");
    attach.run(from_path);
    {
        sqlite::Transaction transaction(into);
        const auto grown = IntervalKey{step_days, 0}.number() << step_key_bits;
        for (const auto& table : precious_tables) {
            into.execute(
                fmt::format("INSERT OR REPLACE INTO main.{0} SELECT * FROM source.{0} WHERE ", table.name) +
                fmt::format(fmt::runtime(table.rows), grown));
        }
        transaction.commit();
    }
    into.execute("DETACH source");
}

Status write_file(const std::string& path, const std::string& copy_path) {
    sqlite::Database copy(copy_path, sqlite::Access::read_write);
    copy.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
    if (copy.ok()) {
        if (auto migrated = migrate(copy); !migrated) return migrated.error();
    }
    copy_tables(copy, path);
    if (copy.ok() && !looks_sound(copy)) copy.fail_damaged("the copy does not check out");
    if (!copy.ok()) return error_of(*copy.failure(), copy_path);
    return Done{};
}

// An older copy is brought to this schema before its rows are taken.
bool usable(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return false;
    sqlite::Database copy(path.string(), sqlite::Access::read_write);
    return copy.ok() && looks_sound(copy) && migrate(copy);
}

Time written_at(const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    return error ? Time{} : std::chrono::floor<Duration>(std::chrono::file_clock::to_sys(time));
}

std::uint64_t rows_of(sqlite::Database& database, std::string_view table) {
    return static_cast<std::uint64_t>(
        database.integer(fmt::format("SELECT count(*) FROM {}", table)).value_or(0));
}

}  // namespace

std::vector<std::string> precious_copies(const std::string& directory) {
    std::vector<std::string> found;
    for (const auto& copy : copies_by_age(directory)) {
        std::error_code error;
        if (fs::is_regular_file(copy, error)) found.push_back(copy.string());
    }
    return found;
}

bool precious_copy_due(const std::string& directory) {
    std::error_code error;
    const auto written = fs::last_write_time(copies_by_age(directory)[0], error);
    const auto age = fs::file_time_type::clock::now() - written;
    return error || age > std::chrono::hours(24) || age < -longest_lead;
}

Status write_precious_copy(const std::string& path, const std::string& directory) {
    const auto temporary = directory + "/precious.new";
    std::error_code error;
    fs::remove(temporary, error);
    if (auto written = write_file(path, temporary); !written) {
        fs::remove(temporary, error);
        return written.error();
    }
    fs::rename(temporary, copies_by_age(directory)[1], error);
    if (!error) return Done{};
    return Error{ErrorCode::internal_error, fmt::format("copy {}: {}", temporary, error.message()), ""};
}

std::optional<RestoredCopy> restore_precious(sqlite::Database& fresh, const std::string& directory) {
    for (const auto& copy : copies_by_age(directory)) {
        // Before a migration of the copy changes it.
        const auto written = written_at(copy);
        if (!usable(copy)) continue;
        copy_tables(fresh, copy.string());
        if (!fresh.ok()) return std::nullopt;
        return RestoredCopy{written, rows_of(fresh, "alerts"), rows_of(fresh, "windows"),
                            rows_of(fresh, "memories"), rows_of(fresh, "audit")};
    }
    return std::nullopt;
}

}  // namespace sitepower
