// The life of a site in virtual time: what operators live through, in seconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/sim/scripted_site.hpp"

namespace sitepower::sim::site_day_test {
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
    EXPECT_EQ(site.battery(0).soh_pct.reason, "no_install_date");
    EXPECT_EQ(site.battery(0).rul_days.reason, "no_install_date");
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
    const auto low = site.take_alerts();
    EXPECT_THAT(transitions_of(low, "voltage_low"),
                testing::ElementsAre("triggered", "triggered", "changed", "changed"))
        << "each string: warning, then critical; not each jar";
    EXPECT_EQ(site.site().strings()[0].status, HealthStatus::critical);

    site.plant().mains = true;
    site.run(minutes(5));
    const auto recharge = site.take_alerts();
    EXPECT_THAT(transitions_of(recharge, "voltage_low"), testing::ElementsAre("resolved", "resolved"));
    EXPECT_THAT(transitions_of(recharge, "ups_on_battery"), testing::ElementsAre("resolved"));
    site.run(hours(14));
    EXPECT_EQ(site.battery(0).soc_pct.value, 100.0);
    EXPECT_EQ(site.battery(0).soc_pct.reason, "float_anchor");
    EXPECT_THAT(site.take_alerts(), SizeIs(0)) << "recharging raises nothing";
    EXPECT_TRUE(site.site().open_alerts().empty());
}

TEST(SiteDay, TheLifeOfAnAlert) {
    ScriptedSite site(quick_full());
    site.run(minutes(2));
    site.plant().extra_c[7] = 16;  // 41 C
    site.run(minutes(5));
    EXPECT_EQ(site.find_open("temperature_high"), nullptr) << "the delay";
    site.run(seconds(10));
    ASSERT_NE(site.find_open("temperature_high"), nullptr);
    const std::string first = site.find_open("temperature_high")->id;
    EXPECT_EQ(site.find_open("temperature_high")->subject.id, "BAT-8");
    EXPECT_EQ(site.battery(7).status, HealthStatus::warning);

    site.handle(AcknowledgeAlert{first, "mia", "fan ordered"});
    EXPECT_FALSE(site.find_open("temperature_high")->is_pending());
    site.handle(AcknowledgeAlert{first, "mia", "again"});
    EXPECT_EQ(site.last_refusal()->code, ErrorCode::conflict);

    site.plant().extra_c[7] = 30;  // 55 C
    site.run(minutes(5) + seconds(10));
    EXPECT_EQ(site.find_open("temperature_high")->id, first);
    EXPECT_EQ(site.find_open("temperature_high")->severity, Severity::critical);
    EXPECT_TRUE(site.find_open("temperature_high")->is_pending());

    site.handle(ResolveAlert{first, "mia", "sensor is wrong"});
    EXPECT_EQ(site.battery(7).status, HealthStatus::healthy);
    site.run(hours(2));
    EXPECT_EQ(site.find_open("temperature_high"), nullptr) << "quiet while the condition holds";
    site.plant().extra_c[7] = 0;
    site.run(minutes(10));
    site.plant().extra_c[7] = 30;
    site.run(minutes(6));
    ASSERT_NE(site.find_open("temperature_high"), nullptr) << "it had cleared once";
    EXPECT_NE(site.find_open("temperature_high")->id, first);
    EXPECT_THAT(transitions_of(site.take_alerts(), "temperature_high"),
                testing::ElementsAre("triggered", "acknowledged", "changed", "resolved", "triggered"));
}

TEST(SiteDay, ALostMonitorIsOneAlert) {
    ScriptedSite site(quick_full());
    site.run(hours(2));
    site.take_log();
    site.plant().monitor_answers = false;
    site.run(minutes(30));
    const auto alerts = site.take_alerts();
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].alert.type, "device_offline");
    EXPECT_EQ(alerts[0].alert.subject, (Subject{SubjectKind::device, "MON-01"}));
    EXPECT_EQ(alerts[0].alert.affected, 72U);
    EXPECT_THAT(alerts[0].alert.message, testing::HasSubstr("no answer within 300 ms"));
    for (std::size_t jar = 0; jar < 72; ++jar) {
        EXPECT_EQ(site.battery(jar).status, HealthStatus::unknown);
        EXPECT_EQ(site.battery(jar).status_reason, "stale_input");
        EXPECT_EQ(site.battery(jar).voltage_v.reason, "stale_input");
        EXPECT_EQ(site.battery(jar).soc_pct.reason, "stale_input");
        EXPECT_EQ(site.battery(jar).resistance_ratio.reason, "stale_input");
    }
    EXPECT_EQ(site.battery(pack).status, HealthStatus::healthy) << "the neighbour is not touched";
    EXPECT_EQ(site.site().strings()[0].status, HealthStatus::unknown);
    EXPECT_EQ(site.site().strings()[0].soc_pct.reason, "stale_input");

    site.plant().monitor_answers = true;
    site.run(minutes(2));
    EXPECT_THAT(transitions_of(site.take_alerts(), "device_offline"), testing::ElementsAre("resolved"));
    EXPECT_EQ(site.battery(0).status, HealthStatus::healthy);
    EXPECT_EQ(site.battery(0).soc_pct.status, EstimateStatus::degraded) << "half an hour went unseen";
    EXPECT_EQ(site.battery(0).soc_pct.reason, "stale_input");
    EXPECT_GT(site.battery(0).soc_pct.sigma, 5.0);
}

TEST(SiteDay, AnOpenAlertSurvivesTheLossOfItsMonitor) {
    ScriptedSite site(quick_full());
    site.plant().extra_c[7] = 20;
    site.run(minutes(6));
    site.plant().monitor_answers = false;
    site.run(hours(1));
    ASSERT_NE(site.find_open("temperature_high"), nullptr);
    EXPECT_EQ(site.battery(7).status, HealthStatus::warning);
    EXPECT_EQ(site.battery(7).active_alerts, 1U);
    site.plant().monitor_answers = true;
    site.run(minutes(1));
    EXPECT_EQ(site.battery(7).status, HealthStatus::warning);
}

TEST(SiteDay, AFlappingDeviceIsCounted) {
    ScriptedSite site(quick_full());
    for (int i = 0; i < 10; ++i) {
        site.plant().bms_answers = false;
        site.run(minutes(1));
        site.plant().bms_answers = true;
        site.run(minutes(1));
    }
    ASSERT_NE(site.find_open("device_offline"), nullptr) << "kept open while it flaps";
    EXPECT_EQ(site.find_open("device_offline")->flaps, 9U);
    EXPECT_EQ(site.find_open("device_offline")->affected, 1U);
    EXPECT_THAT(site.take_alerts(), SizeIs(6)) << "triggered, resolved, triggered again, and told at 2, 4, 8";
    site.run(minutes(10));
    EXPECT_EQ(site.find_open("device_offline"), nullptr);
}

TEST(SiteDay, AMaintenanceWindowHoldsBack) {
    ScriptedSite site(quick_full());
    site.run(minutes(1));
    site.handle(StartMaintenance{
        {"W-1", {SubjectKind::device, "MON-01"}, site.now(), site.now() + hours(1), "mia", "firmware"}});
    site.plant().monitor_answers = false;
    site.plant().bms_answers = false;
    site.run(minutes(30));
    auto alerts = site.take_alerts();
    ASSERT_THAT(alerts, SizeIs(2));
    for (const auto& change : alerts) {
        EXPECT_EQ(change.alert.held, change.alert.subject.id == "MON-01") << change.alert.subject.id;
    }
    site.run(minutes(31));
    alerts = site.take_alerts();
    ASSERT_THAT(alerts, SizeIs(1)) << "the window is over and the monitor still away";
    EXPECT_EQ(alerts[0].transition, AlertTransition::triggered);
    EXPECT_FALSE(alerts[0].alert.held);
    EXPECT_TRUE(site.site().windows().empty());
}

// What an operator would see of a scenario: alerts without their identifiers, and where everything ends.
std::vector<std::string> outcome_of(ScriptedSite& site, Duration restart_at) {
    site.run(hours(2));
    site.plant().extra_c[3] = 20;
    site.run(minutes(20));
    if (const Alert* hot = site.find_open("temperature_high")) {
        site.handle(AcknowledgeAlert{hot->id, "mia", ""});
    }
    site.plant().mains = false;
    site.run(hours(1));
    if (restart_at > Duration::zero()) {
        site.restart(restart_at);
    } else {
        site.run(seconds(1));
    }
    site.run(minutes(30));
    site.plant().mains = true;
    site.run(hours(1));
    site.plant().extra_c[3] = 0;
    site.run(hours(1));
    const Snapshot learnt = site.site().snapshot();
    std::vector<std::string> outcome;
    for (const auto& change : site.take_alerts()) {
        outcome.push_back(std::string(to_string(change.transition)) + " " + change.alert.id + " " +
                          change.alert.subject.id + " " + change.alert.acknowledged_by + " " +
                          format_time(change.alert.resolved_at.value_or(Time{})));
    }
    for (const std::size_t battery : {std::size_t{0}, std::size_t{40}, pack}) {
        outcome.push_back(std::to_string(std::lround(site.battery(battery).soc_pct.value.value_or(-1) * 10)));
        outcome.push_back(std::to_string(std::lround(site.battery(battery).soc_pct.sigma * 10)));
        outcome.emplace_back(to_string(site.battery(battery).status));
        // The ratio itself waits for the float, and is held where it was known before.
        const auto& baseline_ohm = learnt.batteries[battery].baseline_resistance_ohm;
        outcome.push_back(std::to_string(std::lround(baseline_ohm.value_or(-1) * 1e6)));
    }
    return outcome;
}

TEST(SiteDay, ARestartInTheMiddleChangesNothing) {
    ScriptedSite through(quick_full());
    ScriptedSite restarted(quick_full());
    const auto expected = outcome_of(through, Duration::zero());
    EXPECT_EQ(outcome_of(restarted, seconds(1)), expected);
    EXPECT_GE(expected.size(), 16U);
}

TEST(SiteDay, TheSameEventsGiveTheSameEffects) {
    ScriptedSite one(quick_full());
    ScriptedSite two(quick_full());
    outcome_of(one, Duration::zero());
    outcome_of(two, Duration::zero());
    const auto log = one.take_log();
    EXPECT_GT(log.size(), 500U);
    EXPECT_EQ(log, two.take_log());
}

TEST(SiteDay, ASteppedClockRaisesNothing) {
    ScriptedSite site(quick_full());
    site.run(hours(2));
    for (const Duration step : {Duration{hours(-3)}, Duration{hours(5)}, Duration{seconds(-1)},
                                Duration{hours(24 * 365 * 20)}, Duration{-hours(24 * 365 * 20)}}) {
        site.set_clock(step);
        site.run(minutes(5));
        EXPECT_THAT(site.take_alerts(), SizeIs(0)) << step.count();
        EXPECT_EQ(site.site().devices()[1].status, DeviceStatus::online);
        EXPECT_EQ(site.battery(0).status, HealthStatus::healthy);
        EXPECT_EQ(site.battery(0).voltage_v.time, site.now()) << "frames go on being taken";
    }
    site.run(hours(1));
    EXPECT_EQ(site.battery(0).soc_pct.value, 100.0) << "and charge is known again";
}

TEST(SiteDay, TellsAsMuchAsIsNew) {
    ScriptedSite site(quick_full());
    site.run(hours(2));
    const auto before = site.told_batteries();
    site.run(hours(1));
    EXPECT_EQ(site.told_batteries() - before, 4 * 73U) << "an unchanged battery every 15 minutes";
    site.plant().mains = false;
    site.run(hours(1));
    const auto outage = site.told_batteries() - before - 4 * 73U;
    EXPECT_GT(outage, 20 * 73U);
    EXPECT_LE(outage, 65 * 73U) << "a changing one at most every minute";
}

}  // namespace
}  // namespace sitepower::sim::site_day_test
