#include "daemon/publish/in_flight.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sitepower::in_flight_test {
namespace {

InFlightMessage reported(std::int64_t key, Steady sent = {}) {
    return {.key = MessageKey{key}, .origin = Origin::live, .report = true, .sent = sent};
}

TEST(InFlight, GivesBackWhatWasPutUnderTheId) {
    InFlight in_flight(10);
    ASSERT_TRUE(in_flight.put(7, reported(70)));
    ASSERT_TRUE(in_flight.put(8, reported(80)));
    EXPECT_EQ(in_flight.room(), 8U);
    EXPECT_EQ(in_flight.take(8)->key, MessageKey{80});
    EXPECT_EQ(in_flight.take(7)->key, MessageKey{70});
    EXPECT_EQ(in_flight.size(), 0U);
}

TEST(InFlight, KnowsNoIdTwiceAndNoneThatWasNeverSent) {
    InFlight in_flight(10);
    ASSERT_TRUE(in_flight.put(7, reported(70)));
    EXPECT_TRUE(in_flight.take(7));
    EXPECT_FALSE(in_flight.take(7));
    EXPECT_FALSE(in_flight.take(0));
    EXPECT_FALSE(in_flight.take(7 + 64));
}

TEST(InFlight, SurvivesTheWrapOfTheIds) {
    InFlight in_flight(100);
    int mid = 65'000;
    std::vector<int> order;
    for (int i = 0; i < 200'000; ++i) {
        mid = mid == 65'535 ? 1 : mid + 1;
        ASSERT_TRUE(in_flight.put(mid, reported(mid)));
        order.push_back(mid);
        if (order.size() == 100) {
            for (const int sent : order) ASSERT_EQ(in_flight.take(sent)->key, MessageKey{sent});
            order.clear();
        }
    }
}

TEST(InFlight, RefusesASlotThatWasNeverAcknowledged) {
    InFlight in_flight(4);  // 32 slots
    ASSERT_TRUE(in_flight.put(1, reported(1)));
    EXPECT_FALSE(in_flight.put(33, reported(2)));
    EXPECT_EQ(in_flight.take(1)->key, MessageKey{1});
    EXPECT_TRUE(in_flight.put(33, reported(2)));
}

TEST(InFlight, TellsTheOldestAndTheKeysToReport) {
    InFlight in_flight(4);
    EXPECT_FALSE(in_flight.oldest());
    const Steady start{};
    ASSERT_TRUE(in_flight.put(1, reported(10, start + std::chrono::seconds(5))));
    ASSERT_TRUE(in_flight.put(2, reported(20, start + std::chrono::seconds(3))));
    ASSERT_TRUE(in_flight.put(3, {.sent = start + std::chrono::seconds(4)}));
    EXPECT_EQ(in_flight.oldest(), start + std::chrono::seconds(3));
    std::vector<MessageKey> keys;
    in_flight.append_keys(keys);
    std::ranges::sort(keys);
    EXPECT_EQ(keys, (std::vector<MessageKey>{MessageKey{10}, MessageKey{20}}));
}

TEST(InFlight, KeepsTheWindowWithinWhatTheIdsAllow) {
    EXPECT_EQ(InFlight(0).window(), 1U);
    EXPECT_EQ(InFlight(1'000'000).window(), 16'384U);
}

}  // namespace
}  // namespace sitepower::in_flight_test
