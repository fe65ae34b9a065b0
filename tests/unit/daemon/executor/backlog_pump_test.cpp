#include "daemon/executor/backlog_pump.hpp"

#include <gtest/gtest.h>

namespace sitepower::backlog_pump_test {
namespace {

constexpr MessageKey key(std::int64_t n) {
    return MessageKey{n};
}

TEST(BacklogPump, ReadsNothingWithoutAConnectionOrAnOutbox) {
    BacklogPump pump;
    EXPECT_FALSE(pump.next(10));
    pump.connected(key(100));
    EXPECT_FALSE(pump.next(0));
    EXPECT_TRUE(pump.next(10));
}

TEST(BacklogPump, OneBatchAtATimeInOrderUpToTheBound) {
    BacklogPump pump;
    pump.connected(key(100));
    const auto first = pump.next(10);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->after, key(0));
    EXPECT_EQ(first->up_to, key(100));
    EXPECT_FALSE(pump.next(10)) << "while reading";
    EXPECT_TRUE(pump.read(key(60)));
    EXPECT_FALSE(pump.next(10)) << "while sending";
    pump.wanted();
    const auto second = pump.next(10);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->after, key(60));
    EXPECT_TRUE(pump.read(key(100)));
    pump.wanted();
    EXPECT_FALSE(pump.next(10)) << "what is newer went out live";
}

TEST(BacklogPump, RowsNotYetCommittedAreAskedForAgain) {
    BacklogPump pump;
    pump.connected(key(100));
    ASSERT_TRUE(pump.next(1));
    EXPECT_FALSE(pump.read(std::nullopt));
    const auto again = pump.next(1);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->after, key(0));
}

TEST(BacklogPump, ABatchThatWasNotTakenIsReadAgain) {
    BacklogPump pump;
    pump.connected(key(100));
    ASSERT_TRUE(pump.next(10));
    ASSERT_TRUE(pump.read(key(40)));
    pump.wanted();
    ASSERT_TRUE(pump.next(10));
    ASSERT_TRUE(pump.read(key(60)));
    pump.not_taken();
    const auto again = pump.next(10);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->after, key(40));
}

TEST(BacklogPump, StartsOverWithoutTakingWhatWasReadBefore) {
    BacklogPump pump;
    pump.connected(key(100));
    ASSERT_TRUE(pump.next(10));
    pump.start_over(key(200));
    EXPECT_FALSE(pump.read(key(60))) << "for the round before";
    const auto order = pump.next(10);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->after, key(0));
    EXPECT_EQ(order->up_to, key(200));
    ASSERT_TRUE(pump.read(key(200)));
    pump.start_over(key(300));
    EXPECT_FALSE(pump.next(10)) << "while a batch is being sent";
    pump.wanted();
    EXPECT_EQ(pump.next(10)->after, key(0));
}

TEST(BacklogPump, ALiveMessageThatFoundNoRoomMovesTheBound) {
    BacklogPump pump;
    pump.connected(key(10));
    ASSERT_TRUE(pump.next(1));
    EXPECT_TRUE(pump.read(key(10)));
    pump.wanted();
    EXPECT_FALSE(pump.next(1));
    pump.left_behind(key(15));
    const auto order = pump.next(1);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->up_to, key(15));
}

TEST(BacklogPump, ANewConnectionStartsFromTheOldestAgain) {
    BacklogPump pump;
    pump.connected(key(10));
    ASSERT_TRUE(pump.next(1));
    pump.disconnected();
    EXPECT_FALSE(pump.read(key(5))) << "a batch read for the lost connection is not sent";
    EXPECT_FALSE(pump.next(1));
    pump.connected(key(20));
    const auto order = pump.next(1);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->after, key(0));
    EXPECT_EQ(order->up_to, key(20));
}

TEST(BacklogPump, ALateReadOfAnOldConnectionIsNotTakenForTheAnswerToANewOrder) {
    BacklogPump pump;
    pump.connected(key(10));
    ASSERT_TRUE(pump.next(1));
    EXPECT_TRUE(pump.read(key(5)));
    pump.wanted();
    const auto second = pump.next(1);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->after, key(5));
    pump.disconnected();
    pump.connected(key(20));
    EXPECT_FALSE(pump.next(1)) << "while the worker still reads for the last connection";
    EXPECT_FALSE(pump.read(key(10))) << "1 to 5 may not have been acknowledged";
    const auto order = pump.next(1);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->after, key(0));
    EXPECT_TRUE(pump.read(key(20)));
}

TEST(BacklogPump, ALateReadOfAnOldConnectionIsDropped) {
    BacklogPump pump;
    pump.connected(key(10));
    ASSERT_TRUE(pump.next(1));
    pump.disconnected();
    pump.connected(key(20));
    EXPECT_FALSE(pump.read(key(5)));
    EXPECT_TRUE(pump.next(1));
}

}  // namespace
}  // namespace sitepower::backlog_pump_test
