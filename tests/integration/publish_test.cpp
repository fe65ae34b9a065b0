// The publisher against a real broker, judged by what a real subscriber receives.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/integration/publish_fixture.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/process.hpp"
#include "tests/support/subscriber.hpp"

namespace sitepower::publish_test {
namespace {

using support::Broker;
using support::Received;
using support::Subscriber;

std::map<std::string, std::set<std::string>> payloads_by_id(const std::vector<Received>& record,
                                                            const std::string& topic_part) {
    std::map<std::string, std::set<std::string>> by_id;
    for (const auto& message : record) {
        if (message.topic.find(topic_part) != std::string::npos)
            by_id[id_of(message.payload)].insert(message.payload);
    }
    return by_id;
}

// How many different ids have arrived. It reads each payload once, however often it is asked: a subscriber's
// record is judged anew at each arrival.
class DistinctIds {
  public:
    std::size_t count(const std::vector<Received>& record) {
        for (; read_ < record.size(); ++read_) ids_.insert(id_of(record[read_].payload));
        return ids_.size();
    }

  private:
    std::size_t read_ = 0;
    std::set<std::string> ids_;
};

class PublishTest : public testing::Test {
  protected:
    std::unique_ptr<Publisher> make(PublisherSettings settings) {
        auto made = std::make_unique<Publisher>(std::move(settings), test_site, test_epoch, observer);
        made->start();
        return made;
    }
    RecordingObserver observer;
};

TEST_F(PublishTest, EveryMessageArrivesOnceById) {
    Broker broker({.max_inflight_messages = 1000});
    broker.start();
    Subscriber subscriber({.port = broker.port(), .filters = {test_root + "device/#"}});
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    for (std::uint64_t i = 1; i <= 10'000; ++i) ASSERT_TRUE(publisher->publish(frame_message(i)));
    ASSERT_TRUE(subscriber.wait_for_count(10'000));
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() >= 10'000; }));
    const auto record = subscriber.received();
    EXPECT_EQ(record.size(), 10'000U);
    EXPECT_EQ(payloads_by_id(record, "readings").size(), 10'000U);
    EXPECT_EQ(publisher->counters().acknowledged, 10'001U);  // and the birth message
    EXPECT_EQ(publisher->counters().in_flight, 0U);
}

TEST_F(PublishTest, WhatIsSaidWhileTheFirstConnectionComesUpIsStillLive) {
    Broker broker({.max_inflight_messages = 1000});
    broker.start();
    Subscriber subscriber(
        {.port = broker.port(), .filters = {test_root + "device/#", test_root + "backlog/#"}});
    const auto publisher = make(settings_for(broker.port()));
    for (std::uint64_t i = 1; i <= 200; ++i) EXPECT_TRUE(publisher->publish(frame_message(i)));
    ASSERT_TRUE(subscriber.wait_for_count(200));
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 200; }));
    std::uint64_t seq = 0;
    for (const auto& message : subscriber.received()) {
        EXPECT_EQ(message.topic.find("backlog/"), std::string::npos) << message.topic;
        EXPECT_EQ(nlohmann::json::parse(message.payload)["seq"], ++seq) << "in order";
    }
    EXPECT_EQ(publisher->counters().published_backlog, 0U);
}

TEST_F(PublishTest, WithoutABrokerTheFirstMessagesDoNotWaitForLong) {
    const auto publisher = make(settings_for(support::free_port()));
    ASSERT_TRUE(observer.wait_until([this] { return !observer.states.empty(); }));
    EXPECT_FALSE(observer.states.front().connected);
    EXPECT_FALSE(publisher->publish(frame_message(1))) << "the first attempt has failed: it is the outbox's";
    EXPECT_EQ(publisher->counters().published_live, 0U);
}

TEST_F(PublishTest, NothingIsLostWhenTheBrokerIsRestartedInMidFlight) {
    Broker broker({.persistence = true, .max_inflight_messages = 200});
    broker.start();
    Subscriber subscriber({.port = broker.port(),
                           .client_id = "subscriber",
                           .persistent = true,
                           .filters = {test_root + "device/#", test_root + "backlog/#"}});
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    Outbox outbox(*publisher, observer);
    for (std::uint64_t i = 1; i <= 3000; ++i) outbox.publish(frame_message(i));
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() > 200; }));
    broker.stop();
    ASSERT_TRUE(observer.wait_disconnected());
    for (std::uint64_t i = 3001; i <= 4000; ++i) outbox.publish(frame_message(i));
    broker.start();
    ASSERT_TRUE(observer.wait_connected());
    ASSERT_TRUE(outbox.drain());
    DistinctIds ids;
    EXPECT_TRUE(subscriber.wait_until([&](const auto& record) { return ids.count(record) == 4000; }))
        << ids.count(subscriber.received()) << " of 4000 arrived; the broker says:\n"
        << broker.log();
    for (const auto& [id, payloads] : payloads_by_id(subscriber.received(), "readings"))
        EXPECT_EQ(payloads.size(), 1U) << id << " arrived with different contents";
    // The broker may repeat to the subscriber what that has not acknowledged; the publisher repeats nothing
    // live.
    EXPECT_LE(publisher->counters().published_live, 4000U);
    EXPECT_GT(publisher->counters().published_backlog, 0U);
}

TEST_F(PublishTest, StopSaysOfflineAndDeliversWhatIsInFlight) {
    Broker broker;
    broker.start();
    Subscriber subscriber({.port = broker.port(), .filters = {test_root + "#"}});
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    for (std::uint64_t i = 1; i <= 1000; ++i) publisher->publish(frame_message(i));
    const auto began = std::chrono::steady_clock::now();
    publisher->stop(Duration{3000});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
    EXPECT_EQ(observer.delivered_keys.size(), 1000U);
    ASSERT_TRUE(subscriber.wait_for_count(1002));
    const auto last = subscriber.received().back();
    EXPECT_EQ(last.topic, test_root + "status");
    EXPECT_EQ(nlohmann::json::parse(last.payload)["status"], "offline");
    EXPECT_FALSE(publisher->publish(frame_message(2000)));
}

TEST_F(PublishTest, StopIsBoundedWhenTheBrokerIsFrozen) {
    Broker broker;
    broker.start();
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    broker.freeze();
    publisher->publish(frame_message(1));
    const auto began = std::chrono::steady_clock::now();
    publisher->stop(Duration{700});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
    EXPECT_TRUE(observer.delivered_keys.empty());
    broker.thaw();
}

TEST_F(PublishTest, ALostConnectionIsToldByTheWill) {
    Broker broker;
    broker.start();
    Subscriber subscriber({.port = broker.port(), .filters = {test_root + "status"}});
    auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(subscriber.wait_for_count(1));
    publisher.reset();
    ASSERT_TRUE(subscriber.wait_for_count(2));
    const auto birth = nlohmann::json::parse(subscriber.received()[0].payload);
    const auto will = nlohmann::json::parse(subscriber.received()[1].payload);
    EXPECT_EQ(birth["status"], "online");
    EXPECT_EQ(will["status"], "lost");
    EXPECT_EQ(will["seq"], birth["seq"]);
    EXPECT_NE(will["id"], birth["id"]);
}

TEST_F(PublishTest, WithoutASubscriberIsDeliveredAndCounted) {
    Broker broker;
    broker.start();
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    publisher->publish(frame_message(1));
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 1; }));
    EXPECT_GE(publisher->counters().no_subscriber, 1U);
}

TEST_F(PublishTest, ARefusalIsReportedAndNotDelivered) {
    Broker broker({.acl = "topic readwrite " + test_root + "status\ntopic read #\n"});
    broker.start();
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    const auto message = frame_message(1);
    publisher->publish(message);
    ASSERT_TRUE(observer.wait_until([&] { return observer.refused_keys.contains(message->key); }));
    EXPECT_EQ(observer.refused_keys[message->key], 0x87);  // not authorised
    EXPECT_TRUE(observer.delivered_keys.empty());
    EXPECT_EQ(publisher->counters().refused, 1U);
}

TEST_F(PublishTest, RetainedStatesAreGivenToANewBroker) {
    Broker broker;  // forgets what it retained
    broker.start();
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected());
    publisher->publish(text_message(1, "device/A/state", R"({"id":"1"})", true));
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 1; }));
    broker.stop();
    ASSERT_TRUE(observer.wait_disconnected());
    // Told while there is no broker: delivered as soon as there is one.
    publisher->publish(text_message(2, "device/B/state", R"({"id":"2"})", true));
    broker.start();
    ASSERT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 2; }));
    Subscriber subscriber({.port = broker.port(), .filters = {test_root + "device/+/state"}});
    ASSERT_TRUE(subscriber.wait_for_count(2));
    EXPECT_TRUE(subscriber.received()[0].retained);
}

TEST_F(PublishTest, RetainedTopicsWithoutAnOwnerAreCleared) {
    Broker broker;
    broker.start();
    Subscriber other(
        {.port = broker.port(), .filters = {test_root + "alert/+", test_root + "device/+/state"}});
    other.publish({.topic = test_root + "alert/OLD", .payload = "{}", .retained = true});
    other.publish({.topic = test_root + "device/GONE/state", .payload = "{}", .retained = true});
    ASSERT_TRUE(other.wait_for_count(2));
    PublisherSettings settings = settings_for(broker.port());
    settings.reconcile_delay = Duration{0};
    const auto publisher = make(settings);
    publisher->publish(text_message(1, "device/A/state", R"({"id":"1"})", true));
    publisher->publish(text_message(2, "alert/NEW", R"({"id":"2"})", true));
    EXPECT_TRUE(other.wait_until([](const auto& record) {
        return std::ranges::count_if(record,
                                     [](const Received& message) { return message.payload.empty(); }) == 2;
    }));
    Subscriber later(
        {.port = broker.port(), .filters = {test_root + "alert/+", test_root + "device/+/state"}});
    ASSERT_TRUE(later.wait_for_count(2));
    EXPECT_EQ(later.received_on(test_root + "alert/NEW").size(), 1U);
    EXPECT_EQ(later.received_on(test_root + "device/A/state").size(), 1U);
}

TEST_F(PublishTest, ARequestIsHandedOnAndAnswered) {
    Broker broker;
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.requests_enabled = true;
    settings.requests_per_minute = 2;
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected());
    const std::string reply_topic = test_root + "reply/client-1";
    Subscriber client({.port = broker.port(), .filters = {reply_topic, test_root + "status"}});
    ASSERT_TRUE(client.wait_for_count(1));  // the birth message: the subscription for requests came before it
    client.forget();
    const auto ask = [&](const std::string& response_topic, const std::string& payload) {
        client.publish({.topic = test_root + "request/system.status",
                        .payload = payload,
                        .response_topic = response_topic,
                        .correlation_data = "c-1"});
    };
    ask("somewhere/else", "never");
    ask(test_root + "reply/#", "never");
    ask(reply_topic, "one");
    ask(reply_topic, "two");
    ASSERT_TRUE(observer.wait_until([this] { return observer.requests.size() == 2; }));
    EXPECT_EQ(observer.requests[0].operation, "system.status");
    EXPECT_EQ(observer.requests[0].payload, "one");
    publisher->reply(observer.requests[0], "answer");
    ASSERT_TRUE(client.wait_for_count(1));
    EXPECT_EQ(client.received()[0].payload, "answer");
    EXPECT_EQ(client.received()[0].correlation_data, "c-1");
    client.forget();
    ask(reply_topic, "three");
    ASSERT_TRUE(client.wait_for_count(1));
    EXPECT_EQ(nlohmann::json::parse(client.received()[0].payload)["error"]["code"], "RATE_LIMITED");
    EXPECT_EQ(observer.requests.size(), 2U);
}

}  // namespace
}  // namespace sitepower::publish_test
