#include "core/site/device_watch.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::device_watch_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);
constexpr DeviceIndex device{};

// One device with a group every 10 s and one every minute.
class DeviceWatchTest : public testing::Test {
  protected:
    DeviceWatchTest() {
        DeviceBuilder builder(model_, "MON-01");
        builder.point("a");
        builder.point("b");
        fast_ = builder.finish(Duration{10'000});
        builder.point("c");
        slow_ = builder.finish(Duration{60'000}, "slow");
        watch_.emplace(model_, settings_);
        watch_->tick(clock_.advance(start), lost_);
    }

    bool heard(const std::shared_ptr<const Layout>& layout, Duration at) {
        const auto& moment = clock_.advance(start + at);
        return watch_->heard(*make_frame(layout, start + at, std::vector<double>(layout->points.size())),
                             moment);
    }
    void fail(Duration at, const std::string& reason = "timeout") {
        watch_->failed({device, start + at, reason}, clock_.advance(start + at));
    }
    // Ticks every second up to then.
    void tick_until(Duration at) {
        while (clock_.moment().wall < start + at) {
            watch_->tick(clock_.advance(clock_.moment().wall + Duration{1'000}), lost_);
        }
    }
    std::vector<DeviceState> told() {
        std::vector<DeviceState> out;
        watch_->tell(device, clock_.moment(), out);
        return out;
    }
    const DeviceState& state() const { return watch_->states()[0]; }

    SiteModel model_;
    SiteSettings settings_;
    std::shared_ptr<const Layout> fast_, slow_;
    std::optional<DeviceWatch> watch_;
    Clock clock_;
    std::vector<LostPoints> lost_;
};

TEST_F(DeviceWatchTest, IsUnknownAndUntoldUntilSomethingIsHeard) {
    tick_until(Duration{5'000});
    EXPECT_EQ(state().status, DeviceStatus::unknown);
    EXPECT_EQ(state().reason, "not heard yet");
    EXPECT_FALSE(state().last_seen);
    EXPECT_TRUE(told().empty());
}

TEST_F(DeviceWatchTest, IsOnlineWithTheFirstFrame) {
    EXPECT_TRUE(heard(fast_, Duration{2'000}));
    EXPECT_EQ(state().status, DeviceStatus::online);
    EXPECT_EQ(state().reason, "");
    EXPECT_EQ(state().last_seen, start + Duration{2'000});
    EXPECT_EQ(told().size(), 1U);
    EXPECT_TRUE(told().empty());
}

TEST_F(DeviceWatchTest, IsStaleAfterOneAndAHalfPeriods) {
    heard(fast_, Duration{0});
    heard(slow_, Duration{0});
    tick_until(Duration{15'000});
    EXPECT_EQ(state().status, DeviceStatus::online);
    tick_until(Duration{16'000});
    EXPECT_EQ(state().status, DeviceStatus::stale);
    EXPECT_EQ(state().reason, "group fast not heard for 16 s");
    EXPECT_EQ(state().since, start + Duration{16'000});
    heard(fast_, Duration{17'000});
    EXPECT_EQ(state().status, DeviceStatus::online);
}

TEST_F(DeviceWatchTest, GivesUpWhatAGroupMeasuredAfterMissedPolls) {
    heard(fast_, Duration{0});
    heard(slow_, Duration{0});
    tick_until(Duration{35'000});
    EXPECT_TRUE(lost_.empty());
    tick_until(Duration{36'000});
    ASSERT_EQ(lost_.size(), 1U);
    EXPECT_EQ(lost_[0].first_slot, 0U);
    EXPECT_EQ(lost_[0].count, 2U);
    tick_until(Duration{100'000});
    EXPECT_EQ(lost_.size(), 1U) << "each loss is said once";
    EXPECT_EQ(state().status, DeviceStatus::stale) << "the slow group may still come";
    tick_until(Duration{211'000});
    EXPECT_EQ(state().status, DeviceStatus::offline);
    EXPECT_EQ(state().reason, "no answer");
    EXPECT_EQ(lost_.size(), 2U);
}

TEST_F(DeviceWatchTest, IsOfflineAfterThreeFailuresInARow) {
    heard(fast_, Duration{0});
    fail(Duration{10'000});
    fail(Duration{20'000});
    heard(fast_, Duration{21'000});
    fail(Duration{30'000});
    fail(Duration{40'000});
    EXPECT_NE(state().status, DeviceStatus::offline);
    fail(Duration{41'000}, "bus A unit 3: no answer within 300 ms");
    EXPECT_EQ(state().status, DeviceStatus::offline);
    EXPECT_EQ(state().reason, "bus A unit 3: no answer within 300 ms");
    EXPECT_EQ(state().last_seen, start + Duration{21'000});
    tick_until(Duration{42'000});
    EXPECT_EQ(lost_.size(), 1U) << "an offline device has nothing usable at once";
}

// Three dead units of a device with many: each fails in turn, while the others' frames come.
TEST_F(DeviceWatchTest, UnitsThatFailDoNotCountAgainstTheDeviceWhoseOthersAnswer) {
    heard(slow_, Duration{1'000});
    for (int cycle = 0; cycle < 6; ++cycle) {
        const Duration at{10'000 * cycle + 2'000};
        heard(fast_, at);
        for (int unit = 1; unit <= 3; ++unit) {
            fail(at + Duration{unit * 100}, "unit " + std::to_string(100 + unit) + ": timeout");
            ASSERT_EQ(state().status, DeviceStatus::online) << cycle;
        }
    }
    tick_until(Duration{52'000 + 16'000});  // then they fall silent as well
    EXPECT_EQ(state().status, DeviceStatus::offline);
    EXPECT_EQ(state().reason, "unit 103: timeout");
}

// Of two groups that are polled without a pause one answers, and the other fails after each of its frames.
TEST_F(DeviceWatchTest, SaysWhyAPartOfItHasNoValues) {
    for (int at = 0; at <= 60'000; at += 10'000) {
        heard(fast_, Duration{at});
        heard(slow_, Duration{at + 1});
        EXPECT_EQ(state().reason, "");
        if (at >= 40'000) fail(Duration{at + 2}, "index 3");
    }
    EXPECT_EQ(state().status, DeviceStatus::online);
    EXPECT_EQ(state().reason, "index 3") << "the third failure in a row";
    EXPECT_EQ(told().size(), 1U);
    for (int at = 61'000; at <= 145'000; at += 1'000) {
        heard(fast_, Duration{at});
        heard(slow_, Duration{at + 1});
        tick_until(Duration{at + 500});
        EXPECT_EQ(state().reason, "index 3") << "the slow group may fail again so late";
    }
    tick_until(Duration{151'000});
    EXPECT_EQ(state().status, DeviceStatus::online);
    EXPECT_EQ(state().reason, "") << "nothing has failed for so long";
}

TEST_F(DeviceWatchTest, FailuresNowAndThenAreNoReason) {
    for (int at = 0; at <= 600'000; at += 10'000) {
        heard(fast_, Duration{at});
        heard(slow_, Duration{at + 1});
        if (at % 100'000 == 0) fail(Duration{at + 2});
        tick_until(Duration{at + 5'000});
        EXPECT_EQ(state().reason, "");
    }
}

TEST_F(DeviceWatchTest, IsStaleForAReason) {
    heard(fast_, Duration{0});
    heard(slow_, Duration{1});
    for (int at = 10'000; at <= 110'000; at += 10'000) {
        heard(fast_, Duration{at});
        if (at % 60'000 == 0) fail(Duration{at + 1}, "holding 300 is refused");
        tick_until(Duration{at + 5'000});
    }
    EXPECT_EQ(state().status, DeviceStatus::stale);
    EXPECT_EQ(state().reason, "group slow not heard for 90 s: holding 300 is refused");
}

TEST_F(DeviceWatchTest, AGroupWithoutAPauseIsLostToo) {
    SiteModel model;
    DeviceBuilder builder(model, "MON-02");
    builder.point("a");
    const auto answering = builder.finish(Duration{0});
    builder.point("b");
    const auto failing = builder.finish(Duration{0}, "other");
    DeviceWatch watch(model, settings_);
    std::vector<LostPoints> lost;
    watch.heard(*make_frame(failing, start, {1}), clock_.advance(start));
    for (int second = 1; second <= 36; ++second) {
        const auto& moment = clock_.advance(start + Duration{1'000 * second});
        watch.heard(*make_frame(answering, moment.wall, {1}), moment);
        watch.failed({device, moment.wall, "exception 0x04"}, moment);
        watch.tick(moment, lost);
        EXPECT_EQ(watch.states()[0].status, second <= 15 ? DeviceStatus::online : DeviceStatus::stale)
            << second;
        EXPECT_EQ(lost.size(), second <= 35 ? 0U : 1U) << second;
    }
    EXPECT_EQ(lost.at(0).first_slot, 1U);
}

TEST_F(DeviceWatchTest, NothingIsUsedBeyondItsMaxAge) {
    SiteModel model;
    DeviceBuilder builder(model, "MON-03");
    builder.point("a");
    const auto layout = builder.finish(Duration{10'000}, "fast", Duration{16'000});
    settings_.missed_polls_until_offline = 10;
    DeviceWatch watch(model, settings_);
    std::vector<LostPoints> lost;
    watch.heard(*make_frame(layout, start, {1}), clock_.advance(start));
    watch.tick(clock_.advance(start + Duration{16'000}), lost);
    EXPECT_TRUE(lost.empty());
    watch.tick(clock_.advance(start + Duration{17'000}), lost);
    EXPECT_EQ(lost.size(), 1U);
}

// It is asked once a day: given up with the others, it would be missing for a day after a hiccup.
TEST_F(DeviceWatchTest, WhatIsReadOnceStaysWhenTheRestFails) {
    SiteModel model;
    DeviceBuilder builder(model, "MON-04");
    builder.point("a");
    const auto fast = builder.finish(Duration{1'000});
    builder.point("rated");
    const auto once = builder.finish(std::chrono::hours{24}, "once");
    DeviceWatch watch(model, settings_);
    std::vector<LostPoints> lost;
    watch.heard(*make_frame(fast, start, {1}), clock_.advance(start));
    watch.heard(*make_frame(once, start, {1}), clock_.advance(start));
    for (int second = 1; second <= 5; ++second) {
        const auto& moment = clock_.advance(start + Duration{1'000 * second});
        watch.failed({device, moment.wall, "exception 0x06"}, moment);
        watch.tick(moment, lost);
    }
    EXPECT_EQ(watch.states()[0].status, DeviceStatus::offline);
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].first_slot, 0U);
    // Nor does it keep a device online that says nothing more, and no failure either.
    EXPECT_TRUE(watch.heard(*make_frame(fast, start + Duration{6'000}, {1}),
                            clock_.advance(start + Duration{6'000})));
    EXPECT_EQ(watch.states()[0].status, DeviceStatus::online);
    watch.tick(clock_.advance(start + Duration{30'000}), lost);
    EXPECT_EQ(watch.states()[0].status, DeviceStatus::offline);
}

TEST_F(DeviceWatchTest, ADeviceThatNeverAnsweredIsOffline) {
    fail(Duration{1'000});
    fail(Duration{2'000});
    fail(Duration{3'000});
    EXPECT_EQ(state().status, DeviceStatus::offline);
    EXPECT_FALSE(state().last_seen);
    EXPECT_EQ(told().size(), 1U);
}

TEST_F(DeviceWatchTest, TellsANewReasonAtMostEveryInterval) {
    for (int i = 1; i <= 3; ++i) fail(Duration{i * 1'000}, "timeout");
    EXPECT_EQ(told().size(), 1U);
    fail(Duration{4'000}, "connection refused");
    EXPECT_EQ(state().reason, "connection refused");
    EXPECT_TRUE(told().empty());
    tick_until(Duration{63'000});
    ASSERT_EQ(told().size(), 1U);
}

TEST_F(DeviceWatchTest, RepeatsItself) {
    heard(fast_, Duration{0});
    told();
    int repeats = 0;
    for (Duration at{10'000}; at <= Duration{1'800'000}; at += Duration{10'000}) {
        heard(fast_, at);
        if (at.count() % 60'000 == 0) heard(slow_, at);
        repeats += static_cast<int>(told().size());
    }
    EXPECT_EQ(repeats, 2) << "once in 15 minutes";
}

TEST_F(DeviceWatchTest, RefusesRepeatedAndOlderFrames) {
    EXPECT_TRUE(heard(fast_, Duration{10'000}));
    EXPECT_FALSE(heard(fast_, Duration{10'000}));
    const auto older = make_frame(fast_, start + Duration{5'000}, {1, 2});
    EXPECT_FALSE(watch_->heard(*older, clock_.advance(start + Duration{11'000})));
    EXPECT_EQ(state().last_seen, start + Duration{10'000});
}

TEST_F(DeviceWatchTest, GoesOnAfterTheClockWasSetBack) {
    heard(fast_, Duration{10'000});
    const Duration back{-3'600'000};
    const auto ahead = make_frame(fast_, start + Duration{12'000}, {1, 2});
    EXPECT_TRUE(watch_->heard(*ahead, clock_.advance(start + back))) << "stamped before, handled after";
    EXPECT_TRUE(heard(fast_, back + Duration{10'000}));
    EXPECT_TRUE(heard(fast_, back + Duration{20'000}));
    EXPECT_FALSE(heard(fast_, back + Duration{20'000}));
    EXPECT_EQ(state().status, DeviceStatus::online);
}

TEST_F(DeviceWatchTest, BlamesNobodyForALeapOfTheClock) {
    heard(fast_, Duration{0});
    heard(slow_, Duration{0});
    watch_->tick(clock_.advance(start + Duration{3'600'000}), lost_);
    EXPECT_EQ(state().status, DeviceStatus::online);
    EXPECT_TRUE(lost_.empty());
}

TEST_F(DeviceWatchTest, RefusesForeignAndMalformedFrames) {
    EXPECT_FALSE(watch_->heard(*make_frame(nullptr, start, {}), clock_.moment()));
    EXPECT_FALSE(watch_->heard(*make_frame(fast_, start, {1}), clock_.moment()));
    auto foreign = std::make_shared<Layout>(*fast_);
    foreign->points[1].name = "other";
    EXPECT_FALSE(watch_->heard(*make_frame(foreign, start, {1, 2}), clock_.moment()));
    auto beyond = std::make_shared<Layout>(*fast_);
    beyond->device_index = static_cast<DeviceIndex>(7);
    EXPECT_FALSE(watch_->heard(*make_frame(beyond, start, {1, 2}), clock_.moment()));
    EXPECT_TRUE(watch_->heard(*make_frame(std::make_shared<Layout>(*fast_), start, {1, 2}), clock_.moment()))
        << "an equal layout, as links keep it over a reload";
}

}  // namespace
}  // namespace sitepower::device_watch_test
