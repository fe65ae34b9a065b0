#include "daemon/loop/loop.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>
#include <vector>

namespace sitepower::loop_test {
namespace {

using std::chrono::steady_clock;

TEST(Loop, PostRunsOnTheLoopInOrder) {
    Loop loop;
    std::vector<int> seen;
    const auto loop_thread = std::this_thread::get_id();
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            EXPECT_TRUE(loop.post([&, i] {
                EXPECT_EQ(std::this_thread::get_id(), loop_thread);
                seen.push_back(i);
                if (i == 99) loop.quit(7);
            }));
        }
    });
    EXPECT_EQ(loop.run(), 7);
    other.join();
    ASSERT_EQ(seen.size(), 100U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Loop, PeriodDoesNotDrift) {
    Loop loop;
    const auto start = steady_clock::now();
    int count = 0;
    const auto timer = loop.every(Duration{5}, [&] {
        // A callback that takes half a period must not push the next deadline.
        const auto until = steady_clock::now() + Duration{2};
        while (steady_clock::now() < until) {
        }
        if (++count == 20) loop.quit(0);
    });
    loop.run();
    // 20 periods of 5 ms; with drift it would be at least 140 ms on any machine.
    EXPECT_GE(steady_clock::now() - start, Duration{99});
    EXPECT_EQ(count, 20);
}

TEST(Loop, AfterRunsOnceAndCanBeReplaced) {
    Loop loop;
    int first = 0;
    int second = 0;
    auto timer = loop.after(Duration{60'000}, [&] { ++first; });
    timer = loop.after(Duration{1}, [&] {
        ++second;
        loop.quit(0);
    });
    loop.run();
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);
}

TEST(Loop, AfterCanBeArmedAgainFromItsOwnCallback) {
    Loop loop;
    int runs = 0;
    LoopSource timer;
    timer = loop.after(Duration{1}, [&] {
        if (++runs == 3) return loop.quit(0);
        timer.arm(Duration{1});
    });
    loop.run();
    EXPECT_EQ(runs, 3);
}

TEST(Loop, WhatHappensToADisabledSourceIsToldAfterwards) {
    Loop loop;
    Mailbox<int> mailbox(4);
    int calls = 0;
    auto source = loop.on_readable(mailbox.fd(), [&] {
        ++calls;
        std::vector<int> values;
        mailbox.drain(values);
    });
    source.enable(false);
    ASSERT_TRUE(mailbox.push(1));
    loop.run_once(Duration{0});
    EXPECT_EQ(calls, 0);
    source.enable(true);
    loop.run_once(Duration{1000});
    EXPECT_EQ(calls, 1);
}

TEST(Loop, ReadableAndSignalsReachTheirCallbacks) {
    Loop::block_signals();
    Loop loop;
    Mailbox<int> box(10);
    std::vector<int> got;
    bool terminated = false;
    const auto readable = loop.on_readable(box.fd(), [&] {
        box.drain(got);
        std::raise(SIGTERM);
    });
    const auto signal = loop.on_signal(SIGTERM, [&] {
        terminated = true;
        loop.quit(0);
    });
    EXPECT_TRUE(box.push(42));
    loop.run();
    EXPECT_EQ(got, std::vector<int>{42});
    EXPECT_TRUE(terminated);
}

TEST(Loop, AnEndedSourceIsNeverCalled) {
    Loop loop;
    Mailbox<int> box(1);
    bool called = false;
    {
        const auto source = loop.on_readable(box.fd(), [&] { called = true; });
        EXPECT_TRUE(box.push(1));
    }
    loop.run_once(Duration{0});
    EXPECT_FALSE(called);
}

TEST(Loop, PostRefusesAtItsLimit) {
    Loop loop;
    for (int i = 0; i < 65536; ++i) {
        ASSERT_TRUE(loop.post([] {}));
    }
    EXPECT_FALSE(loop.post([] {}));
    loop.run_once(Duration{0});
    EXPECT_TRUE(loop.post([] {}));
}

TEST(Mailbox, RefusesWhenFullAndKeepsTheValue) {
    Mailbox<std::string> box(2);
    EXPECT_TRUE(box.push("one"));
    EXPECT_TRUE(box.push("two"));
    std::string third = "three";
    EXPECT_FALSE(box.push(std::move(third)));
    EXPECT_EQ(third, "three");  // NOLINT(bugprone-use-after-move): a refused value stays with its owner
    std::vector<std::string> all{"old"};
    box.drain(all);
    EXPECT_EQ(all, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(box.size(), 0U);
}

TEST(Mailbox, PushWithinWaitsForRoomAndGivesUp) {
    Mailbox<int> box(1);
    EXPECT_TRUE(box.push_within(1, Duration{0}));
    EXPECT_FALSE(box.push_within(2, Duration{1}));
    std::thread owner([&box] {
        std::vector<int> batch;
        box.drain(batch);
        EXPECT_EQ(batch, std::vector<int>{1});
    });
    EXPECT_TRUE(box.push_within(3, Duration{10'000}));
    owner.join();
    EXPECT_EQ(box.size(), 1U);
}

TEST(Loop, WhatIsPostedAfterItsEndCanStillBeRun) {
    Loop loop;
    loop.quit(0);
    loop.run();
    int ran = 0;
    ASSERT_TRUE(loop.post([&] { ++ran; }));
    loop.run_posted();
    loop.run_posted();
    EXPECT_EQ(ran, 1);
}

TEST(Mailbox, ManyProducersLoseNothing) {
    Mailbox<int> box(1'000'000);
    std::vector<std::thread> producers;
    for (int p = 0; p < 4; ++p) {
        producers.emplace_back([&box, p] {
            for (int i = 0; i < 10'000; ++i) {
                EXPECT_TRUE(box.push(p * 10'000 + i));
            }
        });
    }
    std::vector<int> last(4, -1);
    std::vector<int> batch;
    int count = 0;
    while (count < 40'000) {
        box.drain(batch);
        for (const int value : batch) {
            EXPECT_GT(value, last[value / 10'000]);  // in order per producer
            last[value / 10'000] = value;
            ++count;
        }
        std::this_thread::yield();
    }
    for (auto& producer : producers) producer.join();
}

}  // namespace
}  // namespace sitepower::loop_test
