#include "core/forecast/step_collector.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::step_collector_test {
namespace {

using std::chrono::minutes;

constexpr Duration quarter{minutes{15}};
const Time start = *parse_time("2026-11-27T12:00:00Z");
const StepCollector::Profile even = [](Time) { return 1.0; };

std::vector<ClosedStep> closed_by(StepCollector& collector, Time time, double value,
                                  const StepCollector::Profile& profile = even) {
    std::vector<ClosedStep> closed;
    collector.value(time, value, profile, closed);
    return closed;
}

TEST(StepCollector, AveragesWhatWasMeasured) {
    StepCollector collector(quarter, {});
    EXPECT_TRUE(closed_by(collector, start, 10).empty());
    EXPECT_TRUE(closed_by(collector, start + minutes{14}, 20).empty());
    const auto closed = closed_by(collector, start + quarter, 99);
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].begin, start);
    EXPECT_EQ(closed[0].value, 15);
    EXPECT_TRUE(closed[0].observed);
}

TEST(StepCollector, ClosesEachStepOnce) {
    StepCollector collector(quarter, {});
    std::vector<ClosedStep> closed;
    collector.value(start, 10, even, closed);
    collector.tick(start + minutes{14}, closed);
    EXPECT_TRUE(closed.empty());
    collector.tick(start + quarter, closed);
    EXPECT_EQ(closed.size(), 1U);
    EXPECT_FALSE(collector.value(start + minutes{1}, 10, even, closed));
    EXPECT_FALSE(collector.value(start + quarter, std::nan(""), even, closed));
    EXPECT_TRUE(collector.value(start + quarter, 10, even, closed));
    collector.skip({.begin = start + 2 * quarter, .value = 10});
    EXPECT_FALSE(collector.value(start + 2 * quarter, 10, even, closed));
    EXPECT_EQ(closed.size(), 1U);
}

// Twelve o'clock: 10 and 20; a quarter past: nothing; half past: 40, and the step after it is open.
StepCollector half_an_hour() {
    StepCollector collector(quarter, {});
    closed_by(collector, start, 10);
    closed_by(collector, start + minutes{10}, 20);
    closed_by(collector, start + 2 * quarter, 40);
    closed_by(collector, start + 3 * quarter, 50);
    return collector;
}

TEST(StepCollector, ALateValueJoinsThoseOfItsStep) {
    auto collector = half_an_hour();
    const auto corrected = collector.correct(start + minutes{5}, 60);
    ASSERT_TRUE(corrected);
    EXPECT_EQ(corrected->step.begin, start);
    EXPECT_EQ(corrected->before, 15);
    EXPECT_EQ(corrected->step.value, 30);
    EXPECT_TRUE(corrected->step.observed);
    EXPECT_FALSE(collector.correct(start + 3 * quarter, 1)) << "its step is open";
    EXPECT_FALSE(collector.correct(start - quarter, 1)) << "before all";
    EXPECT_FALSE(collector.correct(start, std::nan("")));
}

TEST(StepCollector, ACorrectedValueTakesThePlaceOfTheNewestOfItsStepOnce) {
    auto collector = half_an_hour();
    const auto corrected = collector.correct(start + minutes{10}, 40);
    ASSERT_TRUE(corrected);
    EXPECT_EQ(corrected->step.value, 25);
    EXPECT_FALSE(collector.correct(start + minutes{10}, 40)) << "told twice";
    EXPECT_EQ(collector.correct(start + minutes{10}, 20)->step.value, 15);
}

TEST(StepCollector, ALateValueFillsAStepThatNothingCameFor) {
    auto collector = half_an_hour();
    ASSERT_TRUE(collector.measured(start, start + 3 * quarter));
    EXPECT_EQ(collector.measured(start, start + 3 * quarter)->count, 2U);
    const auto corrected = collector.correct(start + quarter + minutes{3}, 30);
    ASSERT_TRUE(corrected);
    EXPECT_FALSE(corrected->before);
    EXPECT_EQ(corrected->step.begin, start + quarter);
    EXPECT_EQ(corrected->step.value, 30);
    const auto measured = collector.measured(start, start + 3 * quarter);
    ASSERT_TRUE(measured);
    EXPECT_EQ(measured->count, 3U);
    EXPECT_EQ(measured->sum, 15 + 30 + 40);
    EXPECT_FALSE(collector.measured(start, start + 4 * quarter)) << "the last one is open";
}

TEST(StepCollector, ALateValueBeforeTheOpenStepClosesItsOwnInOrder) {
    StepCollector collector(quarter, {});
    closed_by(collector, start, 10);
    closed_by(collector, start + 2 * quarter, 30);
    const auto closed = closed_by(collector, start + quarter, 20);
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].begin, start + quarter);
    EXPECT_EQ(closed[0].value, 20);
    EXPECT_EQ(collector.correct(start + quarter + minutes{1}, 40)->step.value, 30) << "others join it";
    const auto next = closed_by(collector, start + 3 * quarter, 0);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].value, 30) << "the open one stayed open";
}

TEST(StepCollector, KeepsTheNewestStepsForLateValues) {
    StepCollector collector(quarter, {});
    const auto steps = static_cast<std::int64_t>(StepCollector::kept_steps) + 1;
    for (std::int64_t i = 0; i <= steps; ++i) closed_by(collector, start + quarter * i, 10);
    EXPECT_FALSE(collector.correct(start + minutes{1}, 20));
    EXPECT_FALSE(collector.measured(start, start + quarter));
    EXPECT_TRUE(collector.correct(start + quarter + minutes{1}, 20));
    collector.skip({.begin = start + quarter * (steps + 4), .value = 1});
    EXPECT_FALSE(collector.correct(start + 2 * quarter + minutes{1}, 20))
        << "closed before a restart: how many values it had is not known";
}

TEST(StepCollector, ACountersStepIsNotCorrected) {
    StepCollector collector(quarter, CounterSettings{});
    for (int i = 0; i < 4; ++i) closed_by(collector, start + quarter * i, 10.0 * i);
    EXPECT_FALSE(collector.correct(start + minutes{5}, 4));
}

TEST(StepCollector, LateValuesFindTheirStepsInAReloadedState) {
    auto collector = half_an_hour();
    BlobWriter writer;
    collector.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    StepCollector reloaded(quarter, {});
    reloaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    EXPECT_EQ(reloaded.correct(start + minutes{5}, 60)->step.value, 30);
    EXPECT_EQ(reloaded.correct(start + quarter, 7)->step.value, 7);
}

TEST(StepCollector, DividesACounterAtTheStepsEnd) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 0);
    closed_by(collector, start + minutes{10}, 10);
    const auto closed =
        closed_by(collector, start + minutes{20}, 30);  // 20 in ten minutes, half of it before
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_DOUBLE_EQ(closed[0].value, 20);
    const auto next = closed_by(collector, start + minutes{30}, 40);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_DOUBLE_EQ(next[0].value, 20);
}

TEST(StepCollector, LeavesOutAStepThatACounterDidNotCover) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start + minutes{5}, 100);
    EXPECT_TRUE(closed_by(collector, start + quarter, 110).empty()) << "ten minutes are not a step";
    closed_by(collector, start + minutes{20}, 5);  // reset
    EXPECT_TRUE(closed_by(collector, start + 2 * quarter, 20).empty());
    EXPECT_EQ(closed_by(collector, start + 3 * quarter, 35).size(), 1U);
}

TEST(StepCollector, ACountersStepWaitsForTheReadingThatEndsIt) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 100);
    closed_by(collector, start + minutes{14}, 128);
    std::vector<ClosedStep> closed;
    collector.tick(start + minutes{60}, closed);
    EXPECT_TRUE(closed.empty());
    ASSERT_EQ(closed_by(collector, start + quarter, 130).size(), 1U);
}

TEST(StepCollector, SpreadsAGapByWhatWasExpected) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 0);
    const auto closed = closed_by(collector, start + 4 * quarter, 100,
                                  [](Time step) { return step < start + 2 * quarter ? 3.0 : 1.0; });
    ASSERT_EQ(closed.size(), 4U);
    EXPECT_DOUBLE_EQ(closed[0].value, 37.5);
    EXPECT_DOUBLE_EQ(closed[3].value, 12.5);
    for (const auto& step : closed) EXPECT_FALSE(step.observed);
}

TEST(StepCollector, BeginsAnewAfterALongGap) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 0);
    const Time later = start + StepCollector::longest_gap + quarter;
    EXPECT_TRUE(closed_by(collector, later, 1e6).empty());
    const auto closed = closed_by(collector, later + quarter, 1e6 + 7);
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].value, 7);
}

// A crash: the last reading is that of the state, but steps after it were closed and stored.
TEST(StepCollector, ASkippedStepIsNotCountedAgain) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 100);
    closed_by(collector, start + minutes{20}, 120);
    collector.skip({.begin = start + quarter, .value = 15});
    collector.skip({.begin = start + 2 * quarter, .value = 18});
    EXPECT_TRUE(closed_by(collector, start + 3 * quarter + minutes{5}, 154).empty())
        << "120 + (15 - 5) + 18 were counted by its begin, 6 since";
    const auto closed = closed_by(collector, start + 4 * quarter, 166);
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].begin, start + 3 * quarter);
    EXPECT_DOUBLE_EQ(closed[0].value, 18);
    EXPECT_TRUE(closed[0].observed);
}

TEST(StepCollector, OfAStepThatNobodyKnowsOthersGetNothing) {
    StepCollector collector(quarter, CounterSettings{});
    closed_by(collector, start, 100);
    closed_by(collector, start + quarter, 115);
    collector.skip({.begin = start + 2 * quarter, .value = 15});  // the one before it was lost
    const auto closed = closed_by(collector, start + 4 * quarter, 160);
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_DOUBLE_EQ(closed[0].value, 15);
}

// Whatever the times of the readings: the steps hold what was counted between the first and the last.
TEST(StepCollector, LosesNothingThatWasCounted) {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        Noise noise(seed);
        StepCollector collector(quarter, CounterSettings{});
        Time time = start;
        double total = 0;
        double counted = 0;
        std::vector<ClosedStep> closed;
        collector.value(time, total, even, closed);
        for (int i = 0; i < 300; ++i) {
            const bool gap = noise.next() > 0.95;
            time += Duration{static_cast<std::int64_t>((gap ? 1e7 : 4e5) * (1.01 + noise.next()))};
            total += 5 + 4 * noise.next();
            collector.value(
                time, total, [&](Time) { return 1 + noise.next(); }, closed);
        }
        // The last step is closed at its end, by a reading that counts nothing more.
        const Time end = from_ms((to_ms(time) / quarter.count() + 1) * quarter.count());
        collector.value(end, total, even, closed);
        for (std::size_t i = 0; i < closed.size(); ++i) {
            counted += closed[i].value;
            EXPECT_EQ(closed[i].begin, closed[0].begin + quarter * static_cast<std::int64_t>(i));
        }
        EXPECT_NEAR(counted, total, 1e-6) << seed;
    }
}

}  // namespace
}  // namespace sitepower::forecast::step_collector_test
