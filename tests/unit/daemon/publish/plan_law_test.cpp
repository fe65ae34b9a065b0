// When to try which broker, whatever brokers do: never hammering, never giving one up, never late for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <ranges>
#include <set>

#include "daemon/publish/in_flight.hpp"
#include "daemon/publish/reconnect_plan.hpp"
#include "daemon/publish/request_gate.hpp"
#include "daemon/publish/token_bucket.hpp"

namespace sitepower::plan_law_test {
namespace {

constexpr std::string_view root = "sitepower/v1/S/";

class PlanLaw : public testing::TestWithParam<unsigned> {
  protected:
    PlanLaw() {
        for (std::size_t i = 0; i < 1 + random_() % 3; ++i)
            settings_.brokers.push_back({"b" + std::to_string(i), 1883});
        settings_.version = static_cast<MqttVersion>(random_() % 3);
        plan_.emplace(settings_, random_(), now_);
    }
    Duration wait() const { return std::chrono::duration_cast<Duration>(plan_->due() - now_); }

    std::mt19937 random_{GetParam()};
    PublisherSettings settings_;
    Steady now_ = Steady{} + std::chrono::hours(1);
    std::optional<ReconnectPlan> plan_;
};

TEST_P(PlanLaw, WaitsWithinItsBoundsWhateverHappens) {
    for (int i = 0; i < 3000; ++i) {
        const auto attempt = plan_->attempt();
        EXPECT_LT(attempt.broker, settings_.brokers.size());
        if (settings_.version != MqttVersion::automatic) {
            EXPECT_EQ(attempt.protocol_5, settings_.version == MqttVersion::v5);
        }
        now_ = std::max(now_, plan_->due());
        const bool accepted = random_() % 3 == 0;
        if (accepted) {
            plan_->accepted(now_);
            now_ += Duration{static_cast<std::int64_t>(random_() % 120'000)};
        }
        const auto kind = static_cast<EndKind>(accepted ? 3 + random_() % 2 : random_() % 3);
        plan_->ended(kind, now_);
        EXPECT_GE(wait(), Duration{0});
        EXPECT_LE(wait(), plan_->taken_over_twice(now_) ? settings_.takeover_pause : settings_.reconnect_max);
    }
}

TEST_P(PlanLaw, BrokersThatAreAllDownAreAllTriedEverMoreSeldom) {
    std::multiset<std::size_t> tried;
    const auto start = now_;
    int attempts = 0;
    for (; now_ - start < std::chrono::hours(1); ++attempts) {
        tried.insert(plan_->attempt().broker);
        now_ = std::max(now_, plan_->due());
        plan_->ended(EndKind::failed, now_);
        now_ = plan_->due();
    }
    for (std::size_t i = 0; i < settings_.brokers.size(); ++i)
        EXPECT_GT(tried.count(i), 30U) << "broker " << i;
    // Once a minute and broker at most, but for the first round.
    EXPECT_LT(attempts, static_cast<int>(settings_.brokers.size()) * 150);
}

INSTANTIATE_TEST_SUITE_P(AnyOrder, PlanLaw, testing::Range(1U, 13U));

TEST(TokenBucketLaw, InNoSpanOfTimeMoreThanBurstAndRate) {
    std::mt19937 random(1);
    for (int run = 0; run < 50; ++run) {
        const double rate = 1 + static_cast<double>(random() % 1000) / 10;
        const double burst = 1 + static_cast<double>(random() % 50);
        Steady now = Steady{} + std::chrono::hours(1);
        TokenBucket bucket(rate, burst, now);
        std::vector<Steady> taken;
        for (int i = 0; i < 2000; ++i) {
            now += std::chrono::microseconds(random() % 50'000);
            const auto next = bucket.next(now);
            const bool got = bucket.take(now);
            EXPECT_EQ(got, next <= now) << "next() says when take() will succeed";
            if (got) taken.push_back(now);
        }
        for (std::size_t first = 0; first < taken.size(); first += 1 + taken.size() / 50) {
            for (std::size_t last = first; last < taken.size(); last += 1 + taken.size() / 50) {
                const std::chrono::duration<double> span = taken[last] - taken[first];
                EXPECT_LE(static_cast<double>(last - first + 1), burst + span.count() * rate + 1e-6);
            }
        }
    }
}

std::string any_topic(std::mt19937& random) {
    static const std::vector<std::string> pieces{"sitepower/v1/S/",
                                                 "sitepower/v1/",
                                                 "request/",
                                                 "reply/",
                                                 "health",
                                                 "a/b",
                                                 "+",
                                                 "#",
                                                 "\n",
                                                 "..",
                                                 "",
                                                 "ü",
                                                 "alerts.stats",
                                                 std::string(300, 'x'),
                                                 "HEALTH"};
    std::string topic = random() % 2 ? std::string(root) : "";
    for (auto n = random() % 4; n > 0; --n) topic += pieces[random() % pieces.size()];
    return topic;
}

// Written down once more, as the documents say it.
bool should_be_answered(const ReceivedMessage& message) {
    const std::string requests = std::string(root) + "request/";
    const std::string replies = std::string(root) + "reply/";
    if (!message.topic.starts_with(requests)) return false;
    const auto name = message.topic.substr(requests.size());
    const bool is_name =
        !name.empty() && name.size() <= 64 &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
    const auto& to = message.response_topic;
    const bool may_reply = to.starts_with(replies) && to.size() > replies.size() && to.size() <= 256 &&
                           to.find_first_of("+#\n") == std::string::npos;
    return is_name && may_reply && !message.retained && message.expiry_s != 0U &&
           message.payload.size() <= 64 * 1024 && message.correlation_data.size() <= 1024;
}

TEST(RequestGateLaw, AnswersExactlyWhatTheDocumentsPromise) {
    std::mt19937 random(2);
    RequestGate gate(std::string(root), 1'000'000'000, Steady{});
    int answered = 0;
    for (int i = 0; i < 30'000; ++i) {
        ReceivedMessage message{
            .topic = any_topic(random),
            .payload = std::string(random() % 20 == 0 ? 65'536 + random() % 2 : random() % 50, ' '),
            .retained = random() % 8 == 0,
            .response_topic = any_topic(random),
            .correlation_data = std::string(random() % 20 == 0 ? 1024 + random() % 2 : random() % 9, 'c'),
            .expiry_s = {}};
        if (random() % 3 == 0) message.expiry_s = static_cast<std::uint32_t>(random() % 3);
        if (random() % 2) message.topic = std::string(root) + "request/health";
        if (random() % 2) message.response_topic = std::string(root) + "reply/me";
        const bool expected = should_be_answered(message);
        const auto judged = gate.judge(message, Steady{});
        ASSERT_EQ(judged.verdict == RequestVerdict::accepted, expected)
            << message.topic << " -> " << message.response_topic;
        if (!expected) continue;
        ++answered;
        EXPECT_EQ(judged.request.payload, message.payload);
        EXPECT_EQ(judged.request.response_topic, message.response_topic);
        EXPECT_EQ(judged.request.correlation_data, message.correlation_data);
    }
    EXPECT_GT(answered, 500);
}

TEST(InFlightLaw, IsATableById) {
    std::mt19937 random(3);
    InFlight in_flight(50);
    std::map<int, std::int64_t> model;
    int mid = 60'000;
    std::int64_t key = 0;
    for (int i = 0; i < 50'000; ++i) {
        if (in_flight.room() > 0 && random() % 2) {
            mid = mid == 65'535 ? 1 : mid + 1;
            InFlightMessage message;
            message.key = MessageKey{++key};
            message.report = key % 2 == 0;
            ASSERT_TRUE(in_flight.put(mid, message));
            model[mid] = key;
        } else if (!model.empty()) {
            // Mostly the oldest, now and then one out of order or one that nobody sent.
            auto found = model.begin();
            if (random() % 4 == 0) std::advance(found, random() % std::min<std::size_t>(model.size(), 5));
            const auto taken = in_flight.take(found->first);
            ASSERT_TRUE(taken);
            EXPECT_EQ(taken->key, MessageKey{found->second});
            model.erase(found);
            EXPECT_FALSE(in_flight.take(mid + 7));
        }
        ASSERT_EQ(in_flight.size(), model.size());
        // Those that stay too long would stand in the way of the ids that come round again.
        while (!model.empty() && key - std::ranges::min(model | std::views::values) > 100) {
            const auto oldest =
                std::ranges::min_element(model, {}, [](const auto& entry) { return entry.second; });
            ASSERT_TRUE(in_flight.take(oldest->first));
            model.erase(oldest);
        }
    }
    std::vector<MessageKey> keys;
    in_flight.append_keys(keys);
    std::ranges::sort(keys);
    std::vector<MessageKey> expected;
    for (const auto& [id, number] : model) {
        if (number % 2 == 0) expected.push_back(MessageKey{number});
    }
    std::ranges::sort(expected);
    EXPECT_EQ(keys, expected);
}

}  // namespace
}  // namespace sitepower::plan_law_test
