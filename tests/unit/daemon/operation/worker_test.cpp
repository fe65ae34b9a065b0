#include "daemon/operation/worker.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <iterator>
#include <thread>

#include "daemon/operation/reply.hpp"

namespace sitepower::worker_test {
namespace {

constexpr int deadline_ms = 10'000;

void wait_for_completions(const Worker& worker) {
    pollfd waiting{worker.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&waiting, 1, deadline_ms), 1);
}

TEST(Worker, RunsJobsInOrderElsewhereAndCompletionsHere) {
    Worker worker;
    worker.start();
    std::vector<int> completed;
    std::thread::id worked;
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(worker.submit([&, i]() -> Completion {
            worked = std::this_thread::get_id();
            return [&, i] { completed.push_back(i); };
        }));
    }
    while (completed.size() < 3) {
        wait_for_completions(worker);
        worker.deliver();
    }
    EXPECT_EQ(completed, (std::vector<int>{0, 1, 2}));
    EXPECT_NE(worked, std::this_thread::get_id());
}

std::ptrdiff_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

TEST(Worker, HasNoThreadBeforeItsFirstJob) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the thread sanitizer begins one of its own with the first";
#endif
    Worker worker;
    const auto before = threads_of_this_process();
    worker.start();
    EXPECT_EQ(threads_of_this_process(), before);
    EXPECT_TRUE(worker.submit([]() -> Completion { return [] {}; }));
    wait_for_completions(worker);
    EXPECT_EQ(threads_of_this_process(), before + 1);
    worker.deliver();
    EXPECT_TRUE(worker.submit([]() -> Completion { return [] {}; }));
    wait_for_completions(worker);
    EXPECT_EQ(threads_of_this_process(), before + 1);
}

TEST(Worker, RunsWhatWasAskedBeforeItsStart) {
    Worker worker;
    bool completed = false;
    EXPECT_TRUE(worker.submit([&]() -> Completion { return [&] { completed = true; }; }));
    worker.start();
    wait_for_completions(worker);
    worker.deliver();
    EXPECT_TRUE(completed);
}

TEST(Worker, RefusesAtItsLimitUntilCompletionsAreDelivered) {
    Worker worker(2);
    std::promise<void> gate;
    worker.start();
    EXPECT_TRUE(worker.submit([opened = gate.get_future()]() mutable -> Completion {
        opened.wait();
        return [] {};
    }));
    EXPECT_TRUE(worker.submit([]() -> Completion { return [] {}; }));
    EXPECT_FALSE(worker.submit([]() -> Completion { return [] {}; }));
    gate.set_value();
    wait_for_completions(worker);
    worker.deliver();
    EXPECT_TRUE(worker.submit([]() -> Completion { return [] {}; }));
}

TEST(Worker, ShowsHowLongAJobTakes) {
    Worker worker(4, std::chrono::seconds{7});
    EXPECT_EQ(worker.progress_limit(), std::chrono::seconds{7});
    EXPECT_EQ(worker.since_progress(), Duration{0});
    std::promise<void> began;
    std::promise<void> gate;
    worker.start();
    ASSERT_TRUE(worker.submit([&began, opened = gate.get_future()]() mutable -> Completion {
        began.set_value();
        opened.wait();
        return [] {};
    }));
    began.get_future().wait();
    const auto begin = std::chrono::steady_clock::now();
    while (worker.since_progress() < Duration{2} &&
           std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{deadline_ms}) {
        std::this_thread::yield();
    }
    EXPECT_GE(worker.since_progress(), Duration{2});
    gate.set_value();
    wait_for_completions(worker);
    EXPECT_EQ(worker.since_progress(), Duration{0});
}

TEST(Worker, WhatHasEndedWhenItFinishesIsStillDelivered) {
    Worker worker;
    int completed = 0;
    worker.start();
    ASSERT_TRUE(worker.submit([&]() -> Completion { return [&] { ++completed; }; }));
    wait_for_completions(worker);
    worker.finish();
    EXPECT_FALSE(worker.submit([]() -> Completion { return [] {}; }));
    EXPECT_EQ(completed, 0);
    worker.deliver();
    EXPECT_EQ(completed, 1);
}

TEST(Worker, AnswersWhatItDropsWhenItStops) {
    Worker worker;
    int refused = 0;
    for (int i = 0; i < 3; ++i) {
        Reply reply(
            [&](const Outcome& outcome) { refused += std::holds_alternative<Failure>(outcome) ? 1 : 0; });
        // Not started: the jobs wait until they are dropped.
        ASSERT_TRUE(worker.submit([reply = std::move(reply)]() mutable -> Completion {
            return [reply = std::move(reply)]() mutable { reply(Json::object()); };
        }));
    }
    worker.stop();
    EXPECT_EQ(refused, 3);
    EXPECT_FALSE(worker.submit([]() -> Completion { return [] {}; }));
}

}  // namespace
}  // namespace sitepower::worker_test
