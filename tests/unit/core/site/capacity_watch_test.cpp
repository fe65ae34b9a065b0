#include "core/site/capacity_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::capacity_watch_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);
constexpr double rated_ah = 100;

// Through the engine: three blocks of 12 V in a string, with a monitor that is polled every ten seconds.
class CapacityWatchTest : public testing::Test {
  protected:
    CapacityWatchTest() {
        SiteModel model;
        DeviceBuilder monitor(model, "MON-01");
        StringModel& string = model.strings.emplace_back();
        string.id = "STR-01";
        string.nominal_capacity_ah = rated_ah;
        string.current_a = monitor.point("current_a", "A");
        model.batteries.resize(3);
        for (std::size_t i = 0; i < 3; ++i) {
            model.batteries[i].id = "BAT-" + std::to_string(i);
            model.batteries[i].voltage_v = monitor.point(std::to_string(i) + ".voltage_v", "V");
            model.batteries[i].temperature_c = monitor.point(std::to_string(i) + ".temperature_c", "Cel");
            model.strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
        }
        model.batteries[1].installed_date = start - hours(24 * 1365);
        layout_ = monitor.finish(seconds(10));
        settings_.battery.soc_method = "counting";
        settings_.battery.float_full_after = minutes(30);
        model_ = std::make_shared<const SiteModel>(std::move(model));
        site_.emplace(model_, settings_);
    }

    void restart() {
        const Snapshot left = site_->snapshot();
        site_.emplace(model_, settings_);
        Effects effects;
        site_->restore(left, now_, effects);
    }
    void reload() {
        const Site before = std::exchange(*site_, Site(model_, settings_));
        Effects effects;
        site_->take_over(before, now_, effects);
    }

    void pass(Duration time, double current_a, const std::vector<double>& voltages_v) {
        for (const Time until = now_ + time; now_ < until;) {
            for (int i = 0; i < 10; ++i) tell(Tick{}, now_ += seconds(1));
            std::vector<double> values{current_a};
            for (const double voltage_v : voltages_v) values.insert(values.end(), {voltage_v, 20.0});
            tell(make_frame(layout_, now_, std::move(values)), now_);
        }
    }
    void charge_fully() { pass(hours(1), 0.02, {13.74, 13.74, 13.74}); }
    void plan(const Subject& subject, Duration duration = hours(12)) {
        tell(StartMaintenance{{.subject = subject, .from = now_, .to = now_ + duration, .who = "eve"}}, now_);
    }
    void tell(const Event& event, Time now) {
        Effects effects;
        site_->handle(event, now, effects);
        EXPECT_FALSE(effects.refusal) << effects.refusal->message;
        for (const CapacityReport& report : effects.capacity_tests) reports_.push_back(report);
        for (const AlertChange& change : effects.alerts) alerts_.push_back(change);
    }
    const Estimate& soh_pct(std::size_t battery) const { return site_->batteries()[battery].soh_pct; }

    std::shared_ptr<const SiteModel> model_;
    SiteSettings settings_;
    std::shared_ptr<const Layout> layout_;
    std::optional<Site> site_;
    Time now_ = start;
    std::vector<CapacityReport> reports_;
    std::vector<AlertChange> alerts_;
};

TEST_F(CapacityWatchTest, APlannedDischargeIsMeasuredForEachJar) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(7), -10, {12.0, 12.0, 12.0});
    pass(hours(2), -10, {11.0, 10.4, 11.5});
    pass(hours(1), -10, {10.4, 9.9, 10.9});
    EXPECT_TRUE(reports_.empty()) << "it is not over";
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    const CapacityReport& fine = reports_[0];
    EXPECT_EQ(fine.battery, BatteryIndex{0});
    EXPECT_NEAR(fine.test.delivered_ah, 90, 0.1);
    EXPECT_TRUE(fine.test.reached_end_voltage);
    EXPECT_NEAR(std::chrono::duration<double>(fine.lasted).count(), 9 * 3600, 30);
    EXPECT_NEAR(*fine.test.temperature_c, 20, 1e-9);
    EXPECT_NEAR(fine.health_pct, 90 / 0.97, 0.2) << "brought to 25 C";
    EXPECT_TRUE(fine.passed);
    EXPECT_EQ(fine.flaw, "");
    EXPECT_EQ(fine.who, "measured");
    EXPECT_NEAR(reports_[1].test.delivered_ah, 70, 0.1);
    EXPECT_FALSE(reports_[1].passed);
    EXPECT_EQ(reports_[1].flaw, "");
    EXPECT_NEAR(reports_[2].test.delivered_ah, 100, 0.1);
    EXPECT_FALSE(reports_[2].test.reached_end_voltage);
    EXPECT_EQ(reports_[2].flaw, "end_voltage_not_reached");
    EXPECT_TRUE(reports_[2].passed) << "it gave its rated charge and was not empty";

    pass(minutes(2), 5, {12, 12, 12});
    EXPECT_NEAR(*soh_pct(0).value, 90 / 0.97, 0.5);
    EXPECT_NEAR(*soh_pct(1).value, 70 / 0.97, 0.5);
    EXPECT_FALSE(soh_pct(2).value) << "at least so much is no evidence";
    EXPECT_EQ(reports_.size(), 3U) << "told once";
    for (const AlertChange& change : alerts_) EXPECT_TRUE(change.alert.held) << change.alert.type;
    EXPECT_FALSE(alerts_.empty()) << "recorded, but not announced";
    const auto degraded = std::ranges::find_if(site_->open_alerts(), [](const Alert& alert) {
        return alert.type == "soh_degraded" && alert.subject.id == "BAT-1";
    });
    ASSERT_NE(degraded, site_->open_alerts().end());
    EXPECT_EQ(degraded->severity, Severity::critical) << "at once: a test needs no second estimate";
}

TEST_F(CapacityWatchTest, ADischargeThatNobodyPlannedIsNoTest) {
    charge_fully();
    pass(hours(9), -10, {10.4, 10.4, 10.4});
    pass(minutes(3), 5, {12, 12, 12});
    EXPECT_TRUE(reports_.empty());
    EXPECT_FALSE(soh_pct(0).value);
}

TEST_F(CapacityWatchTest, OnlyTheBatteryThatWasPlannedIsReported) {
    charge_fully();
    plan({SubjectKind::battery, "BAT-1"});
    pass(hours(9), -10, {11, 11, 11});
    pass(minutes(1), -10, {10, 10, 10});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 1U);
    EXPECT_EQ(reports_[0].battery, BatteryIndex{1});
}

TEST_F(CapacityWatchTest, ATestThatBeganWithoutAFullChargeIsNoEvidence) {
    plan({SubjectKind::string, "STR-01"});
    pass(hours(6), -10, {11, 11, 11});
    pass(hours(1), -10, {10.4, 10.4, 10.4});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[0].flaw, "no_full_charge_reference");
    EXPECT_FALSE(soh_pct(0).value);
}

TEST_F(CapacityWatchTest, AtTheRateOfAnUpsLeadAcidTellsNothingOfItsRatedCapacity) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(minutes(30), -120, {11, 11, 11});
    pass(minutes(1), -120, {10, 10, 10});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[0].flaw, "out_of_model_range");
    EXPECT_NEAR(reports_[0].test.delivered_ah, 60, 1);
    EXPECT_FALSE(soh_pct(0).value);
}

TEST_F(CapacityWatchTest, AHoleInTheMeasurementSpoilsIt) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(4), -10, {11, 11, 11});
    now_ += minutes(5);
    pass(hours(5), -10, {10.4, 10.4, 10.4});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[0].flaw, "stale_input");
}

TEST_F(CapacityWatchTest, AShortPauseOrDipIsNotTheEnd) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(minutes(1), -10, {12, 12, 12});
    pass(seconds(10), -10, {10.4, 10.4, 10.4});  // the dip at the beginning
    pass(hours(5), -10, {12, 12, 12});
    pass(seconds(40), 0, {12, 12, 12});
    pass(hours(4), -10, {11, 11, 11});
    pass(minutes(1), -10, {10.4, 10.4, 10.4});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_NEAR(reports_[0].test.delivered_ah, 90.2, 0.2);
}

TEST_F(CapacityWatchTest, AJarThatGivesNothingHasFailed) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(2), -10, {12, 8, 12});
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[1].health_pct, 0);
    EXPECT_FALSE(reports_[1].passed);
    EXPECT_EQ(reports_[1].flaw, "");
}

TEST_F(CapacityWatchTest, ARestartOrReloadDoesNotEndATest) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(4), -10, {12, 12, 12});
    now_ += seconds(25);
    restart();
    pass(hours(2), -10, {12, 12, 12});
    reload();
    pass(hours(3), -10, {11, 10.4, 11});
    pass(seconds(5), -10, {10.4, 10.4, 11});
    reload();
    pass(minutes(1), -10, {10.4, 10.4, 11});
    EXPECT_TRUE(reports_.empty());
    pass(minutes(3), 5, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[0].flaw, "");
    EXPECT_NEAR(reports_[0].test.delivered_ah, 90.1, 0.1) << "what flowed meanwhile counts";
    EXPECT_NEAR(std::chrono::duration<double>(reports_[0].lasted).count(), 9 * 3600 + 25, 20);
    EXPECT_NEAR(*reports_[0].test.temperature_c, 20, 1e-9);
    EXPECT_EQ(reports_[1].flaw, "");
    EXPECT_NEAR(reports_[1].test.delivered_ah, 60.1, 0.1);
    EXPECT_EQ(reports_[2].flaw, "end_voltage_not_reached");
    restart();
    pass(minutes(10), 5, {12, 12, 12});
    EXPECT_EQ(reports_.size(), 3U) << "told once";
}

TEST_F(CapacityWatchTest, ATestThatARestartHasTornIsToldAsSuch) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(4), -10, {12, 12, 12});
    now_ += minutes(10);
    restart();
    pass(minutes(3), -10, {12, 12, 12});
    ASSERT_EQ(reports_.size(), 3U);
    EXPECT_EQ(reports_[0].flaw, "stale_input");
    EXPECT_NEAR(reports_[0].test.delivered_ah, 40, 0.1);
    EXPECT_NEAR(std::chrono::duration<double>(reports_[0].lasted).count(), 4 * 3600, 20);
}

TEST_F(CapacityWatchTest, TakesNoGarbageForATest) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(hours(4), -10, {12, 12, 12});
    Snapshot left = site_->snapshot();
    for (BatteryMemory& memory : left.batteries) {
        ASSERT_TRUE(memory.discharge);
        EXPECT_TRUE(memory.discharge->is_planned);
        memory.discharge->delivered_ah = std::numeric_limits<double>::quiet_NaN();
    }
    site_.emplace(model_, settings_);
    Effects effects;
    site_->restore(left, now_, effects);
    pass(minutes(3), 5, {12, 12, 12});
    EXPECT_TRUE(reports_.empty());
}

TEST_F(CapacityWatchTest, AShortDischargeIsNotWorthAReport) {
    charge_fully();
    plan({SubjectKind::string, "STR-01"});
    pass(minutes(50), -10, {12, 12, 12});
    pass(minutes(3), 5, {12, 12, 12});
    EXPECT_TRUE(reports_.empty());
}

TEST(CapacityWatch, TheEndVoltageIsThatOfTheKind) {
    StringModel string;
    EXPECT_NEAR(*CapacityWatch::end_voltage_v(string), 10.5, 1e-12);
    string.nominal_voltage_v = 2;
    EXPECT_NEAR(*CapacityWatch::end_voltage_v(string), 1.75, 1e-12);
    string.chemistry = Chemistry::lfp;
    EXPECT_FALSE(CapacityWatch::end_voltage_v(string)) << "no battery file";
}

}  // namespace
}  // namespace sitepower::capacity_watch_test
