// What a failing disk does to the file of a database that nobody has open.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/store/sqlite.hpp"

namespace sitepower {

inline constexpr std::uint64_t page_bytes = 4096;

inline void overwrite(const std::string& path, std::uint64_t offset, std::size_t bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << std::string(bytes, '\xa5');
}

inline void damage_page(const std::string& path, std::uint64_t page) {
    overwrite(path, page * page_bytes + 8, 2000);
}

// The first page of a table or an index.
inline void damage_root(const std::string& path, const std::string& name) {
    std::int64_t root = 0;
    {
        sqlite::Database database(path, sqlite::Access::read_only);
        root = database.integer("SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'").value_or(0);
    }
    ASSERT_GT(root, 1) << name;
    damage_page(path, static_cast<std::uint64_t>(root - 1));
}

// Beyond the size up to which a start looks at all of it, by pages that are not in use and take no room.
inline void enlarge(const std::string& path) {
    constexpr std::uint32_t pages = 20'000;
    std::filesystem::resize_file(path, pages * page_bytes);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(28);  // of SQLite's header: the size in pages
    for (const int shift : {24, 16, 8, 0}) file.put(static_cast<char>(pages >> shift & 0xff));
}

}  // namespace sitepower
