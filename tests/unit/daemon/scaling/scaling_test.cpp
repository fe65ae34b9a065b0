// From what is forecast and measured to decisions, commands and what is told of them.
#include "daemon/scaling/scaling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "daemon/scaling/report.hpp"
#include "tests/support/fake_context.hpp"

namespace sitepower::scaling_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ScalingTest : public testing::Test {
  protected:
    ScalingTest() {
        scaling_.configure(settings());
        scaling_.restore({});
        site_.ups_states[0].on_battery = false;
        publish(4, 100);
    }

    static std::shared_ptr<ScalingSettings> settings(bool by_forecast = false) {
        ScalingGroup group;
        group.rules = {.group = "web", .least_instances = 2, .most_instances = 20};
        group.instances = "web/replicas";
        group.metrics = {
            {.name = "requests", .series = {}, .measured = "web/requests", .capacity_per_instance = 100}};
        if (by_forecast) group.metrics[0].series = "requests";
        group.actuator = TopicActuator{.topic = "scaling/web"};
        ScalingSettings all;
        all.groups = {group};
        return std::make_shared<ScalingSettings>(std::move(all));
    }
    static std::shared_ptr<ScalingSettings> by_register() {
        auto all = settings();
        all->groups[0].actuator =
            DeviceActuator{.device = DeviceIndex{1}, .device_id = "monitor-1", .command = "charge.limit"};
        return all;
    }
    void publish(double replicas, double requests) {
        replicas_ = replicas;
        requests_ = requests;
    }
    // Somebody goes on publishing.
    void pass(Duration time) {
        for (const auto end = now_ + time; now_ < end;) {
            now_ += 1s;
            steady_ += 1s;
            scaling_.metric("web/replicas", now_, replicas_);
            scaling_.metric("web/requests", now_, requests_);
            actuators_.tick(now_);
            scaling_.tick();
        }
    }
    std::vector<std::string> events() const {
        std::vector<std::string> topics;
        for (const auto& [topic, body] : told_) {
            if (topic.starts_with("event/")) topics.push_back(topic.substr(6));
        }
        return topics;
    }
    Json command() const {
        Json last;
        for (const auto& [topic, body] : told_) {
            if (topic == "command/scaling/web") last = body;
        }
        return last;
    }
    void answer(bool accepted = true) {
        EXPECT_FALSE(command().is_null());
        actuators_.answered("command/scaling/web/ack",
                            Json{{"command_id", command()["command_id"]}, {"accepted", accepted}}.dump());
    }
    void forecast(double p90, std::optional<double> confidence, Time issued) {
        forecasts_.set({.series = "requests",
                        .issued_at = issued,
                        .step = 1h,
                        .steps = {{.valid_at = now_ - 10min, .p50 = p90 / 2, .p90 = p90}},
                        .near_step = 15min,
                        .confidence = {confidence, confidence, confidence},
                        .events = {{.name = "flash_sale", .start = now_, .end = now_ + 1h}}});
    }
    ScalingGroupView group() const { return scaling_.groups().at(0); }

    Time now_ = support::fake_now;
    Duration steady_{1'000'000};
    double replicas_ = 0;
    double requests_ = 0;
    support::SiteWithMains site_;
    support::FakePlanner planner_;
    support::FakeCommandDesk commands_;
    LatestForecasts forecasts_;
    std::vector<std::pair<std::string, Json>> told_;
    std::vector<PlanRow> kept_;
    std::map<std::string, std::string> alerts_;
    ActuatorDesk actuators_{commands_,
                            {.connected = [] { return true; },
                             .tell_event = [this](const std::string& topic,
                                                  const Json& body) { told_.emplace_back(topic, body); }}};
    Scaling::Outlets outlets() {
        return {.now = [this] { return now_; },
                .steady = [this] { return steady_; },
                .tell_retained = [this](const std::string& topic,
                                        const Json& body) { told_.emplace_back(topic, body); },
                .clear = [this](const std::string& topic) { told_.emplace_back("cleared " + topic, Json()); },
                .tell_event = [this](const std::string& topic,
                                     const Json& body) { told_.emplace_back(topic, body); },
                .keep = [this](PlanRow row) { kept_.push_back(std::move(row)); },
                .condition =
                    [this](std::string_view type, bool holds, const std::string& message) {
                        if (holds)
                            alerts_[std::string(type)] = message;
                        else
                            alerts_.erase(std::string(type));
                    }};
    }
    Scaling scaling_{site_, forecasts_, planner_, actuators_, outlets()};
};

TEST_F(ScalingTest, ADecisionIsCarriedOutAcknowledgedAndVerified) {
    pass(10s);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_FALSE(group().confidence) << "without forecasts there is none to be confident of";
    publish(4, 420);
    pass(6s);
    EXPECT_THAT(events(), ElementsAre("scaling.pending"));
    EXPECT_EQ(command()["target_instances"], 6);
    EXPECT_EQ(command()["current_instances"], 4);
    EXPECT_EQ(group().status, ScalingStatus::scaling);
    answer();
    EXPECT_THAT(events(), ElementsAre("scaling.pending", "scaling.executed"));
    publish(6, 420);
    pass(130s);
    EXPECT_THAT(events(), SizeIs(2)) << "verified is told on the retained topic";
    EXPECT_EQ(group().last->state, dispatch::ScalingState::verified);
    EXPECT_EQ(group().status, ScalingStatus::stable);
    EXPECT_EQ(told_.back().first, "scaling/web");
    EXPECT_EQ(told_.back().second["last_scaling_action"]["status"], "verified");
    EXPECT_THAT(kept_, SizeIs(3));
    EXPECT_THAT(alerts_, IsEmpty());
}

TEST_F(ScalingTest, SilenceFailsAndIsTriedAgainAfterTheCoolDown) {
    publish(4, 420);
    pass(35s);
    EXPECT_THAT(events(), ElementsAre("scaling.pending", "scaling.failed"));
    EXPECT_EQ(group().status, ScalingStatus::degraded);
    EXPECT_THAT(alerts_["scaling_failed"], HasSubstr("web from 4 to 6: nobody has acknowledged"));
    pass(40s);
    EXPECT_THAT(events(), SizeIs(3)) << "another decision";
    answer();
    publish(6, 420);
    pass(130s);
    EXPECT_THAT(alerts_, IsEmpty());
}

TEST_F(ScalingTest, WhatDoesNotHappenIsTakenBackOnce) {
    publish(4, 420);
    pass(6s);
    answer();
    pass(121s);
    EXPECT_THAT(events(),
                ElementsAre("scaling.pending", "scaling.executed", "scaling.rolled_back", "scaling.pending"));
    EXPECT_EQ(command()["target_instances"], 4);
    EXPECT_THAT(alerts_["scaling_failed"], HasSubstr("taken back"));
}

TEST_F(ScalingTest, ForecastsGoBeforeMeasurementsWhileTheyCanBeTrusted) {
    scaling_.configure(settings(true));
    forecast(680, 0.9, now_);
    pass(6s);
    EXPECT_EQ(command()["target_instances"], 8) << "10 are needed, twice as many at most";
    const auto decision = scaling_.decisions().at(0).decision;
    EXPECT_EQ(decision.demand, 680);
    EXPECT_EQ(decision.event, "flash_sale");
    EXPECT_EQ(decision.confidence, 0.9);
    EXPECT_THAT(decision.reason, HasSubstr("p90 forecast"));
}

TEST_F(ScalingTest, AForecastWithoutARecordDecidesNothing) {
    scaling_.configure(settings(true));
    forecast(680, std::nullopt, now_);
    pass(20min);
    EXPECT_THAT(events(), IsEmpty()) << "neither up on it nor down";
    EXPECT_EQ(group().status, ScalingStatus::held);
    EXPECT_THAT(group().reason, HasSubstr("never down"));
}

TEST_F(ScalingTest, TheAwardOfTheLoadClassLimits) {
    auto limited = settings();
    limited->groups[0].load_class = "training";
    limited->groups[0].rules.kw_per_instance = 6;
    scaling_.configure(limited);
    const auto& award = planner_.allocated->allocation.awards[0];
    const auto fits = static_cast<int>((award.entitled_kw + award.auctioned_kw) / 6);
    publish(4, 2000);
    pass(6s);
    EXPECT_EQ(group().needed, fits);
    EXPECT_THAT(group().need_reason, HasSubstr("by the awarded"));
}

TEST_F(ScalingTest, WithoutAnActuatorItIsAdvice) {
    auto advice = settings();
    advice->groups[0].actuator = AdviceOnly{};
    scaling_.configure(advice);
    publish(4, 420);
    pass(6s);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(group().needed, 6);
    EXPECT_EQ(group().status, ScalingStatus::held);
    EXPECT_EQ(told_.back().second["advice_only"], true);
    EXPECT_EQ(told_.back().second["desired_instances"], 6);
}

TEST_F(ScalingTest, WhatNobodyTellsForFiveMinutesIsNotKnown) {
    pass(6s);
    EXPECT_EQ(group().status, ScalingStatus::held) << "2 would do, within the window";
    now_ += 301s;
    scaling_.tick();
    EXPECT_EQ(group().status, ScalingStatus::degraded);
    EXPECT_FALSE(group().instances);
}

TEST_F(ScalingTest, AClockThatIsSetBackHoldsNothingUp) {
    publish(4, 420);
    pass(6s);
    answer();
    now_ -= 1h;
    publish(6, 420);
    pass(130s);
    EXPECT_EQ(group().last->state, dispatch::ScalingState::verified) << "after two minutes, not an hour";
    publish(6, 900);
    pass(200s);
    ASSERT_TRUE(group().needed);
    EXPECT_EQ(*group().needed, 13) << "what is measured now";
    EXPECT_GT(group().last->to, 6);
}

// An MQTT command goes on; a register would be written.
TEST_F(ScalingTest, WhileTheMainsAreGoneNoRegisterIsWritten) {
    scaling_.configure(by_register());
    pass(1s);
    site_.ups_states[0].on_battery = true;
    publish(4, 420);
    pass(60s);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(group().needed, 6) << "what is needed is told all the same";
    EXPECT_THAT(group().reason, HasSubstr("until the mains"));
    site_.ups_states[0].on_battery.reset();
    pass(10min);
    EXPECT_THAT(events(), IsEmpty()) << "who falls silent has not said that they are back";
    site_.ups_states[0].on_battery = false;
    pass(Scaling::return_delay - 1s);
    EXPECT_THAT(events(), IsEmpty());
    pass(10s);
    EXPECT_FALSE(events().empty());
}

TEST_F(ScalingTest, WhileNobodyTellsOfTheMainsNoRegisterIsWritten) {
    scaling_.configure(by_register());
    site_.ups_states[0].on_battery.reset();
    publish(4, 420);
    pass(10s);
    EXPECT_THAT(events(), IsEmpty());
    site_.ups_states[0].on_battery = false;
    pass(6s);
    EXPECT_FALSE(events().empty()) << "they were not away";
}

TEST_F(ScalingTest, ANumberSetByHandHoldsUntilItExpires) {
    pass(6s);
    EXPECT_EQ(scaling_.set_by_hand("db", {3, now_ + 1h, "x"}).error().code, ErrorCode::not_found);
    EXPECT_EQ(scaling_.set_by_hand("web", {21, now_ + 1h, "x"}).error().code, ErrorCode::validation_error);
    const auto decided = scaling_.set_by_hand("web", {12, now_ + 10min, "campaign"});
    ASSERT_TRUE(decided);
    ASSERT_TRUE(*decided);
    EXPECT_EQ((*decided)->to, 12);
    EXPECT_EQ(command()["reason"], "set by hand: campaign");
    answer();
    publish(12, 1000);
    pass(9min);
    EXPECT_EQ(group().status, ScalingStatus::stable);
    EXPECT_TRUE(group().manual);
    EXPECT_THAT(scaling_.decisions(), SizeIs(1));
    pass(70s);
    EXPECT_FALSE(group().manual);
    EXPECT_THAT(scaling_.decisions(), SizeIs(2)) << "15 are needed";
}

TEST_F(ScalingTest, AnotherProcessGoesOnFromWhatIsKept) {
    pass(6s);
    static_cast<void>(scaling_.set_by_hand("web", {12, now_ + 10min, "campaign"}));
    std::vector<PlanRow> rows(kept_.rbegin(), kept_.rend());
    rows.insert(rows.begin(), {.kind = "scaling", .status = "pending", .body = "{\"broken\": "});
    told_.clear();
    Scaling next(site_, forecasts_, planner_, actuators_, outlets());
    next.configure(settings());
    next.tick();
    EXPECT_TRUE(told_.empty()) << "nothing before the store was read";
    now_ += 5s;
    next.restore(rows);
    EXPECT_THAT(events(), ElementsAre("scaling.failed"));
    ASSERT_THAT(next.decisions(), SizeIs(1));
    EXPECT_THAT(next.decisions()[0].decision.outcome, HasSubstr("started anew"));
    EXPECT_EQ(next.groups()[0].manual->instances, 12);
}

TEST_F(ScalingTest, ADecisionComesBackFromTheStoreAsItWas) {
    const dispatch::ScalingDecision decision{.id = "web-1",
                                             .from = 4,
                                             .to = 6,
                                             .state = dispatch::ScalingState::executed,
                                             .confidence = 0.5,
                                             .reason = "because",
                                             .demand = 420,
                                             .threshold = 280,
                                             .event = "flash_sale",
                                             .outcome = "fine",
                                             .created = now_,
                                             .executed = now_ + 1s};
    const auto kept =
        kept_scaling({decision_row("db", decision, now_), decision_row("web", decision, now_)}, "web");
    ASSERT_THAT(kept.decisions, SizeIs(1));
    EXPECT_EQ(describe_decision("web", kept.decisions[0]), describe_decision("web", decision));
}

TEST_F(ScalingTest, AReloadKeepsWhatWasDecidedAndTakesOffWhatIsGone) {
    publish(4, 420);
    pass(6s);
    auto wider = settings();
    wider->groups[0].rules.most_instances = 30;
    scaling_.configure(wider);
    answer();
    EXPECT_EQ(group().last->state, dispatch::ScalingState::executed);
    EXPECT_EQ(group().most_instances, 30);
    scaling_.configure(nullptr);
    EXPECT_EQ(told_.back().first, "cleared scaling/web");
    EXPECT_THAT(scaling_.groups(), IsEmpty());
}

}  // namespace
}  // namespace sitepower::scaling_test
