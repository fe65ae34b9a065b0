// Writes as an operation: who may, what is refused before anything is sent, and what is told as done.
#include <gmock/gmock.h>

#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::command_test {
namespace {

using modbus::WriteOutcome;
using testing::HasSubstr;

class CommandOperation : public testing::Test {
  protected:
    Asked command(Texts more, const Caller& caller = admin) {
        Texts texts{{"device_id", "monitor-1"}};
        texts.insert(texts.end(), more.begin(), more.end());
        return asking_.ask("device.command", texts, caller);
    }
    Asked limit(const std::string& value, const Caller& caller = admin) {
        return command({{"command", "charge.limit"}, {"value", value}}, caller);
    }
    std::string message(const Asked& asked) { return asked.body["error"]["message"]; }
    auto& desk() { return asking_.context.desk; }

    Asking asking_;
};

TEST_F(CommandOperation, OrdersTheWordsThatTheValueBecomes) {
    const auto asked = limit("60.04");
    ASSERT_EQ(asked.status, 200) << asked.body;
    ASSERT_EQ(desk().ordered.size(), 1U);
    EXPECT_EQ(desk().ordered[0].device, DeviceIndex{1});
    EXPECT_EQ(desk().ordered[0].request.words, std::vector<std::uint16_t>{600});
    EXPECT_EQ(asked.body["data"]["value"], 60.0);
    EXPECT_EQ(asked.body["data"]["status"], "verified");
    EXPECT_EQ(asking_.context.audited.back().result, "done");
    EXPECT_THAT(asking_.context.audited.back().what, HasSubstr("device.command"));
}

TEST_F(CommandOperation, IsForAdminsAlone) {
    for (const auto& caller : {viewer, engineer}) EXPECT_EQ(limit("60", caller).status, 403);
    EXPECT_TRUE(desk().ordered.empty());
    EXPECT_EQ(asking_.context.audited.size(), 2U) << "who tried is on record";
}

TEST_F(CommandOperation, SendsNothingThatTheSiteDoesNotEnable) {
    const auto asked = command({{"command", "battery.test.start"}});
    EXPECT_EQ(asked.status, 403);
    EXPECT_THAT(message(asked), HasSubstr("commands = [\"battery.test.start\"]"));
    EXPECT_TRUE(desk().ordered.empty());
}

TEST_F(CommandOperation, SendsNothingThatIsNotAllowed) {
    EXPECT_EQ(limit("200.1").status, 422);
    EXPECT_EQ(limit("-1").status, 422);
    EXPECT_EQ(limit("many").status, 422);
    EXPECT_EQ(command({{"command", "charge.limit"}}).status, 422);
    EXPECT_EQ(command({{"command", "charge.limits"}, {"value", "1"}}).status, 404);
    EXPECT_EQ(asking_.ask("device.command", {{"device_id", "nobody"}, {"command", "charge.limit"}}).status,
              404);
    EXPECT_TRUE(desk().ordered.empty());
}

TEST_F(CommandOperation, LeavesADeviceThatFollowsThePlanAlone) {
    asking_.context.fake_control.devices[0].device_id = "monitor-1";
    const auto asked = limit("60");
    EXPECT_EQ(asked.status, 409);
    EXPECT_THAT(message(asked), HasSubstr("monitor-1 follows the plan for LIB-01"));
    EXPECT_TRUE(desk().ordered.empty());
    EXPECT_EQ(command({{"command", "charge.limit"}, {"value", "60"}, {"simulate", "true"}}).status, 200);
}

TEST_F(CommandOperation, SimulatesWithoutSending) {
    const auto asked = command({{"command", "charge.limit"}, {"value", "60"}, {"simulate", "true"}});
    EXPECT_EQ(asked.status, 200);
    EXPECT_EQ(asked.body["data"]["status"], "simulated");
    EXPECT_EQ(asked.body["data"]["words"], Json::array({600}));
    EXPECT_TRUE(desk().ordered.empty());
}

TEST_F(CommandOperation, TellsAsDoneOnlyWhatIsCertain) {
    struct Case {
        WriteOutcome outcome;
        int status;
        std::string says;
    };
    for (const auto& one : {Case{WriteOutcome::verified, 200, ""}, Case{WriteOutcome::accepted, 200, ""},
                            Case{WriteOutcome::refused, 409, "was not carried out: why"},
                            Case{WriteOutcome::ineffective, 409, "was not carried out: why"},
                            Case{WriteOutcome::not_sent, 503, "was not carried out: why"},
                            Case{WriteOutcome::unknown, 503, "it is not known whether"}}) {
        desk().report = {.outcome = one.outcome, .read_back = {}, .reason = "why"};
        const auto asked = limit("60");
        EXPECT_EQ(asked.status, one.status);
        const bool done = asking_.context.audited.back().result == "done";
        EXPECT_EQ(done, one.status == 200);
        if (one.status != 200) {
            EXPECT_THAT(message(asked), HasSubstr(one.says));
            EXPECT_EQ(asked.body["error"]["details"][0]["status"], to_string(one.outcome));
        }
    }
}

TEST_F(CommandOperation, SaysWhenTooManyAreUnderWay) {
    desk().refusal = Error{ErrorCode::service_unavailable, "too many commands are under way", ""};
    EXPECT_EQ(limit("60").status, 503);
}

TEST_F(CommandOperation, ListsWhatCouldBeWritten) {
    const auto items = asking_.ask("commands").body["data"]["items"];
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0]["enabled"], true);
    EXPECT_EQ(items[0]["highest"], 200);
    EXPECT_EQ(items[1]["enabled"], false);
    EXPECT_TRUE(items[1]["verified_by"].is_null());
    EXPECT_TRUE(asking_.ask("commands", {{"device_id", "ups-1"}}).body["data"]["items"].empty());
}

}  // namespace
}  // namespace sitepower::command_test
