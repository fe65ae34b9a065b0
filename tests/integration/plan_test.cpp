// The schedule as its users meet it: from a real daemon's readings to the retained topic and the command
// line.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"
#include "tests/support/process.hpp"

namespace sitepower::integration {
namespace {

using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

const SiteFixture::Arrival* plan_of(const Arrivals& arrivals) {
    const auto found = std::find_if(arrivals.rbegin(), arrivals.rend(),
                                    [](const auto& arrival) { return arrival.topic == "plan/dispatch"; });
    return found == arrivals.rend() ? nullptr : &*found;
}

TEST(PlanTest, APlanWithItsProofIsPublishedAndShown) {
    SiteFixture site;
    site.subscribe();
    site.start_simulation();
    site.more = support::read_file(SITEPOWER_SOURCE_DIR "/config/demo/plans.toml");
    site.start_daemon();
    ASSERT_TRUE(
        site.wait_until_arrived([](const Arrivals& all) { return plan_of(all) != nullptr; }, seconds{60}))
        << site.ctl({"plan"}).output;
    const auto told = plan_of(site.arrivals())->value;
    EXPECT_EQ(told["site"], "DC-CNX-01");
    EXPECT_TRUE(told["status"] == "optimal" || told["status"] == "feasible") << told["status"];
    EXPECT_LE(told["certificate"]["power_violation_kw"].get<double>(), 1e-6);
    EXPECT_EQ(told["steps"].size(), 144U);
    EXPECT_FALSE(told["steps"][0]["batteries"][0]["reason"].get<std::string>().empty());
    const auto asked = site.query({"plan"});
    ASSERT_FALSE(asked.is_null());
    EXPECT_EQ(asked["certificate"]["objective"].is_number(), true);
    EXPECT_EQ(site.query({"status"})["components"]["planner"]["status"], "ok");
    const auto table = site.ctl({"plan"});
    EXPECT_EQ(table.status, 0);
    EXPECT_NE(table.output.find("LIB-01"), std::string::npos) << table.output;
    const auto allocated = site.query({"allocation"});
    ASSERT_FALSE(allocated.is_null());
    EXPECT_NEAR(allocated["allocation"]["training"].get<double>(), 25, 1e-6);
    EXPECT_NEAR(allocated["allocation"]["cooling"].get<double>(), 6.25, 1e-6);
    // A bid for nothing leaves the entitlement.
    const auto until =
        format_time(std::chrono::floor<Duration>(std::chrono::system_clock::now()) + seconds{600});
    EXPECT_EQ(site.ctl({"allocation", "bid", "training", "[]", "--until", until}).status, 0);
    EXPECT_NEAR(site.query({"allocation"})["allocation"]["training"].get<double>(), 5, 1e-6);
    const auto simulated = site.query({"allocation", "simulate", "--risk", "1", "--hours", "12"});
    ASSERT_FALSE(simulated.is_null());
    EXPECT_TRUE(simulated["certificate"]["gap"].is_number());
    EXPECT_EQ(site.query({"allocation", "cycle"})["success"], true);
    site.stop_daemon();
    expect_nothing_missing(site.arrivals());
    EXPECT_TRUE(std::ranges::any_of(site.arrivals(),
                                    [](const auto& arrival) { return arrival.topic == "plan/allocation"; }));
}

TEST(PlanTest, WithoutDispatchThereIsAnAnswerThatSaysWhatToDo) {
    SiteFixture site;
    site.start_simulation();
    site.start_daemon();
    const auto ran = site.ctl({"plan"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.output.find("add [dispatch]"), std::string::npos) << ran.output;
}

}  // namespace
}  // namespace sitepower::integration
