#include "daemon/store/damage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "daemon/store/frame_block.hpp"

namespace sitepower {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t whole_check_pages = 16'384;
constexpr int newest_blocks = 200;
constexpr std::size_t set_aside_limit = 2;
constexpr std::array<std::string_view, 8> small_tables = {"epochs",  "streams",      "hours", "alerts",
                                                          "windows", "rollup_state", "words", "memories"};

bool quick_check(sqlite::Database& database, std::string_view argument) {
    return database.text(fmt::format("PRAGMA quick_check({})", argument)) == "ok";
}

bool has_table(sqlite::Database& database, std::string_view table) {
    return database.integer(fmt::format("SELECT count(*) FROM sqlite_schema WHERE name = '{}'", table)) == 1;
}

bool newest_blocks_are_sound(sqlite::Database& database) {
    if (!has_table(database, "blocks")) return true;
    sqlite::Statement blocks(database, "SELECT key, body FROM blocks ORDER BY key DESC LIMIT ?");
    int wrong = 0;
    for (bool more = blocks.query(newest_blocks); more; more = blocks.step()) {
        if (!parse_block(MessageKey{blocks.integer(0)}, blocks.blob(1))) ++wrong;
    }
    // One flipped bit costs one block, not the database; a whole stretch means that pages went astray.
    return wrong < 3;
}

std::string name_with_time(const std::string& path, Time now) {
    std::string time = format_time(now);  // 2026-11-22T06:14:28.123Z
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return path + ".damaged-" + time.substr(0, 15) + "Z";
}

void forget_older(const std::string& path) {
    std::error_code error;
    std::vector<fs::path> files;
    const auto prefix = fs::path(path).filename().string() + ".damaged-";
    for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(prefix) && name.ends_with("Z")) files.push_back(entry.path());
    }
    std::ranges::sort(files, std::ranges::greater());
    for (std::size_t i = set_aside_limit; i < files.size(); ++i) {
        for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(files[i].string() + suffix, error);
    }
}

}  // namespace

bool looks_sound(sqlite::Database& database) {
    const auto pages = database.integer("PRAGMA page_count").value_or(0);
    bool sound = true;
    if (pages <= whole_check_pages) {
        sound = quick_check(database, "1");
    } else {
        for (const auto table : small_tables) {
            if (sound && has_table(database, table)) sound = quick_check(database, table);
        }
    }
    sound = sound && newest_blocks_are_sound(database);
    if (!database.ok()) return database.failure()->trouble != sqlite::Trouble::damaged;
    return sound;
}

std::string set_aside(const std::string& path, Time now) {
    const auto name = name_with_time(path, now);
    std::error_code error;
    // The log first: a log without its database is never taken for the log of a fresh one.
    fs::rename(path + "-wal", name + "-wal", error);
    fs::remove(path + "-shm", error);
    fs::rename(path, name, error);
    if (error) return {};
    forget_older(path);
    return name;
}

}  // namespace sitepower
