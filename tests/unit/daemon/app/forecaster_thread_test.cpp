// The forecast thread with its real thread, and a memory that forgets.
#include "daemon/app/forecaster_thread.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>

#include "tests/support/fake_memory.hpp"
#include "tests/support/process.hpp"

namespace sitepower::forecaster_thread_test {
namespace {

using namespace std::chrono_literals;

const Time start = *parse_time("2026-03-02T00:00:00Z");

SeriesSettings series_of(const std::string& id) {
    return {.id = id, .unit = "kW", .step = 1min, .clock = {}, .metric = id, .fingerprint = 1};
}

class ForecasterThreadTest : public testing::Test {
  protected:
    ForecasterThreadTest()
        : thread(latest, {.now = [] { return start + 3min; },
                          .memory = [this] { return std::make_unique<support::FakeMemory>(memory); },
                          .take =
                              [this](ForecastEffects effects) {
                                  for (auto& row : effects.rows.steps) steps.push_back(std::move(row));
                                  for (auto& row : effects.rows.states) states.push_back(std::move(row));
                                  for (auto& job : effects.rows.jobs) jobs.push_back(std::move(job));
                              }}) {}

    void begin_with(const std::vector<std::string>& series) {
        configure(series);
        thread.start();
        turn_to_its_end();
    }
    void configure(const std::vector<std::string>& series) {
        ForecastSettings settings;
        for (const auto& id : series) settings.series.push_back(series_of(id));
        thread.configure(settings);
    }
    void turn_to_its_end() {
        const auto before = thread.view().turns;
        thread.turn(prices);
        ASSERT_TRUE(support::eventually(20s, [&] {
            thread.deliver();
            return thread.view().turns > before;
        }));
    }
    std::vector<double> values_of(const std::string& series) const {
        std::vector<double> values;
        for (const auto& row : steps) {
            if (row.series == series + "@1") values.push_back(row.step.value);
        }
        return values;
    }
    // One that keeps the thread until `gate` is opened.
    bool ask_and_hold(std::shared_future<void> gate) {
        return thread.ask([gate = std::move(gate)](SeriesBook&, SeriesMemory&) -> Completion {
            gate.wait();
            return [] {};
        });
    }

    support::FakeMemory memory;
    LatestForecasts latest;
    PriceBook prices{{}, start};
    std::vector<SeriesStepRow> steps;
    std::vector<SeriesStateRow> states;
    std::vector<Job> jobs;
    ForecasterThread thread;
};

TEST_F(ForecasterThreadTest, AReloadGivesNoValueToAnotherSeries) {
    std::promise<void> gate;
    begin_with({"load"});
    ASSERT_TRUE(ask_and_hold(gate.get_future().share()));
    thread.feed().metric("load", start, 10);
    thread.turn(prices);
    thread.feed().metric("load", start + 1min, 11);
    thread.turn(prices);
    configure({"new", "load"});
    thread.feed().metric("new", start + 1min, 500);
    for (int minute = 2; minute <= 3; ++minute) {
        thread.feed().metric("new", start + minute * 1min, 500);
        thread.feed().metric("load", start + minute * 1min, 10 + minute);
    }
    gate.set_value();
    ASSERT_TRUE(support::eventually(20s, [&] {
        thread.deliver();
        return thread.view().turns == 2;
    }));
    turn_to_its_end();
    EXPECT_EQ(values_of("load"), (std::vector<double>{10, 11, 12}));
    EXPECT_EQ(values_of("new"), (std::vector<double>{500, 500}));
    thread.stop();
}

TEST_F(ForecasterThreadTest, QuestionsLeaveRoomForATurn) {
    std::promise<void> gate;
    begin_with({"load"});
    const auto opened = gate.get_future().share();
    std::size_t asked = 0;
    while (ask_and_hold(opened)) ++asked;
    EXPECT_EQ(asked, ForecasterThread::most_questions);
    EXPECT_EQ(thread.view().refused, 1U);
    thread.feed().metric("load", start, 10);
    thread.turn(prices);
    EXPECT_EQ(thread.view().refused, 1U);
    for (std::size_t i = 0; i < ForecasterThread::behind_after; ++i) {
        EXPECT_EQ(thread.view().reason, "");
        thread.turn(prices);
    }
    EXPECT_NE(thread.view().reason, "");
    thread.feed().metric("load", start + 1min, 11);
    gate.set_value();
    ASSERT_TRUE(support::eventually(20s, [&] {
        thread.deliver();
        return thread.view().turns == 2;
    }));
    turn_to_its_end();
    EXPECT_EQ(thread.view().reason, "");
    EXPECT_EQ(values_of("load"), (std::vector<double>{10}));
    EXPECT_TRUE(ask_and_hold(opened));
    thread.stop();
}

TEST_F(ForecasterThreadTest, WhatWasDoneBeforeTheStopIsKept) {
    begin_with({"load"});
    ASSERT_TRUE(thread.ask([](SeriesBook& book, SeriesMemory&) -> Completion {
        EXPECT_TRUE(book.retrain("load", 2, start));
        return [] {};
    }));
    pollfd ended{thread.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&ended, 1, 20'000), 1);
    thread.stop();
    EXPECT_EQ(jobs.size(), 1U);
}

TEST_F(ForecasterThreadTest, WhatWaitsAtTheStopIsTaken) {
    std::promise<void> gate;
    begin_with({"load"});
    ASSERT_TRUE(ask_and_hold(gate.get_future().share()));
    thread.feed().metric("load", start, 10);
    thread.turn(prices);
    thread.feed().metric("load", start + 1min, 11);
    thread.turn(prices);
    thread.feed().metric("load", start + 2min, 12);
    configure({"other"});
    thread.feed().metric("other", start + 2min, 12);
    gate.set_value();
    thread.stop();
    EXPECT_EQ(values_of("load"), (std::vector<double>{10, 11}));
    EXPECT_TRUE(values_of("other").empty()) << "it begins with the next start";
    ASSERT_EQ(states.size(), 1U);
    EXPECT_EQ(states[0].series, "load@1");
    EXPECT_FALSE(thread.ask([](SeriesBook&, SeriesMemory&) -> Completion { return [] {}; }));
}

TEST_F(ForecasterThreadTest, WithoutSeriesThereAreNoTurns) {
    thread.start();
    thread.turn(prices);
    EXPECT_EQ(thread.view().refused, 0U);
    EXPECT_EQ(thread.worker().since_progress(), 0ms);
    begin_with({"load"});
    configure({});
    turn_to_its_end();
    const auto turns = thread.view().turns;
    thread.turn(prices);
    thread.stop();
    EXPECT_EQ(thread.view().turns, turns);
}

}  // namespace
}  // namespace sitepower::forecaster_thread_test
