// The schedule as its users meet it: from a real daemon's readings to the retained topic and the command
// line.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"
#include "tests/support/process.hpp"

namespace sitepower::integration::plan_test {
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

// Two weeks of the load, told at once, and the next plan is made with what is forecast of it.
TEST(PlanTest, TheLoadIsWhatIsForecastOfItsSeries) {
    SiteFixture site;
    site.subscribe();
    site.start_simulation();
    auto plans = support::read_file(SITEPOWER_SOURCE_DIR "/config/demo/plans.toml");
    const std::string table = "[dispatch]\n";
    const auto at = plans.find(table);
    ASSERT_NE(at, std::string::npos);
    plans.insert(at + table.size(), "load_series = \"hall\"\n");
    site.more = plans + "\n[[series]]\nid = \"hall\"\nmetric = \"hall/load\"\nunit = \"kW\"\nstep_s = 3600\n";
    site.start_daemon();
    ASSERT_TRUE(site.wait_until_arrived(
        [](const Arrivals& all) {
            const auto told = [&](const char* topic) {
                return std::ranges::any_of(all, [&](const auto& one) { return one.topic == topic; });
            };
            return told("forecast/hall") && told("status") && told("plan/dispatch");
        },
        seconds{60}));
    EXPECT_NE(
        site.query({"plan"})["load_forecast"].get<std::string>().find("series hall is not forecast yet"),
        std::string::npos);
    const auto now = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now());
    for (int hour = 14 * 24; hour > 0; --hour) {
        const Time time{now - std::chrono::hours{hour}};
        site.subscriber->publish({.topic = "sitepower/v1/DC-CNX-01/metric/hall/load",
                                  .payload = "{\"value\": " + std::to_string(100 + hour * 7 % 24 + hour % 5) +
                                             ", \"time\": \"" + format_time(time) + "\"}"});
    }
    ASSERT_TRUE(site.wait_until_arrived(
        [&](const Arrivals& all) {
            const auto found = std::find_if(all.rbegin(), all.rend(),
                                            [](const auto& one) { return one.topic == "forecast/hall"; });
            return found->value["issued_at"] == format_time(Time{now});
        },
        seconds{60}));
    EXPECT_EQ(site.ctl({"allocation", "cycle", "--simulate", "false"}).status, 0);
    const auto plan = site.query({"plan"});
    EXPECT_NE(plan["load_forecast"].get<std::string>().find("the forecast of series hall"), std::string::npos)
        << plan["load_forecast"];
    EXPECT_FALSE(plan["price_forecast"].is_null());
    site.stop_daemon();
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
}  // namespace sitepower::integration::plan_test
