// From the allocation to caps that somebody takes over MQTT.
#include "daemon/control/cap_sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/fake_context.hpp"

namespace sitepower::cap_sender_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CapSenderTest : public testing::Test {
  protected:
    CapSenderTest() {
        CappedClass capped{.id = "training",
                           .index = 0,
                           .actuator = {.topic = "allocation/training"},
                           .safe_cap_kw = 5,
                           .power = {.points = {PointRef{DeviceIndex{2}, 0}}, .names = {"meter-1/power_kw"}}};
        auto settings = std::make_shared<ControlSettings>();
        settings->caps = {capped};
        caps_.configure(settings);
        now_ = planner_.plan->start + 1s;
        award(20);
        measure(18);
    }
    void award(double kw) {
        planner_.allocated->allocation.awards[0].entitled_kw = 0;
        planner_.allocated->allocation.awards[0].auctioned_kw = kw;
    }
    void measure(double kw) {
        site_.latest_values[2][0] = {.value = kw, .quality = Quality::good, .time = now_, .seen = true};
    }
    void pass(Duration time) {
        for (const auto end = now_ + time; now_ < end;) {
            now_ += 1s;
            actuators_.tick(now_);
            caps_.tick();
        }
    }
    void answer(bool accepted = true) {
        actuators_.answered("command/allocation/training/ack",
                            Json{{"command_id", said_.back()["command_id"]}, {"accepted", accepted}}.dump());
    }
    ControlStatus status() const { return caps_.capped().at(0); }

    Time now_{};
    support::FakeSite site_;
    support::FakePlanner planner_;
    support::FakeCommandDesk commands_;
    std::vector<Json> said_;
    std::map<std::string, Json> told_;
    std::string alert_;
    ActuatorDesk actuators_{
        commands_,
        {.connected = [] { return true; },
         .tell_event = [this](const std::string&, const Json& body) { said_.push_back(body); }}};
    CapSender caps_{
        site_,
        planner_,
        actuators_,
        {.now = [this] { return now_; },
         .tell_retained = [this](const std::string& topic, const Json& body) { told_[topic] = body; },
         .clear = [this](const std::string& topic) { told_.erase(topic); },
         .condition = [this](std::string_view, bool, const std::string& message) { alert_ = message; }}};
};

TEST_F(CapSenderTest, TheAwardIsTheCapAndIsSaidAgainAndAgain) {
    pass(1s);
    ASSERT_THAT(said_, SizeIs(1));
    EXPECT_EQ(said_[0]["cap_kw"], 20);
    EXPECT_EQ(said_[0]["safe_cap_kw"], 5);
    EXPECT_EQ(said_[0]["safe_cap_from"], format_time(now_ + 180s));
    EXPECT_EQ(status().state, dispatch::ControlState::preparing);
    answer();
    EXPECT_EQ(status().state, dispatch::ControlState::controlling);
    EXPECT_EQ(told_["control/training"]["setpoint_kw"], 20);
    pass(59s);
    EXPECT_THAT(said_, SizeIs(1));
    pass(1s);
    EXPECT_THAT(said_, SizeIs(2));
    answer();
    award(12);
    pass(1s);
    EXPECT_EQ(said_.back()["cap_kw"], 12) << "a change goes at once";
    answer();
    award(12.3);
    pass(1s);
    EXPECT_THAT(said_, SizeIs(3)) << "within the deadband";
    EXPECT_THAT(alert_, IsEmpty());
}

TEST_F(CapSenderTest, WithoutAPlanItIsTheSafeCap) {
    pass(1s);
    answer();
    planner_.plan.reset();
    pass(1s);
    EXPECT_EQ(said_.back()["cap_kw"], 5);
    EXPECT_FALSE(status().wanted_kw);
}

TEST_F(CapSenderTest, SilenceIsAnAlertAndTriedAgain) {
    pass(31s);
    EXPECT_THAT(alert_, HasSubstr("training: nobody has acknowledged it in time"));
    EXPECT_EQ(status().trouble, dispatch::ControlTrouble::not_written);
    pass(2s);
    EXPECT_THAT(said_, SizeIs(2));
    answer();
    EXPECT_THAT(alert_, IsEmpty());
}

TEST_F(CapSenderTest, ARefusalIsNotRepeatedEverySecond) {
    pass(1s);
    answer(false);
    pass(9s);
    EXPECT_THAT(said_, SizeIs(1));
    pass(1s);
    EXPECT_THAT(said_, SizeIs(2));
}

TEST_F(CapSenderTest, WhoTakesTheCapAndDrawsMoreIsFoundOut) {
    pass(1s);
    answer();
    measure(30);
    pass(50s);
    EXPECT_THAT(alert_, IsEmpty()) << "it has its time";
    pass(20s);
    EXPECT_THAT(alert_, HasSubstr("draws more than the 20.0 kW"));
    EXPECT_EQ(status().trouble, dispatch::ControlTrouble::ignores);
    measure(20.9);
    pass(1s);
    EXPECT_THAT(alert_, IsEmpty());
}

TEST_F(CapSenderTest, TheEndIsTheSafeCap) {
    pass(1s);
    answer();
    caps_.end();
    EXPECT_EQ(said_.back()["cap_kw"], 5);
    caps_.configure(nullptr);
    EXPECT_THAT(caps_.capped(), IsEmpty());
}

}  // namespace
}  // namespace sitepower::cap_sender_test
