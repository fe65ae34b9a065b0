#include "daemon/app/documents.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/support/process.hpp"

namespace sitepower::documents::documents_test {
namespace {

TEST(Documents, AreWhatTheTablesSay) {
    for (const auto& document : all()) {
        const auto committed =
            support::read_file(std::filesystem::path(SITEPOWER_SOURCE_DIR) / std::string(document.file));
        EXPECT_TRUE(committed == document.text()) << document.file << " is out of date: run ./dev docs";
    }
}

TEST(Documents, AnUnknownNameIsRefused) {
    std::ostringstream out;
    EXPECT_FALSE(print("novel", out));
    EXPECT_TRUE(print("journal", out));
    EXPECT_NE(out.str().find("device_offline"), std::string::npos);
}

}  // namespace
}  // namespace sitepower::documents::documents_test
