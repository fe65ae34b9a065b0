// The life of a site in virtual time: what operators live through, in seconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scripted_site.hpp"

namespace sitepower::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::SizeIs;

SiteSettings quick_full() {
    SiteSettings settings;
    settings.battery.float_full_after = hours(1);
    settings.battery.baseline_readings = 3;
    settings.battery.baseline_interval = minutes(1);
    return settings;
}

std::vector<std::string> transitions_of(const std::vector<AlertChange>& changes, std::string_view type) {
    std::vector<std::string> words;
    for (const auto& change : changes) {
        if (change.alert.type == type) words.emplace_back(to_string(change.transition));
    }
    return words;
}

TEST(SiteDay, KnowsNothingBeforeAFullCharge) {
    ScriptedSite site(quick_full());
    site.run(minutes(59));
    EXPECT_FALSE(site.battery(0).soc_pct.value);
    EXPECT_EQ(site.battery(0).soc_pct.reason, "no_full_charge_reference");
    EXPECT_EQ(site.battery(0).soh_pct.reason, "no_capacity_evidence");
    EXPECT_EQ(site.battery(0).rul_days.reason, "no_capacity_evidence");
    site.run(minutes(2));
    EXPECT_EQ(site.battery(0).soc_pct.value, 100.0);
    EXPECT_EQ(site.battery(0).soc_pct.reason, "float_anchor");
    EXPECT_EQ(site.battery(0).soc_pct.status, EstimateStatus::ok);
    EXPECT_DOUBLE_EQ(site.battery(0).soc_pct.sigma, 1.0);
    EXPECT_EQ(site.battery(pack).soc_pct.value, 100.0);
    EXPECT_EQ(site.battery(pack).soc_pct.reason, "full_charge_anchor");
    EXPECT_THAT(site.take_alerts(), SizeIs(0));
}

TEST(SiteDay, OutageDischargeRecharge) {
    ScriptedSite site(quick_full());
    site.run(hours(2));
    ASSERT_THAT(site.take_alerts(), SizeIs(0));

    site.plant().mains = false;
    site.run(hours(2));
    EXPECT_NEAR(site.battery(0).soc_pct.value.value_or(-1), 50, 1);
    EXPECT_GT(site.battery(0).soc_pct.sigma, 1.0);
    EXPECT_LT(site.battery(0).soc_pct.sigma, 10.0);
    EXPECT_EQ(site.site().upses()[0].on_battery, true);
    EXPECT_EQ(site.site().upses()[0].status, HealthStatus::warning);
    EXPECT_THAT(transitions_of(site.take_alerts(), "ups_on_battery"), testing::ElementsAre("triggered"));
    EXPECT_EQ(site.battery(0).status, HealthStatus::healthy) << "a discharge is no fault of the battery";

    site.run(minutes(90));  // to 12.5 %: below 10.5 V
    EXPECT_EQ(site.battery(0).status, HealthStatus::critical);
    const auto low = site.take_alerts();
    EXPECT_EQ(transitions_of(low, "voltage_low").size(), 2 * 72U) << "each jar: warning, then critical";

    site.plant().mains = true;
    site.run(minutes(5));
    const auto recharge = site.take_alerts();
    EXPECT_EQ(transitions_of(recharge, "voltage_low").size(), 72U);
    EXPECT_THAT(transitions_of(recharge, "ups_on_battery"), testing::ElementsAre("resolved"));
    site.run(hours(14));
    EXPECT_EQ(site.battery(0).soc_pct.value, 100.0);
    EXPECT_EQ(site.battery(0).soc_pct.reason, "float_anchor");
    EXPECT_THAT(site.take_alerts(), SizeIs(0)) << "recharging raises nothing";
    EXPECT_TRUE(site.site().open_alerts().empty());
}

}  // namespace
}  // namespace sitepower::sim
