// Sessions, outbox and pump together, in any order of events: messages, acknowledgements, refusals, full
// queues, lost connections. Nothing is lost, each id has one content, live goes before backlog, and the
// backlog keeps its order.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "daemon/executor/backlog_pump.hpp"
#include "daemon/publish/session.hpp"
#include "tests/support/fake_mqtt_link.hpp"

namespace sitepower::session_law_test {
namespace {

using MessagePtr = std::shared_ptr<const Message>;

const std::string root = "sitepower/v1/S/";

class SessionLaw : public testing::TestWithParam<unsigned>, public PublisherObserver {
  protected:
    SessionLaw() {
        batteries_ = random_() % 2 ? 3 : 40;
        settings_.window = 1 + random_() % 20;
        settings_.backlog_per_second = 1 + random_() % 3000;
        settings_.retained_interval = Duration{2000 * batteries_};
        settings_.acknowledge_timeout = std::chrono::hours(10);
    }

    // ---- the daemon's side ---------------------------------------------------------------------------
    void delivered(std::span<const MessageKey> keys) override {
        for (const auto key : keys) {
            EXPECT_TRUE(made_.contains(key) || key == MessageKey{}) << "nobody made it";
            delivered_.insert(key);  // its row goes with the next commit
        }
    }
    void refused(MessageKey key, int /*reason_code*/) override {
        EXPECT_TRUE(made_.contains(key) || key == MessageKey{});  // a clear has no identity
        refused_.insert(key);
    }
    void connection_changed(const ConnectionState& /*state*/) override {}
    void backlog_wanted() override { pump_.wanted(); }
    void request(MqttRequest /*request*/) override {}

    std::string state_topic() { return "battery/B" + std::to_string(random_() % batteries_) + "/state"; }
    MessagePtr make_message() {
        auto message = std::make_shared<Message>();
        message->key = MessageKey{++last_key_};
        message->kind = MessageKind::event;
        message->body = "content of " + std::to_string(last_key_);
        switch (random_() % 4) {
            case 0:
                message->topic = state_topic();
                message->retained = true;
                message->kind = MessageKind::state;
                break;
            case 1:
                message->topic = "event/alert";
                break;
            default:
                message->topic = "device/D/readings";
        }
        made_[message->key] = message;
        return message;
    }
    void say_something() {
        const auto message = make_message();
        waiting_[message->key] = message;  // in the store, not committed yet
        if (!session_) {
            if (message->retained) retained_.remember(message);
        } else if (message->retained) {
            session_->retained(message);
        } else if (random_() % 15 == 0) {  // the queue was full
            session_->left_behind(now_.steady);
            pump_.left_behind(message->key);
        } else {
            session_->live(message);
        }
    }
    // A state that is over: not stored, and gone from the broker.
    void clear_something() {
        auto message = std::make_shared<Message>();
        message->topic = state_topic();
        message->retained = true;
        message->body = std::string();
        session_ ? session_->retained(message) : (void)retained_.remember(message);
    }
    void commit() {
        outbox_.merge(waiting_);
        std::erase_if(outbox_, [this](const auto& row) { return delivered_.contains(row.first); });
    }
    // Read on another thread: the batch arrives later, and what happened meanwhile is not in it.
    void read_backlog() {
        if (!batch_) {
            const auto order = pump_.next(outbox_.size());
            if (!order) return;
            batch_.emplace();
            for (const auto& [key, message] : outbox_) {
                if (key > order->after && key <= order->up_to && batch_->size() < 7)
                    batch_->push_back(message);
            }
            if (random_() % 2) return;
        }
        const auto last = batch_->empty() ? std::nullopt : std::optional(batch_->back()->key);
        if (pump_.read(last) && session_) {
            if (random_() % 10 == 0) {
                pump_.not_taken();  // the publisher had no room
            } else {
                session_->backlog(*batch_, now_.steady);
            }
        }
        batch_.reset();
    }

    // ---- the broker's side ---------------------------------------------------------------------------
    void connect() {
        link_.emplace();
        acknowledged_ = 0;
        session_.emplace(SessionEnvironment{.settings = settings_,
                                            .site = site_,
                                            .root = root,
                                            .status = status_,
                                            .retained = retained_,
                                            .observer = *this,
                                            .tally = tally_},
                         *link_, true, 65'535, now_.steady + settings_.reconcile_delay, now_);
        sent_keys_.clear();
        last_live_ = last_backlog_ = MessageKey{};
        pump_.connected(MessageKey{last_key_});
    }
    void lose_connection() {
        session_.reset();
        pump_.disconnected();
    }
    void turn() {
        const auto before = link_->sent.size();
        session_->turn(now_);
        EXPECT_FALSE(session_->complaint());
        EXPECT_LE(link_->sent.size() - acknowledged_, settings_.window) << "never more than the window";
        bool backlog_seen = false;
        for (auto i = before; i < link_->sent.size(); ++i) look_at(link_->sent[i], backlog_seen);
    }
    void look_at(const support::FakeMqttLink::Sent& sent, bool& backlog_seen) {
        if (sent.topic == root + "status" || sent.payload.empty()) return;
        const auto number = std::stoll(sent.payload.substr(sent.payload.rfind(' ')));
        const MessageKey key{number};
        const auto& made = *made_.at(key);
        EXPECT_EQ(sent.payload, std::get<std::string>(made.body)) << "one id, one content";
        const bool backlog = sent.topic == root + "backlog/" + made.topic;
        EXPECT_TRUE(backlog || sent.topic == root + made.topic) << sent.topic;
        EXPECT_EQ(sent.retained, made.retained && !backlog);
        if (made.retained) return;  // repeated by design
        const bool may_come_again = delivered_.contains(key) || refused_.contains(key);
        EXPECT_TRUE(sent_keys_.insert(key).second || may_come_again) << "sent twice on one connection";
        EXPECT_FALSE(backlog_seen && !backlog) << "a live message waited behind backlog";
        backlog_seen |= backlog;
        auto& last = backlog ? last_backlog_ : last_live_;
        EXPECT_GT(key, last) << "out of order";
        last = key;
    }
    void acknowledge(std::size_t count, bool may_refuse) {
        for (; count > 0 && acknowledged_ < link_->sent.size(); --count, ++acknowledged_) {
            const int reason = may_refuse && random_() % 30 == 0 ? 0x97 : random_() % 5 == 0 ? 0x10 : 0;
            session_->acknowledged({.mid = link_->sent[acknowledged_].mid, .reason_code = reason}, now_);
        }
    }
    void pass(Duration time) {
        now_.steady += time;
        now_.time += time;
    }
    void live_through_anything() {
        switch (random_() % 12) {
            case 0:
                commit();
                break;
            case 1:
                read_backlog();
                break;
            case 2:
                clear_something();
                break;
            case 3:
                if (random_() % 4 == 0) session_ ? lose_connection() : connect();
                break;
            case 4:
                pass(Duration{static_cast<std::int64_t>(random_() % 2000)});
                break;
            case 5:
            case 6:
                if (session_) acknowledge(random_() % 9, true);
                break;
            default:
                say_something();
        }
        if (session_ && random_() % 3) turn();
    }
    void run_quietly() {
        for (int i = 0; i < 20'000; ++i) {
            commit();
            if (std::ranges::all_of(outbox_,
                                    [this](const auto& row) { return refused_.contains(row.first); }))
                break;
            turn();
            acknowledge(100, false);
            read_backlog();
            pass(Duration{1000});
        }
    }
    void come_to_rest() {
        if (!session_) connect();
        run_quietly();
        for (const auto& [key, message] : outbox_)
            EXPECT_TRUE(refused_.contains(key)) << static_cast<std::int64_t>(key) << " waits for ever";
        refused_.clear();
        if (random_() % 2) {  // what was refused is offered again, on this connection or on the next
            sent_keys_.clear();
            last_backlog_ = MessageKey{};
            pump_.start_over(MessageKey{last_key_});
        } else {
            lose_connection();
            connect();
        }
        run_quietly();
    }

    std::mt19937 random_{GetParam()};
    PublisherSettings settings_;
    const std::string site_ = "S";
    StatusMessages status_{site_, 0xab};
    RetainedMessages retained_{100};
    PublisherTally tally_;
    BacklogPump pump_;
    std::optional<support::FakeMqttLink> link_;
    std::optional<Session> session_;
    Now now_{.steady = Steady{} + std::chrono::hours(1), .time = from_ms(1'763'794'468'123)};
    std::size_t acknowledged_ = 0;
    unsigned batteries_ = 0;
    std::int64_t last_key_ = 0;
    std::map<MessageKey, MessagePtr> made_;
    std::map<MessageKey, MessagePtr> waiting_;
    std::map<MessageKey, MessagePtr> outbox_;
    std::optional<std::vector<MessagePtr>> batch_;
    std::set<MessageKey> delivered_;
    std::set<MessageKey> refused_;
    std::set<MessageKey> sent_keys_;
    MessageKey last_live_{};
    MessageKey last_backlog_{};
};

TEST_P(SessionLaw, NothingIsLostAndEverythingKeepsItsPlace) {
    for (int i = 0; i < 4000 && !HasFailure(); ++i) live_through_anything();
    come_to_rest();
    EXPECT_TRUE(outbox_.empty()) << outbox_.size() << " messages never arrived";
    for (const auto& [key, message] : made_)
        EXPECT_TRUE(delivered_.contains(key)) << static_cast<std::int64_t>(key);
    EXPECT_GT(tally_.published_backlog, 0U);
    EXPECT_GT(tally_.published_live, 0U);
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, SessionLaw, testing::Range(1U, 25U));

// What the broker holds in the end is what the site last said of each topic.
class RetainedLaw : public testing::TestWithParam<unsigned> {};

TEST_P(RetainedLaw, TheTableIsTheLastOfEachTopic) {
    std::mt19937 random(GetParam());
    RetainedMessages table(6);
    std::map<std::string, MessagePtr> model;
    std::set<std::string> known_delivered;
    std::set<std::string> left_out;
    for (int i = 0; i < 3000; ++i) {
        auto message = std::make_shared<Message>();
        message->key = MessageKey{i + 1};
        message->retained = true;
        message->topic = "alert/" + std::to_string(random() % 8);
        message->body = random() % 3 ? std::string("{}") : std::string();
        const bool clear = std::get<std::string>(message->body).empty();
        const auto held = model.find(message->topic);
        switch (random() % 3) {
            case 0: {
                const MessagePtr expected =
                    held != model.end() && !known_delivered.contains(message->topic) ? held->second : nullptr;
                const auto before = table.remember(message);
                if (held == model.end() && !clear && model.size() >= 6) {
                    left_out.insert(message->topic);
                    EXPECT_EQ(before, nullptr);
                    break;
                }
                left_out.erase(message->topic);
                EXPECT_EQ(before, expected);
                known_delivered.erase(message->topic);
                clear ? (void)model.erase(message->topic) : (void)(model[message->topic] = message);
                break;
            }
            case 1:
                if (held != model.end()) {
                    table.delivered(*held->second);
                    known_delivered.insert(message->topic);
                }
                break;
            default:
                table.delivered(*message);  // of a message that has been replaced since: says nothing
        }
        EXPECT_EQ(table.size(), model.size());
        const auto now_held = model.find(message->topic);
        EXPECT_EQ(table.find(message->topic), now_held == model.end() ? nullptr : now_held->second);
        EXPECT_EQ(table.is_delivered(message->topic), known_delivered.contains(message->topic));
        EXPECT_EQ(table.should_be_cleared(message->topic), now_held == model.end() && left_out.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, RetainedLaw, testing::Range(1U, 9U));

}  // namespace
}  // namespace sitepower::session_law_test
