#include "daemon/executor/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/publish/retained_messages.hpp"

namespace sitepower::executor_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);

// Takes everything, remembers it, and can play a missing broker or a full store.
class FakeOutlets final : public ExecutorOutlets {
  public:
    bool publish(std::shared_ptr<const Message> message) override {
        if (is_clear(*message) && !takes_clears) return false;
        if (connected) live.push_back(std::move(message));
        return connected;
    }
    bool append(Row row) override {
        if (store_full && row.message() != nullptr) return false;
        rows.push_back(std::move(row));
        return true;
    }
    void commit_soon() override { ++commits_wanted; }
    bool send_backlog(std::vector<std::shared_ptr<const Message>> batch) override {
        if (!takes_backlog) return false;
        backlog.insert(backlog.end(), batch.begin(), batch.end());
        return true;
    }
    void read_outbox(BacklogPump::Order order) override { orders.push_back(order); }

    template <class T>
    std::vector<const T*> rows_of() const {
        std::vector<const T*> found;
        for (const auto& row : rows) {
            const T* wanted = nullptr;
            if constexpr (std::is_same_v<T, MessageRow>)
                wanted = row.message();
            else if (row.record() != nullptr)
                wanted = std::get_if<T>(row.record());
            if (wanted != nullptr) found.push_back(wanted);
        }
        return found;
    }
    std::vector<std::shared_ptr<const Message>> on_topic(std::string_view topic) const {
        std::vector<std::shared_ptr<const Message>> found;
        for (const auto& message : live) {
            if (message->topic == topic) found.push_back(message);
        }
        return found;
    }

    bool connected = true;
    bool store_full = false;
    bool takes_backlog = true;
    bool takes_clears = true;
    int commits_wanted = 0;
    std::vector<std::shared_ptr<const Message>> live;
    std::vector<std::shared_ptr<const Message>> backlog;
    std::vector<Row> rows;
    std::vector<BacklogPump::Order> orders;
};

std::shared_ptr<const SiteModel> one_ups() {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-TST-01";
    model->locations.push_back({.id = "ROOM-1"});
    DeviceModel device;
    device.id = "UPS-01";
    device.kind = DeviceKind::ups;
    device.points = {{"on_battery", ""}};
    auto layout = std::make_shared<Layout>();
    layout->device = device.id;
    layout->group = "fast";
    layout->period = Duration{1000};
    layout->points = {{.name = "on_battery", .unit = ""}};
    device.layouts = {layout};
    model->devices.push_back(device);
    model->upses.push_back({.device = DeviceIndex{0}, .on_battery = PointRef{DeviceIndex{0}, 0}});
    return model;
}

FramePtr frame_of(const SiteModel& model, double on_battery, Time time) {
    auto frame = std::make_shared<Frame>();
    frame->layout = model.devices[0].layouts[0];
    frame->time = time;
    frame->values = {on_battery};
    frame->quality = {Quality::good};
    return frame;
}

// What a reading of the outbox found.
std::shared_ptr<const Message> backlog_up_to(const BacklogPump::Order& order) {
    auto message = std::make_shared<Message>();
    message->key = order.up_to;
    return message;
}

class ExecutorTest : public ::testing::Test {
  protected:
    std::shared_ptr<const SiteModel> model = one_ups();
    FakeOutlets outlets;
    Executor executor{Site(model, {}), Epoch{.bits = 0xabc, .number = 1}, outlets};

    void connect(bool connected, Time now) {
        executor.connection_changed({.connected = connected, .broker = "localhost:1883", .reason = "test"},
                                    now);
    }
};

TEST_F(ExecutorTest, AFrameIsPublishedLiveAndStoredUnderOneKey) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    executor.handle(frame_of(*model, 0, start + Duration{1000}), start + Duration{1000});
    const auto readings = outlets.on_topic("device/UPS-01/readings");
    ASSERT_EQ(readings.size(), 2U);
    EXPECT_EQ(readings[0]->seq, 1U);
    EXPECT_EQ(readings[1]->seq, 2U);
    EXPECT_LT(readings[0]->key, readings[1]->key);
    const auto stored = outlets.rows_of<MessageRow>();
    EXPECT_EQ(std::count_if(stored.begin(), stored.end(),
                            [&](const auto* row) { return row->message->key == readings[0]->key; }),
              1);
}

TEST_F(ExecutorTest, KeysAreUniqueAndSequencesPerTopicHaveNoGaps) {
    executor.begin({}, start);
    for (int i = 0; i < 50; ++i) {
        const auto now = start + Duration{i * 1000};
        executor.handle(frame_of(*model, i % 7 == 0 ? 1 : 0, now), now);
        executor.tick(0, now);
    }
    std::map<std::string, std::uint64_t> last;
    MessageKey previous{};
    for (const auto* row : outlets.rows_of<MessageRow>()) {
        EXPECT_LT(previous, row->message->key);
        previous = row->message->key;
        EXPECT_EQ(row->message->seq, ++last[row->message->topic]) << row->message->topic;
    }
    EXPECT_GT(last.size(), 2U);
}

TEST_F(ExecutorTest, AnAlertIsToldAsEventRetainedAndRowAndTakenOffWhenResolved) {
    executor.begin({}, start);
    auto now = start;
    for (int i = 0; i < 120; ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 1, now), now);
        executor.tick(0, now);
    }
    const auto events = outlets.on_topic("event/alert");
    ASSERT_FALSE(events.empty());
    const auto payload = nlohmann::json::parse(std::get<std::string>(events[0]->body));
    EXPECT_EQ(payload["alert_type"], "ups_on_battery");
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    const auto id = executor.site().open_alerts()[0].id;
    ASSERT_FALSE(outlets.on_topic("alert/" + id).empty());
    EXPECT_TRUE(outlets.on_topic("alert/" + id).back()->retained);
    EXPECT_FALSE(outlets.rows_of<AlertRow>().empty());

    for (int i = 0; i < 1200 && !executor.site().open_alerts().empty(); ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 0, now), now);
        executor.tick(0, now);
    }
    EXPECT_TRUE(executor.site().open_alerts().empty());
    EXPECT_EQ(std::get<std::string>(outlets.on_topic("alert/" + id).back()->body), "")
        << "the retained alert is cleared";
    EXPECT_TRUE(outlets.rows_of<AlertRow>().back()->alert.resolved_at);
}

// A memory of minutes ago would be far off after a restart.
TEST_F(ExecutorTest, ADischargeIsRememberedAsItGoesOn) {
    auto with_string = std::make_shared<SiteModel>(*one_ups());
    with_string->strings.push_back({.id = "STR-01",
                                    .nominal_capacity_ah = 100,
                                    .current_a = PointRef{DeviceIndex{0}, 0},
                                    .batteries = {BatteryIndex{0}}});
    with_string->batteries.push_back({.id = "BAT-01", .string = StringIndex{0}});
    with_string->upses.clear();
    Executor of{Site(with_string, {}), Epoch{.bits = 0xabc, .number = 1}, outlets};
    of.begin({}, start);
    auto now = start;
    const auto remembered_in = [&](int seconds, double current_a) {
        const auto before = outlets.rows_of<BatteryMemory>().size();
        for (int i = 0; i < seconds; ++i, now += Duration{1000}) {
            of.handle(frame_of(*with_string, current_a, now), now);
            of.tick(0, now);
        }
        return outlets.rows_of<BatteryMemory>().size() - before;
    };
    EXPECT_EQ(remembered_in(600, 0.1), 0U) << "that is done every few minutes";
    EXPECT_EQ(remembered_in(1, -50), 1U);
    EXPECT_EQ(remembered_in(300, -50), 10U);
    EXPECT_EQ(remembered_in(10, 0.1), 1U) << "how it ended";
    EXPECT_EQ(remembered_in(600, 0.1), 0U);
    for (int i = 0; i < 30; ++i) remembered_in(1, i % 2 == 0 ? -50 : 0);
    EXPECT_LE(remembered_in(0, 0) + outlets.rows_of<BatteryMemory>().size(), 12U + 7U)
        << "not at each change";
}

TEST_F(ExecutorTest, WithoutABrokerEverythingIsStillStored) {
    outlets.connected = false;
    executor.begin({}, start);
    connect(false, start);
    const auto before = outlets.rows_of<MessageRow>().size();
    executor.handle(frame_of(*model, 0, start), start);
    EXPECT_TRUE(outlets.live.empty());
    EXPECT_GT(outlets.rows_of<MessageRow>().size(), before);
}

TEST_F(ExecutorTest, TheBacklogIsReadAfterAConnectionAndGoesOnBatchByBatch) {
    outlets.connected = false;
    executor.begin({}, start);
    for (int i = 0; i < 5; ++i) executor.handle(frame_of(*model, 0, start), start);
    executor.tick(5, start);
    EXPECT_TRUE(outlets.orders.empty()) << "nobody to send it to";

    outlets.connected = true;
    connect(true, start);
    executor.tick(5, start);
    ASSERT_EQ(outlets.orders.size(), 1U);
    EXPECT_EQ(outlets.orders[0].after, MessageKey{});

    std::vector<std::shared_ptr<const Message>> batch;
    for (const auto* row : outlets.rows_of<MessageRow>()) batch.push_back(row->message);
    const auto last = batch.back()->key;
    executor.backlog_read(batch);
    EXPECT_EQ(outlets.backlog.size(), batch.size());
    executor.backlog_wanted();
    executor.handle(frame_of(*model, 0, start), start);
    executor.tick(1, start);
    EXPECT_TRUE(outlets.orders.size() == 1 || outlets.orders.back().after == last);
}

TEST_F(ExecutorTest, AReadingThatTheStoreRefusesIsCounted) {
    executor.begin({}, start);
    outlets.store_full = true;
    executor.handle(frame_of(*model, 0, start), start);
    EXPECT_EQ(executor.counters().readings_refused, 1U);
    EXPECT_EQ(executor.counters().frames, 1U);
}

TEST_F(ExecutorTest, ARefusedRequestChangesNothing) {
    executor.begin({}, start);
    const auto rows = outlets.rows.size();
    const auto done = executor.apply(AcknowledgeAlert{.alert_id = "none", .who = "test", .note = ""}, start);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::not_found);
    EXPECT_EQ(outlets.rows.size(), rows);
}

TEST_F(ExecutorTest, RefusalsOfTheBrokerRaiseAnAlertThatPasses) {
    executor.begin({}, start);
    executor.message_refused(executor.messages().newest(), 0x87, start);
    auto now = start;
    const auto open = [&] {
        const auto alerts = executor.site().open_alerts();
        return std::any_of(alerts.begin(), alerts.end(),
                           [](const auto& a) { return a.type == "broker_refused"; });
    };
    for (int i = 0; i < 60 && !open(); ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_TRUE(open());
    for (int i = 0; i < 3600 && open(); ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_FALSE(open());
}

TEST_F(ExecutorTest, WhatTheBrokerRefusedIsOfferedAgainOnTheSameConnection) {
    executor.begin({}, start);
    connect(true, start);
    executor.tick(1, start);
    ASSERT_EQ(outlets.orders.size(), 1U);
    executor.backlog_read({backlog_up_to(outlets.orders[0])});
    executor.message_refused(outlets.orders[0].up_to, 0x97, start);
    executor.backlog_wanted();
    auto now = start;
    for (int i = 0; i < 290; ++i, now += Duration{1000}) executor.tick(1, now);
    EXPECT_EQ(outlets.orders.size(), 1U) << "not while it may still be over its quota";
    for (int i = 0; i < 20; ++i, now += Duration{1000}) executor.tick(1, now);
    ASSERT_EQ(outlets.orders.size(), 2U);
    EXPECT_EQ(outlets.orders[1].after, MessageKey{});
}

TEST_F(ExecutorTest, ARefusalUnderAClockThatWasAheadIsOverAndOfferedAgainInTime) {
    const auto years_ahead = start + std::chrono::days(4 * 365);
    executor.begin({}, years_ahead);
    connect(true, years_ahead);
    executor.tick(1, years_ahead);
    ASSERT_EQ(outlets.orders.size(), 1U);
    executor.backlog_read({backlog_up_to(outlets.orders[0])});
    executor.message_refused(outlets.orders[0].up_to, 0x97, years_ahead);
    executor.backlog_wanted();
    const auto open = [&] {
        const auto alerts = executor.site().open_alerts();
        return std::ranges::any_of(alerts, [](const auto& a) { return a.type == "broker_refused"; });
    };
    auto now = start;
    for (int i = 0; i < 290; ++i, now += Duration{1000}) executor.tick(1, now);
    EXPECT_TRUE(open());
    EXPECT_EQ(outlets.orders.size(), 1U);
    for (int i = 0; i < 20; ++i, now += Duration{1000}) executor.tick(1, now);
    EXPECT_EQ(outlets.orders.size(), 2U);
    for (int i = 0; i < 3600 && open(); ++i, now += Duration{1000}) executor.tick(1, now);
    EXPECT_FALSE(open());
}

TEST_F(ExecutorTest, ABatchForWhichThePublisherHasNoRoomIsReadAgain) {
    executor.begin({}, start);
    connect(true, start);
    executor.tick(1, start);
    ASSERT_EQ(outlets.orders.size(), 1U);
    outlets.takes_backlog = false;
    executor.backlog_read({backlog_up_to(outlets.orders[0])});
    executor.tick(1, start);
    ASSERT_EQ(outlets.orders.size(), 2U);
    EXPECT_EQ(outlets.orders[1].after, outlets.orders[0].after);
}

TEST_F(ExecutorTest, ARefusedMessageOfAnEarlierStartIsNotCalledByANewId) {
    Executor second{Site(model, {}), Epoch{.bits = 0xdef, .number = 2}, outlets};
    second.begin({}, start);
    const auto told = [&](MessageKey key) {
        ::testing::internal::CaptureStderr();
        second.message_refused(key, 0x87, start);
        return ::testing::internal::GetCapturedStderr();
    };
    EXPECT_NE(told(Epoch{.bits = 0xdef, .number = 2}.key(7)).find("message DC-TST-01-0000000000000def-7 "),
              std::string::npos);
    const auto earlier = told(Epoch{.bits = 0xabc, .number = 1}.key(7));
    EXPECT_NE(earlier.find("message 7 of an earlier start"), std::string::npos) << earlier;
    EXPECT_EQ(earlier.find("0def"), std::string::npos);
}

TEST_F(ExecutorTest, ALostBrokerIsAnAlertWhenItLasts) {
    executor.begin({}, start);
    connect(false, start);
    const auto open = [&] {
        const auto alerts = executor.site().open_alerts();
        return std::ranges::any_of(alerts, [](const auto& a) { return a.type == "broker_unreachable"; });
    };
    auto now = start;
    for (int i = 0; i < 240; ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_FALSE(open()) << "a short outage is not worth waking somebody";
    for (int i = 0; i < 120; ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_TRUE(open());
    connect(true, now);
    for (int i = 0; i < 1200 && open(); ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_FALSE(open());
}

TEST_F(ExecutorTest, NobodyWhoSubscribesIsAWarningAfterAnHour) {
    executor.begin({}, start);
    connect(true, start);
    const auto open = [&] {
        const auto alerts = executor.site().open_alerts();
        return std::ranges::any_of(alerts, [](const auto& a) { return a.type == "broker_no_subscriber"; });
    };
    auto now = start;
    std::uint64_t acknowledged = 0;
    std::uint64_t unheard = 0;
    const auto pass = [&](int seconds, std::uint64_t heard) {
        for (int i = 0; i < seconds; ++i, now += Duration{1000}) {
            acknowledged += i % 3 == 0 ? 0 : 5;  // not every second brings an answer
            unheard += i % 3 == 0 ? 0 : 5 - heard;
            executor.acknowledgements(acknowledged, unheard, now);
            executor.tick(0, now);
        }
    };
    pass(3590, 0);
    EXPECT_FALSE(open());
    pass(30, 0);
    EXPECT_TRUE(open());
    pass(1, 0);
    pass(7200, 1);  // one topic has a subscriber
    EXPECT_FALSE(open());
    acknowledged = unheard = 0;  // a reload has exchanged the publisher
    pass(3700, 0);
    EXPECT_TRUE(open());
    connect(false, now);
    for (int i = 0; i < 7200 && open(); ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_FALSE(open()) << "without a connection nobody knows";
}

// The last seconds of an outage are still in the writer's queue when the broker is back.
TEST_F(ExecutorTest, TheEndOfTheBacklogDoesNotWaitForTheCommitInterval) {
    outlets.connected = false;
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    connect(false, start);
    EXPECT_EQ(outlets.commits_wanted, 0);
    outlets.connected = true;
    connect(true, start);
    EXPECT_EQ(outlets.commits_wanted, 1);
    EXPECT_TRUE(outlets.orders.empty()) << "nothing was in the outbox at the last tick";
    executor.committed(3);
    ASSERT_EQ(outlets.orders.size(), 1U) << "before the next tick";
    executor.committed(3);
    EXPECT_EQ(outlets.orders.size(), 1U) << "one batch at a time";
}

TEST_F(ExecutorTest, WhatIsOnItsWayLiveAtTheStartIsNotHurriedIntoTheBacklog) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    connect(true, start);
    EXPECT_EQ(outlets.commits_wanted, 0);
}

TEST_F(ExecutorTest, TheJournalNotesWhatAnOperatorShouldKnowOfAConnection) {
    executor.begin({}, start);
    const auto told = [&](const ConnectionState& state) {
        ::testing::internal::CaptureStderr();
        executor.connection_changed(state, start);
        return ::testing::internal::GetCapturedStderr();
    };
    const ConnectionState connected{
        .connected = true, .broker = "b:1883", .note = "MQTT 3.1.1: says nothing of its ACL"};
    EXPECT_NE(
        told(connected).find("broker b:1883 connected, MQTT 3.1.1 (MQTT 3.1.1: says nothing of its ACL)"),
        std::string::npos);
    EXPECT_EQ(told(connected), "") << "said once";
    ConnectionState lost{.connected = false, .broker = "b:1883", .reason = "closed"};
    EXPECT_NE(told(lost).find("broker b:1883: closed"), std::string::npos);
    EXPECT_EQ(told(lost), "");
    lost.taken_over_twice = true;
    EXPECT_NE(told(lost).find("CRITICAL another client takes our session at broker b:1883"),
              std::string::npos);
    EXPECT_EQ(told(lost), "");
    EXPECT_TRUE(executor.site().open_alerts().size() == 1 &&
                executor.site().open_alerts()[0].type == "broker_session_taken_over");
}

TEST_F(ExecutorTest, TheGapsAlertEndsWhenEverythingIsDelivered) {
    executor.begin({}, start);
    executor.readings_dropped(start, start + Duration{5000}, 17, start);
    const auto open = [&] {
        const auto alerts = executor.site().open_alerts();
        return std::ranges::any_of(alerts, [](const auto& a) { return a.type == "outbox_full"; });
    };
    auto now = start;
    for (int i = 0; i < 60; ++i, now += Duration{1000}) executor.tick(5, now);
    EXPECT_TRUE(open());
    for (int i = 0; i < 1200 && open(); ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_FALSE(open());
}

TEST_F(ExecutorTest, ADevicesSilenceIsSaidOnceInTheJournal) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    ::testing::internal::CaptureStderr();
    auto now = start;
    for (int i = 0; i < 60; ++i, now += Duration{1000}) {
        executor.handle(PollFailed{DeviceIndex{0}, now, "bus b, unit 1, holding 100..109: no answer"}, now);
        executor.tick(0, now);
    }
    executor.handle(frame_of(*model, 0, now), now);
    const auto lines = ::testing::internal::GetCapturedStderr();
    const auto count = [&](const std::string& text) {
        std::size_t found = 0;
        for (auto at = lines.find(text); at != std::string::npos; at = lines.find(text, at + 1)) ++found;
        return found;
    };
    EXPECT_EQ(count("UPS-01 is offline: bus b, unit 1, holding 100..109: no answer"), 1U) << lines;
    EXPECT_EQ(count("UPS-01 answers"), 1U) << lines;
}

TEST_F(ExecutorTest, GivenUpReadingsAreToldAsAGap) {
    executor.begin({}, start);
    executor.readings_dropped(start, start + Duration{5000}, 17, start);
    const auto gaps = outlets.on_topic("event/gap");
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(std::get<std::string>(gaps[0]->body))["frames"], 17);
}

// The outbox is not full, and says nothing of room.
TEST_F(ExecutorTest, ReadingsThatTheDiskHasDamagedAreToldAsAGapToo) {
    executor.begin({}, start);
    ::testing::internal::CaptureStderr();
    executor.readings_unreadable(start, start + Duration{5000}, 3, start);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("the disk has damaged them"), std::string::npos);
    const auto gaps = outlets.on_topic("event/gap");
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(std::get<std::string>(gaps[0]->body))["frames"], 3);
    EXPECT_TRUE(std::ranges::none_of(executor.site().open_alerts(),
                                     [](const auto& alert) { return alert.type == "outbox_full"; }));
}

TEST_F(ExecutorTest, AReplacedBatteryIsStoredAtOnceAndTold) {
    auto with_battery = std::make_shared<SiteModel>(*model);
    with_battery->strings.push_back({.id = "STR-01", .batteries = {BatteryIndex{0}}});
    with_battery->batteries.push_back({.id = "BAT-1", .string = StringIndex{0}});
    with_battery->batteries[0].serial_number = "S-1";
    executor.replace_site(with_battery, {}, start);
    outlets.rows.clear();
    const auto applied = executor.apply(ReplaceBattery{.subject = {SubjectKind::battery, "BAT-1"},
                                                       .serial_number = "S-2",
                                                       .date = start,
                                                       .model = "M",
                                                       .who = "eve"},
                                        start);
    ASSERT_TRUE(applied);
    std::map<std::string, std::string> serials;
    for (const auto* memory : outlets.rows_of<BatteryMemory>())
        serials[memory->battery] = memory->serial_number;
    EXPECT_EQ(serials, (std::map<std::string, std::string>{{"BAT-1", "S-2"}, {"BAT-1@S-1", "S-1"}}));
    ASSERT_EQ(outlets.on_topic("event/battery").size(), 1U);
    const auto sites = outlets.on_topic("site");
    ASSERT_FALSE(sites.empty());
    EXPECT_NE(std::get<std::string>(sites.back()->body).find("S-2"), std::string::npos);
}

TEST_F(ExecutorTest, ACapacityTestIsStoredAtOnceAndTold) {
    auto with_battery = std::make_shared<SiteModel>(*model);
    with_battery->strings.push_back(
        {.id = "STR-01", .nominal_capacity_ah = 100, .batteries = {BatteryIndex{0}}});
    with_battery->batteries.push_back({.id = "BAT-1", .string = StringIndex{0}});
    executor.replace_site(with_battery, {}, start);
    outlets.rows.clear();
    const CapacityTest test{.time = start, .delivered_ah = 91, .reached_end_voltage = true};
    ASSERT_TRUE(executor.apply(RecordCapacityTest{"BAT-1", test, "eve", std::chrono::hours(10)}, start));
    const auto memories = outlets.rows_of<BatteryMemory>();
    ASSERT_EQ(memories.size(), 1U);
    EXPECT_TRUE(memories[0]->ageing.fused);
    EXPECT_EQ(outlets.on_topic("event/capacity_test").size(), 1U);
    ASSERT_FALSE(executor.apply(RecordCapacityTest{"BAT-9", test, "eve"}, start));
    EXPECT_EQ(outlets.on_topic("event/capacity_test").size(), 1U);
}

TEST_F(ExecutorTest, AReloadKeepsOpenAlerts) {
    executor.begin({}, start);
    auto now = start;
    for (int i = 0; i < 120; ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 1, now), now);
        executor.tick(0, now);
    }
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    const auto id = executor.site().open_alerts()[0].id;
    executor.replace_site(one_ups(), {}, now);
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    EXPECT_EQ(executor.site().open_alerts()[0].id, id);
}

TEST_F(ExecutorTest, AReloadLeavesDevicesThatItDoesNotTouchAsTheyStood) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    const auto told = outlets.on_topic("device/UPS-01/state").size();
    const auto later = start + Duration{700};
    auto renamed = std::make_shared<SiteModel>(*one_ups());
    renamed->devices.insert(renamed->devices.begin(), DeviceModel{.id = "NEW-01"});
    renamed->upses[0] = {.device = DeviceIndex{1}, .on_battery = PointRef{DeviceIndex{1}, 0}};
    ::testing::internal::CaptureStderr();
    executor.replace_site(renamed, {}, later);
    executor.tick(0, later);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "nothing has happened to the device";
    EXPECT_EQ(executor.site().devices()[0].status, DeviceStatus::unknown) << "it is new";
    const auto& state = executor.site().devices()[1];
    EXPECT_EQ(state.status, DeviceStatus::online);
    EXPECT_EQ(state.since, start);
    EXPECT_EQ(state.last_seen, start);
    EXPECT_EQ(outlets.on_topic("device/UPS-01/state").size(), told);
    EXPECT_EQ(executor.site().upses()[0].on_battery, false) << "what it measured last still counts";
    // It has been silent since before the reload.
    for (int i = 1; i <= 10; ++i) executor.tick(0, later + i * Duration{1000});
    EXPECT_EQ(executor.site().devices()[1].status, DeviceStatus::offline);
}

TEST_F(ExecutorTest, AReloadBeginsAnewWithADeviceWhosePointsHaveChanged) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    auto changed = std::make_shared<SiteModel>(*one_ups());
    auto layout = std::make_shared<Layout>(*changed->devices[0].layouts[0]);
    layout->points[0].name = "discharging";
    changed->devices[0].layouts = {layout};
    executor.replace_site(changed, {}, start + Duration{700});
    EXPECT_EQ(executor.site().devices()[0].status, DeviceStatus::unknown);
    EXPECT_EQ(executor.site().upses()[0].on_battery, std::nullopt);
}

TEST_F(ExecutorTest, AReloadDoesNotForgetTheDaemonsOwnConditions) {
    executor.begin({}, start);
    auto now = start;
    executor.handle(SystemCondition{.type = "store_full", .holds = true, .message = "no room"}, now);
    // The silent UPS has an alert of its own.
    const auto store_is_full = [&] {
        return std::ranges::count(executor.site().open_alerts(), "store_full", &Alert::type) == 1;
    };
    ASSERT_TRUE(store_is_full());
    executor.replace_site(one_ups(), {}, now);
    for (int i = 0; i < 600; ++i, now += Duration{1000}) executor.tick(0, now);
    EXPECT_TRUE(store_is_full()) << "the disk is as full as before";
    executor.handle(SystemCondition{.type = "store_full", .holds = false, .message = ""}, now);
    EXPECT_FALSE(store_is_full());
    executor.replace_site(one_ups(), {}, now);
    EXPECT_FALSE(store_is_full());
}

TEST_F(ExecutorTest, APartThatHasLeftTheSiteIsTakenOffTheBroker) {
    executor.begin({}, start);
    executor.handle(frame_of(*model, 0, start), start);
    auto without = std::make_shared<SiteModel>();
    without->id = model->id;
    without->locations = model->locations;
    executor.replace_site(without, {}, start);
    for (const auto* topic : {"device/UPS-01/state", "ups/UPS-01/state"}) {
        const auto told = outlets.on_topic(topic);
        ASSERT_FALSE(told.empty()) << topic;
        EXPECT_TRUE(told.back()->retained);
        EXPECT_EQ(std::get<std::string>(told.back()->body), "") << topic;
    }
}

TEST_F(ExecutorTest, AnotherPublisherIsToldWhatIsRetained) {
    executor.begin({}, start);
    connect(true, start);
    auto now = start;
    for (int i = 0; i < 120; ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 1, now), now);
        executor.tick(0, now);
    }
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    const auto alert = "alert/" + executor.site().open_alerts()[0].id;
    outlets.live.clear();
    executor.publisher_exchanged(now);
    for (const auto& topic :
         {std::string("site"), std::string("device/UPS-01/state"), std::string("ups/UPS-01/state"), alert}) {
        const auto told = outlets.on_topic(topic);
        ASSERT_EQ(told.size(), 1U) << topic;
        EXPECT_TRUE(told[0]->retained) << topic;
        EXPECT_NE(std::get<std::string>(told[0]->body), "") << topic;
    }
    EXPECT_TRUE(outlets.on_topic("event/alert").empty()) << "nothing has happened to the alert";
}

TEST_F(ExecutorTest, AFreshDatabaseIsToldWhatIsOpen) {
    executor.begin({}, start);
    auto now = start;
    for (int i = 0; i < 120; ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 1, now), now);
        executor.tick(0, now);
    }
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    const auto id = executor.site().open_alerts()[0].id;
    outlets.rows.clear();
    executor.handle(SystemCondition{.type = "database_set_aside", .holds = true, .message = "damaged"}, now);
    const auto kept = outlets.rows_of<AlertRow>();
    EXPECT_TRUE(std::ranges::any_of(kept, [&](const auto* row) { return row->alert.id == id; }));
}

TEST_F(ExecutorTest, ATopicThatCouldNotBeTakenOffIsTakenOffAtATick) {
    executor.begin({}, start);
    auto now = start;
    for (int i = 0; i < 120; ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 1, now), now);
        executor.tick(0, now);
    }
    ASSERT_EQ(executor.site().open_alerts().size(), 1U);
    const auto topic = "alert/" + executor.site().open_alerts()[0].id;
    outlets.takes_clears = false;
    for (int i = 0; i < 1200 && !executor.site().open_alerts().empty(); ++i, now += Duration{1000}) {
        executor.handle(frame_of(*model, 0, now), now);
        executor.tick(0, now);
    }
    ASSERT_TRUE(executor.site().open_alerts().empty());
    executor.tell_retained("plan/dispatch", Json{{"status", "optimal"}}, now);
    executor.clear("plan/dispatch");
    executor.tell_retained("plan/dispatch", Json{{"status", "optimal"}}, now);
    EXPECT_FALSE(is_clear(*outlets.on_topic(topic).back()));
    outlets.takes_clears = true;
    executor.tick(0, now);
    EXPECT_TRUE(is_clear(*outlets.on_topic(topic).back()));
    EXPECT_FALSE(is_clear(*outlets.on_topic("plan/dispatch").back())) << "it is in use again";
    const auto sent = outlets.live.size();
    executor.tick(0, now);
    EXPECT_EQ(outlets.live.size(), sent) << "once";
}

TEST_F(ExecutorTest, TopicsThatCouldNotBeTakenOffHaveALimit) {
    executor.begin({}, start);
    outlets.takes_clears = false;
    for (std::size_t i = 0; i < Executor::not_taken_off_limit + 10; ++i) {
        executor.clear("plan/" + std::to_string(i));
    }
    outlets.takes_clears = true;
    const auto before = outlets.live.size();
    executor.tick(0, start);
    EXPECT_EQ(std::count_if(outlets.live.begin() + static_cast<std::ptrdiff_t>(before), outlets.live.end(),
                            [](const auto& message) { return is_clear(*message); }),
              static_cast<std::ptrdiff_t>(Executor::not_taken_off_limit));
}

TEST_F(ExecutorTest, WhatAnotherPartSaysGetsTheHeadOfEveryPayload) {
    executor.begin({}, start);
    executor.tell_retained("plan/dispatch", Json{{"status", "optimal"}}, start);
    executor.tell_event("event/dispatch", Json{{"status", "failed"}}, start);
    const auto plans = outlets.on_topic("plan/dispatch");
    ASSERT_EQ(plans.size(), 1U);
    EXPECT_TRUE(plans[0]->retained);
    EXPECT_EQ(plans[0]->kind, MessageKind::state);
    const auto payload = Json::parse(std::get<std::string>(plans[0]->body));
    EXPECT_EQ(payload["site"], "DC-TST-01");
    EXPECT_EQ(payload["seq"], 1);
    EXPECT_EQ(payload["status"], "optimal");
    ASSERT_EQ(outlets.on_topic("event/dispatch").size(), 1U);
    EXPECT_FALSE(outlets.on_topic("event/dispatch")[0]->retained);
    executor.clear("plan/dispatch");
    EXPECT_TRUE(std::get<std::string>(outlets.on_topic("plan/dispatch").back()->body).empty());
    executor.keep(PlanRow{.time = start, .kind = "dispatch", .status = "optimal", .body = "{}"});
    EXPECT_EQ(outlets.rows_of<PlanRow>().size(), 1U);
}

}  // namespace
}  // namespace sitepower::executor_test
