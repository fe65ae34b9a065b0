// A battery or a string is replaced: what was learnt starts anew, and a restart does not bring it back.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::replacing_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr Time start{Duration{1'795'328'000'000}};
constexpr std::size_t jars = 3;

SiteSettings quick_settings() {
    SiteSettings settings;
    settings.battery.baseline_readings = 1;
    return settings;
}

// A string of three blocks of 100 Ah on float, four years old and full.
class ReplacingTest : public testing::Test {
  protected:
    ReplacingTest() {
        model_->id = "S";
        model_->locations = {{.id = "L"}};
        DeviceBuilder monitor(*model_, "MON-01");
        StringModel string{.id = "STR-01", .nominal_capacity_ah = 100};
        string.current_a = monitor.point("current_a", "A");
        Snapshot snapshot;
        for (std::size_t i = 0; i < jars; ++i) {
            const std::string n = std::to_string(i);
            BatteryModel battery{
                .id = "B" + n, .string = StringIndex{0}, .position = static_cast<int>(i) + 1};
            battery.model = "OLD-100";
            battery.serial_number = "S" + n;
            battery.installed_date = start - days(4 * 365);
            battery.voltage_v = monitor.point("jar" + n + ".voltage_v", "V");
            battery.temperature_c = monitor.point("jar" + n + ".temperature_c", "Cel");
            battery.internal_resistance_ohm = monitor.point("jar" + n + ".internal_resistance_ohm", "Ohm");
            string.batteries.push_back(static_cast<BatteryIndex>(i));
            model_->batteries.push_back(battery);
            snapshot.batteries.push_back({.battery = battery.id,
                                          .serial_number = battery.serial_number,
                                          .charge_ah = 100,
                                          .charge_sigma_ah = 1,
                                          .charge_as_of = start});
        }
        layout_ = monitor.finish(seconds(1));
        model_->strings.push_back(string);
        restart(snapshot);
        poll();
    }

    void restart(const Snapshot& snapshot) {
        site_.emplace(model_, quick_settings());
        site_->restore(snapshot, now_, effects_);
        site_->handle(Tick{}, now_, effects_);
    }
    void poll() {
        now_ += seconds(1);
        std::vector<double> values{0.05};
        for (std::size_t i = 0; i < jars; ++i) values.insert(values.end(), {13.65, 25, 0.005});
        site_->handle(make_frame(layout_, now_, values), now_, effects_);
        site_->handle(Tick{}, now_, effects_);
    }
    void test_capacity(const std::string& battery, double delivered_ah) {
        site_->handle(RecordCapacityTest{battery,
                                         {.time = now_,
                                          .delivered_ah = delivered_ah,
                                          .temperature_c = 25,
                                          .reached_end_voltage = true},
                                         "eve",
                                         hours(10)},
                      now_, effects_);
        poll();
        poll();
    }
    // One bad result is doubted, the second believed, and an alert wants two estimates.
    void fail_tests(const std::string& battery) {
        for (int i = 0; i < 3; ++i) test_capacity(battery, 70);
    }
    std::optional<Error> replace(Subject subject, std::string serial_number, Time date = start) {
        effects_.clear();
        site_->handle(ReplaceBattery{.subject = std::move(subject),
                                     .serial_number = std::move(serial_number),
                                     .date = date,
                                     .model = "NEW-100",
                                     .who = "eve"},
                      now_, effects_);
        return effects_.refusal;
    }
    bool is_open(std::string_view type) const {
        return std::ranges::any_of(site_->open_alerts(),
                                   [type](const Alert& alert) { return alert.type == type; });
    }
    const BatteryState& battery(std::size_t i) const { return site_->batteries()[i]; }
    const BatteryModel& named(std::size_t i) const { return site_->model().batteries[i]; }

    std::shared_ptr<SiteModel> model_ = std::make_shared<SiteModel>();
    std::shared_ptr<const Layout> layout_;
    std::optional<Site> site_;
    Effects effects_;
    Time now_ = start;
};

TEST_F(ReplacingTest, WhatWasLearntStartsAnewForThatBatteryOnly) {
    fail_tests("B1");
    ASSERT_TRUE(is_open("soh_degraded"));
    ASSERT_LT(*battery(1).soh_pct.value, 85);
    ASSERT_TRUE(battery(1).soc_pct.value);
    ASSERT_TRUE(battery(1).resistance_ratio.value);
    const BatteryState neighbour = battery(0);
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::prior_only);
    EXPECT_GT(*battery(1).soh_pct.value, 95);
    EXPECT_GT(*battery(1).rul_days.value, *neighbour.rul_days.value);
    EXPECT_EQ(battery(1).soc_pct.reason, "not_yet_read");
    EXPECT_EQ(battery(1).resistance_ratio.reason, "no_baseline_resistance");
    EXPECT_EQ(battery(0).soc_pct.value, neighbour.soc_pct.value);
    EXPECT_EQ(battery(0).soh_pct.value, neighbour.soh_pct.value);
    EXPECT_TRUE(battery(0).resistance_ratio.value);
    poll();
    EXPECT_EQ(battery(1).soc_pct.reason, "no_full_charge_reference");
    EXPECT_EQ(named(1).serial_number, "N1");
    EXPECT_EQ(named(1).model, "NEW-100");
    EXPECT_EQ(named(1).installed_date, start);
    EXPECT_EQ(named(0).serial_number, "S0");
}

TEST_F(ReplacingTest, AlertsOnTheOldBatteryClose) {
    fail_tests("B1");
    ASSERT_TRUE(is_open("soh_degraded"));
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    EXPECT_FALSE(is_open("soh_degraded"));
    const auto closed = std::ranges::find_if(effects_.alerts, [](const AlertChange& change) {
        return change.transition == AlertTransition::resolved && change.alert.type == "soh_degraded";
    });
    ASSERT_NE(closed, effects_.alerts.end());
    EXPECT_EQ(closed->alert.resolved_by, "configuration");
    EXPECT_EQ(closed->alert.resolution_note, "the battery was replaced");
    for (int i = 0; i < 10; ++i) poll();
    EXPECT_FALSE(is_open("soh_degraded"));
}

TEST_F(ReplacingTest, AnAlertResolvedByHandRisesAgainForTheNewBattery) {
    fail_tests("B1");
    ASSERT_TRUE(is_open("soh_degraded"));
    for (const auto& alert : std::vector<Alert>(site_->open_alerts().begin(), site_->open_alerts().end())) {
        site_->handle(ResolveAlert{alert.id, "eve", ""}, now_, effects_);
    }
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1", start - days(4 * 365))) << "not a new one";
    EXPECT_FALSE(is_open("soh_degraded"));
    fail_tests("B1");
    EXPECT_TRUE(is_open("soh_degraded"));
}

TEST_F(ReplacingTest, WhatWasKnownOfTheOldBatteryIsHandedOut) {
    test_capacity("B1", 90);
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    ASSERT_EQ(effects_.batteries_replaced.size(), 1U);
    const BatteryReplaced& replaced = effects_.batteries_replaced[0];
    EXPECT_EQ(replaced.battery, BatteryIndex{1});
    EXPECT_EQ(replaced.old_serial_number, "S1");
    EXPECT_EQ(replaced.serial_number, "N1");
    EXPECT_EQ(replaced.who, "eve");
    EXPECT_EQ(replaced.retired.serial_number, "S1");
    EXPECT_EQ(replaced.retired.charge_ah.has_value(), true);
    EXPECT_FALSE(replaced.retired.ageing.evidence.empty());
}

TEST_F(ReplacingTest, ARestartWithTheOldSiteFileGoesOnWithTheNewBattery) {
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    test_capacity("B1", 97);
    const double soh_pct = *battery(1).soh_pct.value;
    restart(site_->snapshot());
    EXPECT_EQ(named(1).serial_number, "N1");
    EXPECT_EQ(named(1).installed_date, start);
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::ok);
    EXPECT_NEAR(*battery(1).soh_pct.value, soh_pct, 0.1);
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N2")) << "and again, before the file says so";
    restart(site_->snapshot());
    EXPECT_EQ(named(1).serial_number, "N2");
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::prior_only);
}

TEST_F(ReplacingTest, AMemoryOfTheOldBatteryIsNotTakenForTheNewOne) {
    test_capacity("B1", 70);
    const Snapshot before = site_->snapshot();
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    model_->batteries[1].serial_number = "N1";
    model_->batteries[1].installed_date = start;
    restart(before);
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::prior_only);
}

TEST_F(ReplacingTest, TheSiteFileGoesFirstOnceItNamesAnotherBattery) {
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    test_capacity("B1", 97);
    const Snapshot snapshot = site_->snapshot();
    model_->batteries[1].serial_number = "N1";
    model_->batteries[1].installed_date = start - days(1);
    restart(snapshot);
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::ok) << "the same battery";
    EXPECT_EQ(named(1).installed_date, start - days(1)) << "as the file has it";
    EXPECT_FALSE(site_->snapshot().batteries[1].replacement);
    model_->batteries[1].serial_number = "X9";
    restart(snapshot);
    EXPECT_EQ(named(1).serial_number, "X9");
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::prior_only) << "yet another battery";
}

// Who writes only the number into the file means what was told.
TEST_F(ReplacingTest, ANumberWrittenIntoTheFileKeepsTheToldDateAndModel) {
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    model_->batteries[1].serial_number = "N1";
    for (int i = 0; i < 2; ++i) {
        restart(site_->snapshot());
        EXPECT_EQ(named(1).installed_date, start);
        EXPECT_EQ(named(1).model, "NEW-100");
    }
}

TEST_F(ReplacingTest, AWholeStringGetsTheNumbersOfItsLot) {
    ASSERT_FALSE(replace({SubjectKind::string, "STR-01"}, "LOT-7"));
    EXPECT_EQ(effects_.batteries_replaced.size(), jars);
    EXPECT_EQ(named(0).serial_number, "LOT-7-1");
    EXPECT_EQ(named(2).serial_number, "LOT-7-3");
    for (std::size_t i = 0; i < jars; ++i) EXPECT_FALSE(battery(i).soc_pct.value);
    restart(site_->snapshot());
    EXPECT_EQ(named(2).serial_number, "LOT-7-3");
}

TEST_F(ReplacingTest, WithoutSerialNumbersInTheSiteFileTheToldOneCounts) {
    model_->batteries[1].serial_number.clear();
    restart({});
    ASSERT_FALSE(replace({SubjectKind::battery, "B1"}, "N1"));
    restart(site_->snapshot());
    EXPECT_EQ(named(1).serial_number, "N1");
}

TEST_F(ReplacingTest, IsRefusedAndThenChangesNothing) {
    const auto code = [this](Subject subject, std::string serial_number, Time date = start) {
        const auto refusal = replace(std::move(subject), std::move(serial_number), date);
        return refusal ? std::optional(refusal->code) : std::nullopt;
    };
    EXPECT_EQ(code({SubjectKind::battery, "B9"}, "N1"), ErrorCode::not_found);
    EXPECT_EQ(code({SubjectKind::string, "B1"}, "N1"), ErrorCode::not_found);
    EXPECT_EQ(code({SubjectKind::device, "MON-01"}, "N1"), ErrorCode::not_found);
    EXPECT_EQ(code({SubjectKind::battery, "B1"}, ""), ErrorCode::validation_error);
    EXPECT_EQ(code({SubjectKind::battery, "B1"}, std::string(65, 'x')), ErrorCode::validation_error);
    EXPECT_EQ(code({SubjectKind::battery, "B1"}, "N1", now_ + hours(1)), ErrorCode::validation_error);
    EXPECT_EQ(code({SubjectKind::battery, "B1"}, "N1", start - days(4 * 365 + 1)),
              ErrorCode::validation_error)
        << "before the old one was there";
    EXPECT_EQ(effects_.refusal->message,
              "battery 'B1' was itself put in after that date: mend the date, or its installed_date in the "
              "site file");
    EXPECT_EQ(code({SubjectKind::string, "STR-01"}, "LOT-7", start - days(4 * 365 + 1)),
              ErrorCode::validation_error);
    EXPECT_EQ(code({SubjectKind::battery, "B1"}, "S1"), ErrorCode::conflict);
    EXPECT_TRUE(effects_.batteries_replaced.empty());
    EXPECT_EQ(named(1).serial_number, "S1");
    EXPECT_TRUE(battery(1).soc_pct.value);
}

}  // namespace
}  // namespace sitepower::replacing_test
