#include "daemon/config/shipped.hpp"

#include <gtest/gtest.h>

namespace sitepower::config::shipped_test {
namespace {

TEST(Shipped, IsFoundBesideTheProgramInASourceTree) {
    EXPECT_EQ(shipped("batteries"), std::filesystem::path(SITEPOWER_SOURCE_DIR) / "config/batteries");
}

TEST(Shipped, ElseWhereAPackageInstalls) {
    EXPECT_EQ(shipped("no-such-folder"), "/usr/share/sitepower/no-such-folder");
}

}  // namespace
}  // namespace sitepower::config::shipped_test
