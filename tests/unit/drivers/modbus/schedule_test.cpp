#include "drivers/modbus/schedule.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sitepower::modbus::schedule_test {
namespace {

using namespace std::chrono_literals;

SteadyTime at(SteadySpan span) {
    return SteadyTime(span);
}

TEST(Schedule, IsDueAtOnceAndThenAtAlignedTimes) {
    Schedule schedule(300ms);
    schedule.add(1s, at(5100ms));
    EXPECT_EQ(schedule.next()->at, at(5100ms));
    EXPECT_EQ(schedule.begin(0, at(5100ms)), 0U);
    EXPECT_EQ(schedule.next()->at, at(5300ms));
    EXPECT_EQ(schedule.begin(0, at(5301ms)), 0U);
    EXPECT_EQ(schedule.next()->at, at(6300ms));
}

TEST(Schedule, DoesNotDriftOverADay) {
    Schedule schedule(0ms);
    schedule.add(1s, at(1s));
    for (int second = 1; second <= 86'400; ++second) {
        const auto due = schedule.next();
        ASSERT_EQ(due->at, at(std::chrono::seconds(second)));
        ASSERT_EQ(schedule.begin(0, due->at + 7ms), 0U);
    }
}

TEST(Schedule, CountsPeriodsThatPassed) {
    Schedule schedule(0ms);
    schedule.add(1s, at(1s));
    schedule.begin(0, at(1s));
    EXPECT_EQ(schedule.begin(0, at(4500ms)), 2U) << "3 s and 4 s, after the one of 2 s that begins now";
    EXPECT_EQ(schedule.next()->at, at(5s));
}

TEST(Schedule, ALateFirstPollServesTheFirstAlignedDeadlineToo) {
    Schedule schedule(0ms);
    schedule.add(1s, at(4900ms));
    schedule.add(1s, at(4900ms));
    EXPECT_EQ(schedule.begin(0, at(5200ms)), 0U);
    EXPECT_EQ(schedule.next()->entry, 1U);
    EXPECT_EQ(schedule.begin(1, at(6200ms)), 1U);
}

TEST(Schedule, GroupsOfOnePeriodShareTheirDeadlines) {
    Schedule schedule(250ms);
    schedule.add(500ms, at(10s));
    schedule.add(500ms, at(10'010ms));
    schedule.begin(0, at(10s));
    schedule.begin(1, at(10'010ms));
    EXPECT_EQ(schedule.next()->at, at(10'250ms));
    schedule.begin(schedule.next()->entry, at(10'250ms));
    EXPECT_EQ(schedule.next()->at, at(10'250ms));
}

TEST(Schedule, APhaseLongerThanThePeriodIsTakenModulo) {
    Schedule schedule(730ms);
    schedule.add(100ms, at(1s));
    schedule.begin(0, at(1s));
    EXPECT_EQ(schedule.next()->at, at(1030ms));
}

TEST(Schedule, FlatOutEntriesTakeTurns) {
    Schedule schedule(0ms);
    for (int i = 0; i < 3; ++i) schedule.add(0ms, at(1s));
    std::vector<std::size_t> order;
    for (int i = 0; i < 6; ++i) {
        const auto due = schedule.next();
        order.push_back(due->entry);
        EXPECT_LE(due->at, at(1s + i * 5ms));
        schedule.begin(due->entry, at(1s + i * 5ms));
    }
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Schedule, NoEntryStarvesWhenTheLineIsTooSlow) {
    // Ten groups every 100 ms, each poll takes 30 ms: a third of what is asked for can be served.
    Schedule schedule(0ms);
    for (int i = 0; i < 10; ++i) schedule.add(100ms, at(1s));
    std::vector<int> served(10);
    auto now = at(1s);
    for (int i = 0; i < 1000; ++i) {
        const auto due = schedule.next();
        now = std::max(now, due->at);
        schedule.begin(due->entry, now);
        ++served[due->entry];
        now += 30ms;
    }
    for (const int count : served) EXPECT_NEAR(count, 100, 2);
}

TEST(Schedule, ARetryKeepsTheDeadline) {
    Schedule schedule(0ms);
    schedule.add(1s, at(1s));
    schedule.begin(0, at(1s));
    schedule.defer(0, at(1200ms));
    EXPECT_EQ(schedule.next()->at, at(1200ms));
    EXPECT_EQ(schedule.begin(0, at(1200ms)), 0U);
    EXPECT_EQ(schedule.next()->at, at(2s));
}

TEST(Schedule, ARetryAfterTheDeadlineIsTheNextPoll) {
    Schedule schedule(0ms);
    schedule.add(1s, at(1s));
    schedule.begin(0, at(1s));
    schedule.defer(0, at(2100ms));
    EXPECT_EQ(schedule.begin(0, at(2100ms)), 0U);
    EXPECT_EQ(schedule.next()->at, at(3s));
}

TEST(Schedule, EmptyHasNothingDue) {
    EXPECT_FALSE(Schedule(0ms).next());
}

}  // namespace
}  // namespace sitepower::modbus::schedule_test
