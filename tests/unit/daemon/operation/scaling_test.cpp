// Setting a number of instances by hand, and looking for decisions.
#include <gmock/gmock.h>

#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::scaling_test {
namespace {

using testing::SizeIs;

class ScalingOperations : public testing::Test {
  protected:
    Asked manual(const std::string& service, const std::string& instances,
                 const std::string& expires = "2026-11-22T12:00:00Z", const Caller& caller = admin) {
        return asking_.ask("scaling.manual",
                           {{"service_name", service},
                            {"target_instances", instances},
                            {"reason", "campaign"},
                            {"expires_at", expires}},
                           caller);
    }
    auto& scaling() { return asking_.context.fake_scaling; }

    Asking asking_;
};

TEST_F(ScalingOperations, ANumberSetByHandIsForAdminsAndHasLimits) {
    EXPECT_EQ(manual("inference", "12", "2026-11-22T12:00:00Z", engineer).status, 403);
    EXPECT_EQ(manual("inference", "12", "2026-11-22T06:00:00Z").status, 422) << "over already";
    EXPECT_EQ(manual("inference", "12", "2027-11-22T06:00:00Z").status, 422) << "too long";
    EXPECT_EQ(manual("inference", "41").status, 422);
    EXPECT_EQ(manual("inference", "-1").status, 422);
    EXPECT_EQ(manual("nothing", "3").status, 404);
    EXPECT_FALSE(scaling().last_manual);
    const auto asked = manual("inference", "12");
    EXPECT_EQ(asked.status, 200) << asked.body;
    EXPECT_EQ(scaling().last_manual->instances, 12);
    EXPECT_EQ(scaling().last_manual->reason, "campaign");
    EXPECT_EQ(asking_.context.audited.back().result, "done");
    const auto nothing_to_do = manual("inference", "8");
    EXPECT_TRUE(nothing_to_do.body["data"]["decision_id"].is_null());
    EXPECT_EQ(nothing_to_do.body["data"]["status"], "held");
}

TEST_F(ScalingOperations, AsksForServicesAndDecisions) {
    EXPECT_THAT(asking_.ask("scaling.status").body["data"]["services"], SizeIs(2));
    EXPECT_THAT(asking_.ask("scaling.status", {{"service", "batch"}}).body["data"]["services"], SizeIs(1));
    EXPECT_EQ(asking_.ask("scaling.status", {{"service", "nothing"}}).status, 404);
    EXPECT_EQ(asking_.ask("scaling.decisions", {{"status", "failed"}}).body["data"]["total"], 1);
    EXPECT_EQ(asking_.ask("scaling.decisions", {{"service", "batch"}}).body["data"]["total"], 0);
    EXPECT_EQ(asking_.ask("scaling.decisions", {{"status", "lost"}}).status, 422);
}

TEST_F(ScalingOperations, ThePartIsDegradedWhileAServiceIs) {
    const auto part = [&] { return asking_.ask("system.status").body["data"]["components"]["scaling"]; };
    EXPECT_EQ(part()["status"], "degraded");
    EXPECT_EQ(part()["error_rate"], 0.5);
    scaling().services.pop_back();
    EXPECT_EQ(part()["status"], "ok");
    scaling().services.clear();
    EXPECT_EQ(part()["status"], "off");
}

}  // namespace
}  // namespace sitepower::scaling_test
