// The session in virtual time, with a link that records: what goes first, what waits, what is reported.
#include "daemon/publish/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/fake_mqtt_link.hpp"

namespace sitepower::session_test {
namespace {

using std::chrono::seconds;

struct Observer : PublisherObserver {
    void delivered(std::span<const MessageKey> keys) override {
        ++delivered_calls;
        delivered_keys.insert(delivered_keys.end(), keys.begin(), keys.end());
    }
    void refused(MessageKey key, int reason_code) override { refused_keys.emplace_back(key, reason_code); }
    void connection_changed(const ConnectionState& /*state*/) override {}
    void backlog_wanted() override { ++wanted; }
    void request(MqttRequest request) override { requests.push_back(std::move(request)); }

    int delivered_calls = 0;
    std::vector<MessageKey> delivered_keys;
    std::vector<std::pair<MessageKey, int>> refused_keys;
    int wanted = 0;
    std::vector<MqttRequest> requests;
};

std::shared_ptr<const Message> message(std::int64_t key, const std::string& topic, std::string text = "{}",
                                       bool retained = false) {
    auto made = std::make_shared<Message>();
    made->key = MessageKey{key};
    made->seq = static_cast<std::uint64_t>(key);
    made->topic = topic;
    made->retained = retained;
    made->body = std::move(text);
    return made;
}

class SessionTest : public testing::Test {
  protected:
    SessionTest() { settings.window = 10; }

    Session& begin(std::size_t receive_maximum = 65'535, bool protocol_5 = true) {
        session.emplace(SessionEnvironment{.settings = settings,
                                           .site = site,
                                           .root = root,
                                           .status = status,
                                           .retained = retained,
                                           .observer = observer,
                                           .tally = tally},
                        link, protocol_5, receive_maximum, now.steady + settings.reconcile_delay, now);
        session->turn(now);
        return *session;
    }
    // The birth message is out of the way afterwards.
    Session& begin_and_settle(std::size_t receive_maximum = 65'535) {
        begin(receive_maximum);
        acknowledge_all();
        link.sent.clear();
        return *session;
    }
    void acknowledge(int mid, int reason_code = 0) {
        session->acknowledged({.mid = mid, .reason_code = reason_code}, now);
    }
    void acknowledge_all() {
        for (; acknowledged < link.last_mid; ++acknowledged) acknowledge(acknowledged + 1);
        session->turn(now);
    }
    void pass(Steady::duration time) {
        now.steady += time;
        now.time += std::chrono::duration_cast<Duration>(time);
        session->turn(now);
    }
    std::vector<std::string> topics() const {
        std::vector<std::string> all;
        for (const auto& sent : link.sent) all.push_back(sent.topic.substr(root.size()));
        return all;
    }

    PublisherSettings settings;
    const std::string site = "S";
    const std::string root = "sitepower/v1/S/";
    StatusMessages status{site, 0xab};
    RetainedMessages retained{100};
    Observer observer;
    PublisherTally tally;
    support::FakeMqttLink link;
    Now now{.steady = Steady{} + std::chrono::hours(1), .time = from_ms(1'763'794'468'123)};
    std::optional<Session> session;
    int acknowledged = 0;
};

TEST_F(SessionTest, BeginsWithBirthThenStates) {
    retained.remember(message(1, "site", "{}", true));
    begin();
    EXPECT_EQ(topics(), (std::vector<std::string>{"status", "site"}));
    EXPECT_TRUE(link.sent[0].retained);
    EXPECT_EQ(link.sent[0].expiry, Duration{180'000});
    EXPECT_EQ(observer.wanted, 1);
}

TEST_F(SessionTest, SendsNoMoreThanTheWindow) {
    begin_and_settle();
    for (int key = 1; key <= 25; ++key) session->live(message(key, "event/x"));
    session->turn(now);
    EXPECT_EQ(link.sent.size(), 10U);
    EXPECT_TRUE(session->has_live());
    acknowledge_all();
    EXPECT_EQ(link.sent.size(), 20U);
    acknowledge_all();
    EXPECT_EQ(link.sent.size(), 25U);
    EXPECT_FALSE(session->has_live());
    EXPECT_EQ(link.bursts, 0);
}

TEST_F(SessionTest, RespectsTheBrokersReceiveMaximum) {
    begin_and_settle(3);
    for (int key = 1; key <= 10; ++key) session->live(message(key, "event/x"));
    session->turn(now);
    EXPECT_EQ(link.sent.size(), 3U);
}

TEST_F(SessionTest, ReportsDeliveriesOncePerTurn) {
    begin_and_settle();
    for (int key = 1; key <= 5; ++key) session->live(message(key, "event/x"));
    session->turn(now);
    acknowledge_all();
    EXPECT_EQ(observer.delivered_calls, 1);
    EXPECT_EQ(observer.delivered_keys.size(), 5U);
}

TEST_F(SessionTest, MeasuresHowLongTheBrokerTakes) {
    begin();
    EXPECT_EQ(tally.read().last_acknowledged, std::nullopt);
    EXPECT_EQ(tally.read().latency_ms, std::nullopt);
    pass(std::chrono::milliseconds(40));
    acknowledge_all();
    EXPECT_EQ(tally.read().last_acknowledged, now.time);
    EXPECT_EQ(tally.read().latency_ms, 40.0);
    session->live(message(1, "event/x"));
    session->turn(now);
    pass(std::chrono::milliseconds(3));
    acknowledge(link.last_mid, 0x87);  // a refusal is an answer, but no success
    EXPECT_EQ(tally.read().latency_ms, 40.0);
}

TEST_F(SessionTest, StatesBeyondTheTableAreSentOnceAndHaveALimitToo) {
    retained = RetainedMessages(1);
    begin_and_settle(1);
    session->retained(message(1, "a/state", "{}", true));
    for (int key = 2; key <= 6000; ++key) session->retained(message(key, "b/state", "{}", true));
    acknowledge_all();
    std::size_t sent = 0;
    for (int i = 0; i < 6000 && sent != link.sent.size(); ++i) {
        sent = link.sent.size();
        acknowledge_all();
    }
    EXPECT_EQ(link.on(root + "a/state").size(), 1U);
    EXPECT_EQ(link.on(root + "b/state").size(), 4096U) << "the rest stays in the outbox";
}

TEST_F(SessionTest, TellsRefusalsAndCountsAbsentSubscribers) {
    begin_and_settle();
    session->live(message(1, "event/x"));
    session->live(message(2, "event/x"));
    session->turn(now);
    acknowledge(link.sent[0].mid, 0x87);
    acknowledge(link.sent[1].mid, 0x10);
    session->turn(now);
    ASSERT_EQ(observer.refused_keys.size(), 1U);
    EXPECT_EQ(observer.refused_keys[0], std::make_pair(MessageKey{1}, 0x87));
    EXPECT_EQ(observer.delivered_keys, std::vector<MessageKey>{MessageKey{2}});
    EXPECT_EQ(tally.no_subscriber, 1U);
}

TEST_F(SessionTest, WhatTheLibraryWillNotSendIsRefused) {
    begin_and_settle();
    link.answer.result = {.outcome = SendOutcome::refused, .mid = 0, .reason_code = 0x95};
    session->live(message(1, "event/x"));
    session->turn(now);
    ASSERT_EQ(observer.refused_keys.size(), 1U);
    EXPECT_EQ(observer.refused_keys[0].second, 0x95);
}

TEST_F(SessionTest, BacklogGoesBehindLiveOnItsOwnTopicAndNotRetained) {
    begin_and_settle();
    session->backlog({message(1, "device/A/state", "old", true), message(2, "event/x")}, now.steady);
    session->live(message(9, "event/y"));
    session->turn(now);
    EXPECT_EQ(topics(), (std::vector<std::string>{"event/y", "backlog/device/A/state", "backlog/event/x"}));
    EXPECT_EQ(link.sent[1].payload, "old");
    EXPECT_FALSE(link.sent[1].retained);
}

TEST_F(SessionTest, BacklogLeavesHalfOfTheWindowToLiveMessages) {
    begin_and_settle();
    std::vector<std::shared_ptr<const Message>> batch;
    for (int key = 1; key <= 20; ++key) batch.push_back(message(key, "event/x"));
    session->backlog(batch, now.steady);
    session->turn(now);
    EXPECT_EQ(link.sent.size(), 5U);
    for (int key = 101; key <= 105; ++key) session->live(message(key, "event/y"));
    session->turn(now);
    EXPECT_EQ(link.on(root + "event/y").size(), 5U);
}

TEST_F(SessionTest, BacklogKeepsToItsRate) {
    settings.window = 10'000;
    settings.backlog_per_second = 100;
    begin_and_settle();
    std::vector<std::shared_ptr<const Message>> batch;
    for (int key = 1; key <= 1000; ++key) batch.push_back(message(key, "event/x"));
    session->backlog(batch, now.steady);
    session->turn(now);
    for (int i = 0; i < 50; ++i) {
        const Steady due = session->next_due(now.steady);
        EXPECT_GT(due, now.steady);
        pass(std::chrono::milliseconds(100));
        acknowledge_all();
    }
    EXPECT_NEAR(static_cast<double>(tally.published_backlog), 510, 15);
}

TEST_F(SessionTest, BacklogSkipsWhatIsOnItsWay) {
    begin_and_settle();
    session->live(message(1, "event/x"));
    session->turn(now);
    session->retained(message(2, "site", "{}", true));
    session->backlog({message(1, "event/x"), message(2, "site", "{}", true), message(3, "event/x")},
                     now.steady);
    session->turn(now);
    EXPECT_EQ(topics(), (std::vector<std::string>{"event/x", "site", "backlog/event/x"}));
    const int wanted = observer.wanted;
    acknowledge_all();
    EXPECT_EQ(observer.wanted, wanted + 1);
    EXPECT_EQ(observer.delivered_keys.size(), 3U);
}

// Read from the outbox before the commit that removes it: it must not hold up the batches to come.
TEST_F(SessionTest, AStateThatTheBrokerHasAlreadyDoesNotHoldUpTheBacklog) {
    for (int key = 1; key <= 30; ++key) {
        const auto state = message(key, "battery/B" + std::to_string(key) + "/state", "{}", true);
        retained.remember(state);
        retained.delivered(*state);
    }
    begin();  // the window is full of states, and others wait
    session->backlog(
        {message(1, "battery/B1/state"), message(30, "battery/B30/state"), message(40, "event/x")},
        now.steady);
    const auto wanted = observer.wanted;
    for (int i = 0; i < 20; ++i) acknowledge_all();
    EXPECT_EQ(observer.wanted, wanted + 1);
    EXPECT_THAT(observer.delivered_keys,
                testing::UnorderedElementsAre(MessageKey{1}, MessageKey{30}, MessageKey{40}));
}

TEST_F(SessionTest, AStateOnItsWayAgainThatIsReplacedDoesNotHoldUpTheBacklog) {
    const auto state = message(1, "battery/B1/state", "{}", true);
    retained.remember(state);
    retained.delivered(*state);
    begin();  // it is on its way for the second time,
    session->retained(message(2, "battery/B1/state", "{}", true));
    session->backlog({message(1, "battery/B1/state")}, now.steady);  // and its row is not gone yet
    const auto wanted = observer.wanted;
    for (int i = 0; i < 5; ++i) acknowledge_all();
    EXPECT_EQ(observer.wanted, wanted + 1);
}

TEST_F(SessionTest, AStateThatWasReplacedBeforeItCouldBeSentComesAsBacklog) {
    begin_and_settle(1);
    session->live(message(1, "event/x"));
    session->turn(now);  // the window is full
    session->retained(message(2, "site", "old", true));
    session->retained(message(3, "site", "new", true));
    for (int i = 0; i < 4; ++i) acknowledge_all();
    EXPECT_EQ(topics(), (std::vector<std::string>{"event/x", "backlog/site", "site"}));
    EXPECT_EQ(link.sent[1].payload, "old");
    EXPECT_EQ(link.sent[2].payload, "new");
    EXPECT_EQ(observer.delivered_keys.size(), 3U);
}

TEST_F(SessionTest, AClearGoesOutRetainedAndIsDelivered) {
    begin_and_settle();
    session->retained(message(1, "alert/1", "{}", true));
    session->turn(now);
    session->retained(message(2, "alert/1", "", true));
    session->turn(now);
    ASSERT_EQ(link.sent.size(), 2U);
    EXPECT_TRUE(link.sent[1].retained);
    EXPECT_TRUE(link.sent[1].payload.empty());
    acknowledge_all();
    EXPECT_EQ(observer.delivered_keys.size(), 2U);
    EXPECT_EQ(retained.size(), 0U);
}

TEST_F(SessionTest, ALateClearIsStillDueUnlessTheTopicLives) {
    begin_and_settle();
    session->retained(message(9, "alert/2", "{}", true));
    session->backlog({message(1, "alert/1", "", true), message(2, "alert/2", "", true)}, now.steady);
    session->turn(now);
    const auto cleared = link.on(root + "alert/1");
    ASSERT_EQ(cleared.size(), 1U);
    EXPECT_TRUE(cleared[0].retained);
    EXPECT_EQ(link.on(root + "alert/2").size(), 1U);  // the live one only
    EXPECT_EQ(link.on(root + "backlog/alert/2").size(), 0U);
    acknowledge_all();
    EXPECT_EQ(observer.delivered_keys.size(), 3U);
}

TEST_F(SessionTest, RepeatsStatusAndStates) {
    begin_and_settle();
    session->retained(message(1, "site", "{}", true));
    session->turn(now);
    acknowledge_all();
    link.sent.clear();
    for (int i = 0; i < 16 * 60; ++i) {
        pass(seconds(1));
        acknowledge_all();
    }
    EXPECT_EQ(link.on(root + "status").size(), 16U);
    EXPECT_EQ(link.on(root + "site").size(), 1U);
    EXPECT_EQ(observer.delivered_keys.size(), 1U) << "a repetition is not delivered again";
}

TEST_F(SessionTest, ClearsARetainedTopicWithoutAnOwner) {
    settings.reconcile_delay = Duration{0};
    begin_and_settle();
    session->received({.topic = root + "alert/OLD",
                       .payload = "{}",
                       .retained = true,
                       .response_topic = {},
                       .correlation_data = {},
                       .expiry_s = {}},
                      now);
    session->turn(now);
    ASSERT_EQ(link.on(root + "alert/OLD").size(), 1U);
    EXPECT_TRUE(link.sent[0].payload.empty());
    acknowledge_all();
    EXPECT_TRUE(observer.delivered_keys.empty());
}

TEST_F(SessionTest, AnswersRequestsOnMqtt5Only) {
    settings.requests_enabled = true;
    begin(65'535, false);
    EXPECT_TRUE(link.subscribed.empty());
    begin();
    EXPECT_EQ(link.subscribed, std::vector<std::string>{root + "request/+"});
    session->received({.topic = root + "request/health",
                       .payload = {},
                       .retained = false,
                       .response_topic = root + "reply/a",
                       .correlation_data = "c",
                       .expiry_s = {}},
                      now);
    ASSERT_EQ(observer.requests.size(), 1U);
    session->reply(observer.requests[0], "answer");
    session->turn(now);
    const auto replies = link.on(root + "reply/a");
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].payload, "answer");
    EXPECT_EQ(replies[0].correlation_data, "c");
    EXPECT_FALSE(replies[0].retained);
}

TEST_F(SessionTest, GivesUpOnABrokerThatDoesNotAcknowledge) {
    begin();
    pass(seconds(30));
    EXPECT_FALSE(session->complaint());
    pass(seconds(31));
    EXPECT_TRUE(session->complaint());
}

TEST_F(SessionTest, FinishesWithOfflineBehindWhatWaits) {
    begin_and_settle();
    for (int key = 1; key <= 12; ++key) session->live(message(key, "event/x"));
    session->finish(now.steady + seconds(5));
    session->turn(now);
    EXPECT_FALSE(session->done());
    acknowledge_all();
    acknowledge_all();
    ASSERT_EQ(link.sent.size(), 13U);
    EXPECT_EQ(nlohmann::json::parse(link.sent.back().payload)["status"], "offline");
    acknowledge_all();
    EXPECT_TRUE(session->done());
}

TEST_F(SessionTest, SaysOfflineInTimeEvenWhenNotAllCouldBeSent) {
    begin_and_settle(2);
    for (int key = 1; key <= 100; ++key) session->live(message(key, "event/x"));
    session->finish(now.steady + seconds(1));
    pass(seconds(1));
    acknowledge_all();
    EXPECT_EQ(link.on(root + "status").size(), 1U);
}

TEST_F(SessionTest, NeverAsksToBeCalledAtOnceForNothing) {
    begin_and_settle();
    session->backlog({}, now.steady);
    EXPECT_GT(session->next_due(now.steady), now.steady);
    session->finish(now.steady + seconds(1));
    session->turn(now);
    acknowledge_all();
    EXPECT_GT(session->next_due(now.steady), now.steady);
}

}  // namespace
}  // namespace sitepower::session_test
