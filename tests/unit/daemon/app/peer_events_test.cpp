#include "daemon/app/peer_events.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "daemon/app/live_outlets.hpp"
#include "tests/unit/daemon/store/fixture.hpp"

namespace sitepower::peer_events_test {
namespace {

class PeerEventsTest : public ::testing::Test {
  protected:
    PeerEventsTest() {
        settings_.directory = directory_.path();
        auto opened = Store::open(settings_, observer_);
        EXPECT_TRUE(opened);
        store_ = std::move(*opened);
    }
    // Runs `report` on another thread, as the publisher and the writer do.
    static void elsewhere(const std::function<void()>& report) { std::thread(report).join(); }
    void note(std::string text) {
        EXPECT_EQ(std::this_thread::get_id(), loop_thread_) << text;
        said_.push_back(std::move(text));
    }

    TemporaryDirectory directory_;
    StoreSettings settings_;
    RecordingObserver observer_;
    std::unique_ptr<Store> store_;
    Loop loop_;
    std::thread::id loop_thread_ = std::this_thread::get_id();
    std::vector<std::string> said_;
};

TEST_F(PeerEventsTest, WhatThePublisherSaysArrivesOnTheLoopInOrder) {
    PublisherEvents events(loop_, *store_);
    events.set_handlers(
        {.refused = [this](MessageKey, int reason) { note("refused " + std::to_string(reason)); },
         .connection_changed = [this](const ConnectionState& state) { note("broker " + state.broker); },
         .backlog_wanted = [this] { note("wanted"); },
         .request = [this](const MqttRequest& request) { note("request " + request.operation); }});
    elsewhere([&] {
        events.connection_changed({.connected = true, .broker = "b:1883"});
        events.backlog_wanted();
        events.refused(MessageKey{7}, 0x87);
        events.request({.operation = "health"});
    });
    EXPECT_TRUE(said_.empty()) << "not on the publisher's thread";
    loop_.run_once(Duration{0});
    EXPECT_EQ(said_, (std::vector<std::string>{"broker b:1883", "wanted", "refused 135", "request health"}));
}

TEST_F(PeerEventsTest, AcknowledgementsGoStraightToTheStore) {
    PublisherEvents events(loop_, *store_);
    const auto epoch = store_->report().epoch;
    const auto message = text_message(epoch, 1, MessageKind::state, "site", "{}");
    ASSERT_TRUE(store_->append(MessageRow{message}));
    ASSERT_TRUE(store_->append(MessageRow{text_message(epoch, 2, MessageKind::state, "site", "{}")}));
    elsewhere([&] { events.delivered(std::vector{message->key}); });
    store_->start();
    store_->stop();
    const auto left = read_outbox(store_->path());
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0]->key, epoch.key(2));
}

TEST_F(PeerEventsTest, WhatTheWriterSaysArrivesOnTheLoop) {
    StoreEvents events(loop_);
    events.set_handlers(
        {.condition = [this](const std::string& type, bool holds,
                             const std::string& message) { note(type + (holds ? "+" : "-") + message); },
         .readings_dropped = [this](Time, Time, std::uint64_t frames) { note(std::to_string(frames)); }});
    elsewhere([&] {
        events.store_condition("store_full", true, "no room");
        events.readings_dropped(test_start, test_start, 17);
        events.store_condition("store_full", false, "room");
    });
    loop_.run_once(Duration{0});
    EXPECT_EQ(said_, (std::vector<std::string>{"store_full+no room", "17", "store_full-room"}));
}

TEST_F(PeerEventsTest, WithoutAPublisherEverythingIsStoredAndNothingIsLive) {
    std::vector<BacklogPump::Order> orders;
    LiveOutlets outlets(*store_, [&](BacklogPump::Order order) { orders.push_back(order); });
    const auto message = text_message(store_->report().epoch, 1, MessageKind::event, "event/x", "{}");
    EXPECT_FALSE(outlets.publish(message));
    EXPECT_TRUE(outlets.publish(MessageMaker("DC-1", store_->report().epoch).cleared("alert/A1")))
        << "nobody holds it";
    EXPECT_TRUE(outlets.append(MessageRow{message}));
    EXPECT_FALSE(outlets.send_backlog({message})) << "nobody to take it";
    outlets.read_outbox({.after = MessageKey{5}, .up_to = MessageKey{9}});
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].after, MessageKey{5});
}

TEST_F(PeerEventsTest, WithoutABrokerReadingsAreHistoryAndNothingWaitsForDelivery) {
    LiveOutlets outlets(*store_, [](BacklogPump::Order) {});
    outlets.deliver_later(false);
    const auto epoch = store_->report().epoch;
    const auto reading =
        reading_message(epoch, 1, 1, make_frame(make_layout("UPS-01"), test_start, {1, 2, 3}));
    store_->start();
    EXPECT_TRUE(outlets.append(MessageRow{reading}));
    EXPECT_TRUE(outlets.append(MessageRow{text_message(epoch, 2, MessageKind::event, "event/x", "{}")}));
    store_->commit_soon();
    ASSERT_TRUE(eventually([&] { return store_->counters().rows == 1 && store_->counters().outbox == 0; }));
    EXPECT_TRUE(read_outbox(store_->path(), 10).empty());
}

}  // namespace
}  // namespace sitepower::peer_events_test
