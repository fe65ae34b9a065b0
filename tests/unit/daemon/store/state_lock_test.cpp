#include "daemon/store/state_lock.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::state_lock_test {
namespace {

TEST(StateLock, ASecondHolderIsRefusedAndToldWhoHoldsIt) {
    TemporaryDirectory directory;
    auto first = StateLock::take(directory.path());
    ASSERT_TRUE(first) << first.error().message;
    const auto second = StateLock::take(directory.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_NE(second.error().message.find(
                  fmt::format("another sitepowerd uses {} (pid {})", directory.path(), getpid())),
              std::string::npos)
        << second.error().message;
}

TEST(StateLock, IsFreeAgainWhenItsHolderIsGoneAlthoughAChildLives) {
    TemporaryDirectory directory;
    std::optional<StateLock> first;
    {
        auto taken = StateLock::take(directory.path());
        ASSERT_TRUE(taken);
        first.emplace(std::move(*taken));
    }
    std::FILE* child = popen("cat > /dev/null", "w");  // lives until its input ends
    ASSERT_NE(child, nullptr);
    first.reset();
    EXPECT_TRUE(StateLock::take(directory.path()));
    pclose(child);
}

TEST(StateLock, LeavesNothingInTheDirectory) {
    TemporaryDirectory directory;
    ASSERT_TRUE(StateLock::take(directory.path()));
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(StateLock, ADirectoryThatIsNotThereIsAnError) {
    TemporaryDirectory directory;
    const auto lock = StateLock::take(directory.path() + "/none");
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, ErrorCode::service_unavailable);
    EXPECT_NE(lock.error().message.find("/none"), std::string::npos);
}

TEST(StateLock, AStoreHoldsItAsLongAsItLives) {
    TemporaryDirectory directory;
    StoreSettings settings;
    settings.directory = directory.path();
    RecordingObserver observer;
    auto first = Store::open(settings, observer);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = Store::open(settings, observer);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("another sitepowerd uses"), std::string::npos);
    EXPECT_TRUE(Reader::open((*first)->path())) << "who only reads needs no lock";
    (*first).reset();
    EXPECT_TRUE(Store::open(settings, observer));
}

}  // namespace
}  // namespace sitepower::state_lock_test
