// The executor with a real store behind it and a broker that comes and goes, restarts and kills included:
// every message that was made is delivered in the end, under its one id and with its one content.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "daemon/executor/executor.hpp"
#include "tests/unit/core/site/small_site.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::outage_law_test {
namespace {

std::shared_ptr<const SiteModel> two_devices() {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-1";
    model->locations.push_back({.id = "ROOM-1"});
    DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
    model->upses.resize(1);
    model->upses[0].on_battery = ups.point("on_battery");
    ups.finish(Duration{1000});
    DeviceBuilder meter(*model, "MTR-01", DeviceKind::meter);
    meter.point("power_kw", "kW");
    meter.finish(Duration{1000});
    return model;
}

class OutageLaw : public ::testing::TestWithParam<unsigned>, public ExecutorOutlets {
  protected:
    OutageLaw() { start(); }

    // ---- outlets ---------------------------------------------------------------------------------------
    bool publish(std::shared_ptr<const Message> message) override {
        if (!connected_ || random_() % 20 == 0) return false;  // no room, now and then
        if (message->key != MessageKey{}) in_flight_.push_back(std::move(message));
        return true;
    }
    bool append(Row row) override {
        if (const auto* message = row.message()) made_[message->message->key] = message->message;
        batch_.rows.push_back(std::move(row));
        return true;
    }
    void commit_soon() override { commit_wanted_ = true; }
    bool send_backlog(std::vector<std::shared_ptr<const Message>> batch) override {
        EXPECT_TRUE(std::ranges::is_sorted(batch, {}, &Message::key));
        if (random_() % 20 == 0) return false;  // no room, now and then
        for (auto& message : batch) in_flight_.push_back(std::move(message));
        backlog_sent_ = true;
        return true;
    }
    void read_outbox(BacklogPump::Order order) override { order_ = order; }

    // ---- the world around it ---------------------------------------------------------------------------
    void start() {
        executor_.emplace(Site(model_, {}), store_.epoch(), *this);
        executor_->begin(store_.report().snapshot, now_);
        connected_ = false;
    }
    // What was not committed is gone, and with it the identity of what nobody has seen.
    void kill() {
        std::erase_if(made_, [&](const auto& entry) {
            return !committed_.contains(entry.first) && !seen_.contains(entry.first);
        });
        batch_.clear();
        in_flight_.clear();
        backlog_sent_ = false;
        commit_wanted_ = false;
        order_.reset();
        store_.crash();
        start();
    }
    void commit() {
        ASSERT_TRUE(store_.commit(batch_));
        for (const auto& row : batch_.rows) {
            if (const auto* message = row.message()) committed_.insert(message->message->key);
        }
        batch_.clear();
        if (std::exchange(commit_wanted_, false)) executor_->committed(store_.committer().outbox());
    }
    void connect(bool connected) {
        connected_ = connected;
        in_flight_.clear();  // nobody will ever know of these
        backlog_sent_ = false;
        executor_->connection_changed({.connected = connected, .broker = "b:1883", .reason = "test"}, now_);
    }
    void acknowledge(std::size_t count) {
        for (; count > 0 && !in_flight_.empty(); --count) {
            const auto message = in_flight_.front();
            in_flight_.pop_front();
            const auto [known, is_new] = seen_.emplace(message->key, message);
            if (!is_new) expect_same_message(*known->second, *message);
            batch_.delivered.push_back(message->key);
        }
        if (in_flight_.empty() && std::exchange(backlog_sent_, false)) executor_->backlog_wanted();
    }
    void answer_outbox() {
        if (!order_) return;
        auto read = store_.reader()->outbox_batch(order_->after, 1 + random_() % 20);
        ASSERT_TRUE(read);
        std::erase_if(read->messages, [&](const auto& message) { return message->key > order_->up_to; });
        order_.reset();
        executor_->backlog_read(std::move(read->messages));
    }
    void tick() {
        now_ += Duration{1000};
        executor_->tick(store_.committer().outbox(), now_);
    }
    void live() {
        switch (random_() % 12) {
            case 0:
                commit();
                break;
            case 1:
                acknowledge(random_() % 20);
                break;
            case 2:
                answer_outbox();
                break;
            case 3:
                tick();
                break;
            case 4:
                if (random_() % 8 == 0) connect(!connected_);
                break;
            case 5:
                if (random_() % 60 == 0) kill();
                break;
            default: {
                now_ += Duration{200};
                const auto device = random_() % 2;
                const double value = static_cast<double>(random_() % 2);
                executor_->handle(FramePtr(make_frame(model_->devices[device].layouts[0], now_,
                                                      std::vector<double>{value})),
                                  now_);
            }
        }
    }

    std::mt19937 random_{GetParam()};
    std::shared_ptr<const SiteModel> model_ = two_devices();
    ThreadlessStore store_;
    Time now_ = test_start;
    std::optional<Executor> executor_;
    bool connected_ = false;
    bool backlog_sent_ = false;
    bool commit_wanted_ = false;
    Batch batch_;
    std::deque<std::shared_ptr<const Message>> in_flight_;
    std::optional<BacklogPump::Order> order_;
    std::map<MessageKey, std::shared_ptr<const Message>> made_;
    std::map<MessageKey, std::shared_ptr<const Message>> seen_;  // by the broker, and acknowledged
    std::set<MessageKey> committed_;
};

TEST_P(OutageLaw, EverythingThatWasCommittedArrivesOnceById) {
    for (int i = 0; i < 3000 && !HasFailure(); ++i) live();
    commit();
    connect(true);
    for (int i = 0; i < 5000 && store_.committer().outbox() > 0; ++i) {
        tick();
        answer_outbox();
        acknowledge(1000);
        commit();
    }
    EXPECT_EQ(store_.committer().outbox(), 0U);
    EXPECT_GT(made_.size(), 500U);
    for (const auto& [key, message] : made_) {
        const auto seen = seen_.find(key);
        ASSERT_NE(seen, seen_.end()) << message->topic << " seq " << message->seq << " never arrived";
        expect_same_message(*seen->second, *message);
    }
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, OutageLaw, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace sitepower::outage_law_test
