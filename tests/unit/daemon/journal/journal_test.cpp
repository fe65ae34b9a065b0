#include "daemon/journal/journal.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "daemon/journal/messages.hpp"
#include "daemon/journal/rate_limit.hpp"

namespace sitepower::journal {
namespace {

TEST(JournalMessages, NamesAndIdsAreUniqueAndWellFormed) {
    std::set<std::string_view> names;
    std::set<std::string_view> ids;
    for (const auto* kind : kinds) {
        EXPECT_TRUE(names.insert(kind->name).second) << kind->name;
        EXPECT_TRUE(ids.insert(kind->message_id).second) << kind->name;
        EXPECT_EQ(kind->message_id.size(), 32U) << kind->name;
        EXPECT_EQ(kind->message_id.find_first_not_of("0123456789abcdef"), std::string_view::npos)
            << kind->name;
        EXPECT_FALSE(kind->subject.empty());
        EXPECT_FALSE(kind->advice.empty());
    }
}

TEST(RateLimit, LetsABurstThroughAndCountsTheRest) {
    RateLimit limit;
    const RateLimit::TimePoint start{std::chrono::hours{1}};
    for (std::uint32_t i = 0; i < RateLimit::burst; ++i) {
        EXPECT_TRUE(limit.ask(start).allowed);
    }
    EXPECT_FALSE(limit.ask(start).allowed);
    EXPECT_FALSE(limit.ask(start + std::chrono::seconds{29}).allowed);
    const auto next = limit.ask(start + RateLimit::interval);
    EXPECT_TRUE(next.allowed);
    EXPECT_EQ(next.suppressed, 2U);
    EXPECT_EQ(limit.ask(start + RateLimit::interval).suppressed, 0U);
}

TEST(Journal, WritesReadableLinesToATerminal) {
    ::testing::internal::CaptureStderr();
    log(device_offline, "UPS-01 does not answer", {{"DEVICE", "UPS-01"}});
    const auto line = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find("Z warning  UPS-01 does not answer\n"), std::string::npos) << line;
}

TEST(Journal, LeavesOutWhatIsBelowTheLevel) {
    ::testing::internal::CaptureStderr();
    set_level(Priority::error);
    log(device_offline, "not written");
    set_level(Priority::info);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace sitepower::journal
