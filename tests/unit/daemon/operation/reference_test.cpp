// The page docs/operations.md is the table of operations and nothing else. To write it anew:
// SITEPOWER_UPDATE_GOLDEN=1 build/tests/unit_daemon --gtest_filter='Reference.*'
#include "daemon/operation/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace sitepower::reference_test {
namespace {

TEST(Reference, IsThePageOfOperations) {
    const std::string path = SITEPOWER_SOURCE_DIR "/docs/operations.md";
    if (std::getenv("SITEPOWER_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << operations_reference();
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), operations_reference());
}

}  // namespace
}  // namespace sitepower::reference_test
