#include "drivers/modbus/guard.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "drivers/modbus/schedule.hpp"

namespace sitepower::modbus::guard_test {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan timeout = 300ms;

SteadyTime at(SteadySpan span) {
    return SteadyTime(span);
}

Guard guard_of(int units) {
    Guard guard(42);
    for (int i = 0; i < units; ++i) guard.add(timeout);
    return guard;
}

TEST(Backoff, DoublesUpToTheCapWithJitter) {
    Backoff backoff(100ms, 1s, 1);
    for (const SteadySpan step : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        const auto wait = backoff.next();
        EXPECT_LE(wait, step);
        EXPECT_GE(wait, step * 3 / 4);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, DiffersFromBoxToBox) {
    EXPECT_NE(Backoff(1s, 1min, 1).next(), Backoff(1s, 1min, 12345).next());
}

TEST(Guard, AWellUnitMayAlwaysBeAsked) {
    const auto guard = guard_of(2);
    EXPECT_EQ(guard.allowed_at(0, at(5s)), at(5s));
    EXPECT_TRUE(guard.is_trusted(0));
}

TEST(Guard, ASilentUnitIsProbedLessAndLess) {
    auto guard = guard_of(2);
    auto now = at(100s);
    SteadySpan previous{};
    for (int i = 0; i < 8; ++i) {
        guard.failed(0, now, timeout);
        EXPECT_FALSE(guard.is_well(0));
        EXPECT_FALSE(guard.is_trusted(0));
        const auto wait = guard.allowed_at(0, now) - now;
        EXPECT_GE(wait, 9 * timeout) << "all probes together may take a tenth of the line";
        EXPECT_LE(wait, 30s) << "100 time-outs";
        if (i >= 3 && i < 6) {
            EXPECT_GT(wait, previous);
        }
        previous = wait;
        now += wait;
    }
    EXPECT_GE(previous, 20s);
    EXPECT_EQ(guard.allowed_at(1, now), now) << "the other one is not touched";
}

TEST(Guard, InAPauseOfTheLineASilentUnitIsProbedOncePerPeriod) {
    auto guard = guard_of(2);
    for (int i = 0; i < 6; ++i) guard.failed(0, at(100s), timeout);
    EXPECT_GT(guard.allowed_at(0, at(100s)), at(110s));
    EXPECT_EQ(guard.pause_probe_at(0, 1s), at(101s));
    EXPECT_EQ(guard.pause_probe_at(0, 10ms), at(100'500ms)) << "but not like a woodpecker";
    guard.failed(1, at(100s), timeout);
    EXPECT_FALSE(guard.pause_probe_at(0, 1s)) << "with nobody to protect the usual pace holds";
}

// Most of what falls silent is soon back: a fault that has just ended met its last try.
TEST(Guard, AUnitThatJustFellSilentIsLookedForSooner) {
    auto guard = guard_of(2);
    guard.failed(0, at(100s), timeout);
    EXPECT_EQ(guard.pause_probe_at(0, 10s), at(100'500ms));
    guard.failed(0, at(101s), timeout);
    EXPECT_EQ(guard.pause_probe_at(0, 10s), at(111s));
    guard.succeeded(0, at(120s));
    guard.failed(0, at(130s), timeout);
    EXPECT_EQ(guard.pause_probe_at(0, 10s), at(130'500ms));
}

TEST(Guard, AnAnswerMakesItWellAndAFewMakeItTrusted) {
    auto guard = guard_of(2);
    guard.failed(0, at(1s), timeout);
    EXPECT_FALSE(guard.succeeded(0, at(10s))) << "the other unit was well all the time";
    EXPECT_EQ(guard.allowed_at(0, at(10s)), at(10s));
    EXPECT_FALSE(guard.is_trusted(0));
    guard.succeeded(0, at(11s));
    guard.succeeded(0, at(12s));
    EXPECT_TRUE(guard.is_trusted(0));
}

TEST(Guard, ALineWithoutAnyWellUnitIsProbedSoonAndInTurn) {
    auto guard = guard_of(3);
    auto now = at(10s);
    for (std::size_t unit = 0; unit < 3; ++unit) guard.failed(unit, now, timeout);
    std::vector<int> probes(3);
    for (int i = 0; i < 60; ++i) {
        now += 500ms;
        for (std::size_t unit = 0; unit < 3; ++unit) {
            if (guard.allowed_at(unit, now) > now) continue;
            ++probes[unit];
            guard.failed(unit, now, timeout);
        }
    }
    EXPECT_EQ(probes[0] + probes[1] + probes[2], 60) << "one every half second";
    EXPECT_GE(*std::ranges::min_element(probes), 10);
    EXPECT_TRUE(guard.succeeded(1, now)) << "the line is back";
    EXPECT_EQ(guard.allowed_at(0, now), now);
    EXPECT_EQ(guard.allowed_at(2, now), now);
}

// One dead unit behind a gateway with 36 others, in virtual time: what the bus's worker does with schedule
// and guard.
struct Gateway {
    int units = 37;
    SteadySpan period = 1s;
    SteadySpan answer = 5ms;
    std::size_t dead = 17;

    struct Outcome {
        double worst_rate = 1;
        SteadySpan longest_silence{};
        int probes = 0;
    };

    Outcome run(SteadySpan duration) const {
        Schedule schedule(120ms);
        auto guard = guard_of(units);
        const auto start = at(1000s);
        std::vector<SteadyTime> last(static_cast<std::size_t>(units), start);
        std::vector<int> polls(static_cast<std::size_t>(units));
        for (int i = 0; i < units; ++i) schedule.add(period, start);
        Outcome outcome;
        for (auto now = start; now < start + duration;) {
            const auto due = *schedule.next();
            if (due.at > now) {
                now = due.at;
                continue;
            }
            const auto allowed_at = guard.allowed_at(due.entry, now);
            if (allowed_at > now) {
                schedule.defer(due.entry, allowed_at);
                continue;
            }
            schedule.begin(due.entry, now);
            if (due.entry == dead) {
                now += timeout;
                ++outcome.probes;
                guard.failed(due.entry, now, timeout);
                schedule.defer(due.entry, guard.allowed_at(due.entry, now));
                continue;
            }
            now += answer;
            guard.succeeded(due.entry, now);
            outcome.longest_silence = std::max(outcome.longest_silence, now - last[due.entry]);
            last[due.entry] = now;
            ++polls[due.entry];
        }
        for (std::size_t i = 0; i < polls.size(); ++i) {
            if (i != dead) {
                outcome.worst_rate = std::min(
                    outcome.worst_rate, static_cast<double>(polls[i]) / static_cast<double>(duration / 1s));
            }
        }
        return outcome;
    }
};

TEST(Guard, OneDeadUnitBehind36KeepsTheOthersAtTheirRate) {
    const auto outcome = Gateway{}.run(600s);
    EXPECT_GE(outcome.worst_rate, 0.99);
    EXPECT_LE(outcome.longest_silence, 2s);
    EXPECT_GE(outcome.probes, 600 / 30) << "and it is still looked for";
}

TEST(Guard, AlsoWhenTheLineIsNearlyFull) {
    Gateway gateway;
    gateway.answer = 25ms;  // 36 * 25 ms = 0.9 s of each second
    const auto outcome = gateway.run(600s);
    EXPECT_GE(outcome.worst_rate, 0.95);
    EXPECT_LE(outcome.longest_silence, 2s);
}

}  // namespace
}  // namespace sitepower::modbus::guard_test
