// One seam for whoever carries numbers out: devices and listeners on topics.
#include "daemon/control/actuator_desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_context.hpp"

namespace sitepower::actuator_desk_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ActuatorDeskTest : public testing::Test {
  protected:
    void order(const Actuator& actuator, double value = 60, const std::string& id = "web-1") {
        desk_.order(actuator, id, value, Json{{"target_instances", value}}, now_,
                    [this](const std::string& why) { done_.push_back(why); });
    }
    bool answer(const std::string& payload, std::string_view topic = "command/scaling/web/ack") {
        return desk_.answered(topic, payload);
    }

    Time now_ = support::fake_now;
    bool connected_ = true;
    std::vector<std::pair<std::string, Json>> told_;
    std::vector<std::string> done_;
    support::FakeCommandDesk commands_;
    ActuatorDesk desk_{commands_,
                       {.connected = [this] { return connected_; },
                        .tell_event = [this](const std::string& topic,
                                             const Json& body) { told_.emplace_back(topic, body); }}};
    const TopicActuator topic_{.topic = "scaling/web"};
    const DeviceActuator device_{
        .device = DeviceIndex{1}, .device_id = "monitor-1", .command = "charge.limit"};
};

TEST_F(ActuatorDeskTest, AdviceIsNotCarriedOut) {
    order(AdviceOnly{});
    EXPECT_THAT(done_, IsEmpty());
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ActuatorDeskTest, ADeviceIsWrittenTo) {
    order(device_);
    EXPECT_THAT(done_, ElementsAre(""));
    ASSERT_THAT(commands_.ordered, SizeIs(1));
    EXPECT_EQ(commands_.ordered[0].request.words, std::vector<std::uint16_t>{600});
    commands_.report = {.outcome = modbus::WriteOutcome::ineffective, .reason = "it holds 50"};
    order(device_);
    EXPECT_EQ(done_.back(), "it holds 50");
    order(device_, 1e6);
    EXPECT_THAT(done_.back(), HasSubstr("200")) << "beyond the command's range";
}

TEST_F(ActuatorDeskTest, AListenerAnswersInTime) {
    order(topic_);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].first, "command/scaling/web");
    EXPECT_EQ(told_[0].second["command_id"], "web-1");
    EXPECT_EQ(told_[0].second["target_instances"], 60);
    EXPECT_EQ(told_[0].second["valid_until"], format_time(now_ + 30s));
    EXPECT_THAT(done_, IsEmpty());
    EXPECT_TRUE(answer(R"({"command_id": "web-1", "accepted": true})"));
    EXPECT_THAT(done_, ElementsAre(""));
    EXPECT_TRUE(answer(R"({"command_id": "web-1", "accepted": false})")) << "a second answer";
    desk_.tick(now_ + 1h);
    EXPECT_THAT(done_, SizeIs(1));
}

TEST_F(ActuatorDeskTest, AListenerMayRefuse) {
    order(topic_);
    answer(R"({"command_id": "web-1", "accepted": false, "reason": "no quota"})");
    EXPECT_THAT(done_, ElementsAre("it was refused: no quota"));
}

TEST_F(ActuatorDeskTest, WhatIsNoAnswerIsLeftAlone) {
    order(topic_);
    for (const auto* payload :
         {"", "x", "[]", "{}", R"({"command_id": 1, "accepted": true})", R"({"command_id": "web-1"})",
          R"({"command_id": "web-1", "accepted": "yes"})", R"({"command_id": "web-2", "accepted": true})"}) {
        EXPECT_TRUE(answer(payload)) << payload;
    }
    EXPECT_TRUE(answer(R"({"command_id": "web-1", "accepted": true})", "command/scaling/db/ack"))
        << "of another group";
    EXPECT_FALSE(answer(R"({"command_id": "web-1", "accepted": true})", "bid/web"));
    EXPECT_THAT(done_, IsEmpty());
}

TEST_F(ActuatorDeskTest, SilenceIsARefusal) {
    order(topic_);
    desk_.tick(now_ + 29s);
    EXPECT_THAT(done_, IsEmpty());
    desk_.tick(now_ + 30s);
    EXPECT_THAT(done_, ElementsAre("nobody has acknowledged it in time"));
    answer(R"({"command_id": "web-1", "accepted": true})");
    EXPECT_THAT(done_, SizeIs(1)) << "too late";
}

TEST_F(ActuatorDeskTest, NothingIsSentWithoutABroker) {
    connected_ = false;
    order(topic_);
    EXPECT_THAT(done_, ElementsAre("the broker is not connected"));
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ActuatorDeskTest, HasALimit) {
    for (std::size_t i = 0; i <= ActuatorDesk::capacity; ++i) order(topic_, 1, "web-" + std::to_string(i));
    EXPECT_THAT(told_, SizeIs(ActuatorDesk::capacity));
    EXPECT_THAT(done_, ElementsAre("too many commands wait for their answer"));
}

}  // namespace
}  // namespace sitepower::actuator_desk_test
