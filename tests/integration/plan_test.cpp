// The schedule as its users meet it: from a real daemon's readings to the retained topic and the command
// line.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/time.hpp"
#include "tests/integration/site_fixture.hpp"

namespace sitepower::integration {
namespace {

using std::chrono::seconds;
using Arrivals = std::vector<SiteFixture::Arrival>;

constexpr const char* dispatch = R"(
[[price]]
id = "energy_price"
currency = "EUR"
source = "tariff"

[[price.period]]
price = 320
from = "08:00"
to = "20:00"

[[price.period]]
price = 90

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
import_limit_kw = 200
demand_price_per_kw = 8

[[dispatch.battery]]
id = "LIB-01"
charge = "BMS-01/pack.soc_pct"
capacity_kwh = 47
charge_max_kw = 20
discharge_max_kw = 20
critical_load = ["UPS-01/output.load_kw"]
required_autonomy_min = 10

[[dispatch.load_class]]
id = "training"
cop = 4
entitlement_kw = 5

[[dispatch.load_class.segment]]
value_per_mwh = 900
kw = 20
)";

const SiteFixture::Arrival* plan_of(const Arrivals& arrivals) {
    const auto found = std::find_if(arrivals.rbegin(), arrivals.rend(),
                                    [](const auto& arrival) { return arrival.topic == "plan/dispatch"; });
    return found == arrivals.rend() ? nullptr : &*found;
}

TEST(PlanTest, APlanWithItsProofIsPublishedAndShown) {
    SiteFixture site;
    site.subscribe();
    site.start_simulation();
    site.more = dispatch;
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
