#include "daemon/publish/status_messages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sitepower::status_messages_test {
namespace {

const Time now = from_ms(1'763'794'468'123);

TEST(StatusMessages, TheWillHasTheNumberOfItsBirthAndAnIdOfItsOwn) {
    StatusMessages status("S", 0xab);
    const auto will = nlohmann::json::parse(status.will(now));
    const auto birth = nlohmann::json::parse(status.online(now, now));
    EXPECT_EQ(will["status"], "lost");
    EXPECT_TRUE(will["since"].is_null());
    EXPECT_EQ(birth["status"], "online");
    EXPECT_EQ(will["seq"], birth["seq"]);
    EXPECT_NE(will["id"], birth["id"]);
}

TEST(StatusMessages, AreNumberedWithoutGaps) {
    StatusMessages status("S", 0xab);
    for (int seq = 1; seq <= 3; ++seq) EXPECT_EQ(nlohmann::json::parse(status.online(now, now))["seq"], seq);
    const auto farewell = nlohmann::json::parse(status.offline(now));
    EXPECT_EQ(farewell["seq"], 4);
    EXPECT_EQ(farewell["status"], "offline");
    EXPECT_EQ(farewell["epoch"], "00000000000000ab");
}

TEST(StatusMessages, GoOnWhereAnEarlierPublisherEnded) {
    StatusMessages before("S", 0xab);
    before.online(now, now);
    const auto farewell = nlohmann::json::parse(before.offline(now));
    StatusMessages after("S", 0xab, before.seq());
    const auto birth = nlohmann::json::parse(after.online(now, now));
    EXPECT_EQ(birth["seq"], farewell["seq"].get<int>() + 1);
    EXPECT_NE(birth["id"], farewell["id"]);
}

}  // namespace
}  // namespace sitepower::status_messages_test
