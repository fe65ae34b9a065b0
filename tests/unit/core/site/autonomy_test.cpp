// The autonomy of a UPS, through the engine: what it is worked out from, and why it is unknown.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "core/battery/model/cell_model.hpp"
#include "core/site/site.hpp"
#include "tests/unit/core/battery/model/some_parameters.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::autonomy_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Time start{Duration{1'795'328'000'000}};
constexpr int jars = 4;

struct Wanted {
    bool load = true;
    bool model = true;
    bool current = true;
    bool string = true;
    bool second_string = false;  // of half the capacity, half full
    bool second_current = false;
    std::optional<double> required_min = std::nullopt;
    double peukert = 1;
    double capacity_noise = 0;
    bool resistances = false;  // measured, each with a baseline of 4 mohm
};

// One UPS of 48 V: a string of four blocks of 100 Ah.
class AutonomyTest : public testing::Test {
  protected:
    void build(const Wanted& wanted) {
        auto model = std::make_shared<SiteModel>();
        model->id = "S";
        model->locations = {{.id = "L"}};
        DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
        UpsModel of{.device = DeviceIndex{0}};
        of.required_autonomy_min = wanted.required_min;
        of.on_battery = ups.point("on_battery");
        const auto load = ups.point("output.load_kw", "kW");
        if (wanted.load) of.load_kw = load;
        ups_layout_ = ups.finish(seconds(1));
        DeviceBuilder monitor(*model, "MON-01");
        StringModel string{.id = "STR-01", .ups = UpsIndex{0}, .nominal_capacity_ah = 100};
        const auto current = monitor.point("current_a", "A");
        if (wanted.current) string.current_a = current;
        auto block = some_block();
        block.peukert = wanted.peukert;
        block.noise.capacity = wanted.capacity_noise;
        if (wanted.model) string.cell_model = std::make_shared<const CellModel>(block);
        for (int i = 0; i < jars; ++i) {
            BatteryModel battery{.id = "B" + std::to_string(i), .string = StringIndex{0}, .position = i + 1};
            battery.voltage_v = monitor.point("jar" + std::to_string(i) + ".voltage_v", "V");
            string.batteries.push_back(static_cast<BatteryIndex>(i));
            model->batteries.push_back(battery);
        }
        const auto second_current = monitor.point("second.current_a", "A");
        for (std::size_t i = 0; wanted.resistances && i < jars; ++i) {
            const auto name = "jar" + std::to_string(i);
            model->batteries[i].internal_resistance_ohm = monitor.point(name + ".internal_resistance_ohm");
            model->batteries[i].temperature_c = monitor.point(name + ".temperature_c", "degC");
        }
        monitor_layout_ = monitor.finish(seconds(1));
        if (wanted.string) of.strings = {StringIndex{0}};
        model->strings.push_back(string);
        if (wanted.second_string) {
            string.id = "STR-02";
            if (wanted.second_current) string.current_a = second_current;
            string.nominal_capacity_ah = 50;
            string.batteries.clear();
            for (int i = 0; i < jars; ++i) {
                BatteryModel battery = model->batteries[static_cast<std::size_t>(i)];
                battery.id = "B" + std::to_string(jars + i);
                battery.string = StringIndex{1};
                string.batteries.push_back(static_cast<BatteryIndex>(jars + i));
                model->batteries.push_back(battery);
            }
            model->strings.push_back(string);
            of.strings.push_back(StringIndex{1});
        }
        model->upses.push_back(of);
        site_.emplace(model, SiteSettings{});
        Snapshot snapshot;
        for (int i = 0; i < jars; ++i) {
            snapshot.batteries.push_back({.battery = "B" + std::to_string(i),
                                          .charge_ah = 100,
                                          .charge_sigma_ah = 1,
                                          .charge_as_of = start,
                                          .baseline_resistance_ohm = 0.004});
        }
        for (int i = 0; wanted.second_string && i < jars; ++i) {
            snapshot.batteries.push_back({.battery = "B" + std::to_string(jars + i),
                                          .charge_ah = 25,
                                          .charge_sigma_ah = 0.5,
                                          .charge_as_of = start});
        }
        site_->restore(snapshot, start, effects_);
    }

    void poll(double load_kw, double current_a, double voltage_v, double on_battery = 1,
              double second_current_a = 0) {
        std::vector<double> values{current_a, voltage_v, voltage_v, voltage_v, voltage_v, second_current_a};
        for (const double ohm : resistances_ohm_) values.insert(values.end(), {ohm, 25});
        site_->handle(make_frame(monitor_layout_, now_ + seconds(1), values), now_ + seconds(1), effects_);
        poll_ups(load_kw, on_battery);
    }
    void poll_ups(double load_kw, double on_battery) {
        now_ += seconds(1);
        site_->handle(make_frame(ups_layout_, now_, {on_battery, load_kw}), now_, effects_);
        site_->handle(Tick{}, now_, effects_);
    }
    // The result of a test down to the end voltage.
    void test_capacity(const std::string& battery, double delivered_ah, Duration lasted = hours(20)) {
        site_->handle(RecordCapacityTest{.battery_id = battery,
                                         .test = {.time = now_,
                                                  .delivered_ah = delivered_ah,
                                                  .rated_ah = 100,
                                                  .temperature_c = 25,
                                                  .reached_end_voltage = true},
                                         .who = "eve",
                                         .lasted = lasted},
                      now_, effects_);
    }
    const UpsState& ups() const { return site_->upses()[0]; }

    std::shared_ptr<const Layout> ups_layout_, monitor_layout_;
    std::optional<Site> site_;
    Effects effects_;
    Time now_ = start;
    std::vector<double> resistances_ohm_;  // of the jars, where they are measured
};

// 0.94 kW of load are 1 kW from the batteries: 21 A at 11.9 V per block, 4.8 h for 100 Ah.
TEST_F(AutonomyTest, FollowsFromLoadAndCharge) {
    build({});
    poll(0.94, -20.8, 12.85);
    ASSERT_TRUE(ups().autonomy_min.value) << ups().autonomy_min.reason;
    EXPECT_NEAR(*ups().autonomy_min.value, 4.8 * 60, 0.3 * 60);
    EXPECT_LT(*ups().autonomy_p10_min, *ups().autonomy_min.value);
    EXPECT_GT(*ups().autonomy_p90_min, *ups().autonomy_min.value);
    EXPECT_GT(ups().autonomy_min.sigma, 0);
    EXPECT_EQ(ups().autonomy_min.as_of, now_);
}

TEST_F(AutonomyTest, OfAStringIsThatOfItsUpsWhereItIsAlone) {
    build({});
    const StringState& string = site_->strings()[0];
    EXPECT_EQ(string.autonomy_min.reason, "not_yet_read");
    poll(0.94, -20.8, 12.85);
    EXPECT_EQ(string.autonomy_min.value, ups().autonomy_min.value);
    EXPECT_EQ(string.autonomy_p10_min, ups().autonomy_p10_min);
    EXPECT_EQ(string.autonomy_p90_min, ups().autonomy_p90_min);
}

TEST_F(AutonomyTest, TheUpsNamesTheWeakestBatteryOfItsWorstString) {
    build({});
    EXPECT_EQ(ups().voltage_imbalance_v.reason, "not_yet_read");
    now_ += seconds(1);
    site_->handle(make_frame(monitor_layout_, now_, {-20, 12.8, 12.8, 12.3, 12.8, 0}), now_, effects_);
    poll_ups(0.94, 1);
    ASSERT_TRUE(ups().weakest);
    EXPECT_EQ(*ups().weakest, BatteryIndex{2});
    EXPECT_NEAR(*ups().voltage_imbalance_v.value, 0.5, 1e-9);
    build({.string = false});
    EXPECT_EQ(ups().voltage_imbalance_v.reason, "no_strings");
}

TEST_F(AutonomyTest, TheStringThatEndsFirstEndsTheUps) {
    build({.second_string = true});
    poll(0.94, -13.9, 12.9);
    const StringState& full = site_->strings()[0];
    const StringState& half = site_->strings()[1];
    ASSERT_TRUE(full.autonomy_min.value) << full.autonomy_min.reason;
    ASSERT_TRUE(half.autonomy_min.value) << half.autonomy_min.reason;
    EXPECT_LT(*half.autonomy_min.value, 0.7 * *full.autonomy_min.value);
    EXPECT_EQ(ups().autonomy_min.value, half.autonomy_min.value);
}

// At ten times the current of the others' tests the drop decides, not the charge.
TEST_F(AutonomyTest, ABatteryOfHighResistanceEndsItsString) {
    build({.resistances = true});
    resistances_ohm_ = {0.004, 0.004, 0.004, 0.004};
    poll(9.4, 0, 13.6, 0);
    ASSERT_TRUE(ups().autonomy_min.value) << ups().autonomy_min.reason;
    const double sound = *ups().autonomy_min.value;
    resistances_ohm_ = {0.004, 0.004, 0.0072, 0.004};
    for (int i = 0; i < 61; ++i) poll(9.4, 0, 13.6, 0);  // measured anew, on float
    poll(9.4, 0, 13, 1);
    ASSERT_TRUE(site_->batteries()[2].resistance_ratio.value);
    EXPECT_NEAR(*site_->batteries()[2].resistance_ratio.value, 1.8, 1e-9);
    EXPECT_LT(*ups().autonomy_min.value, 0.8 * sound);
}

// B's median is later than A's, but it may end far sooner: its charge is hardly known.
TEST_F(AutonomyTest, WhatMayEndFirstIsTheFirstToEnd) {
    build({.second_string = true});
    Snapshot vague;
    for (int i = 0; i < jars; ++i) {
        vague.batteries.push_back({.battery = "B" + std::to_string(jars + i),
                                   .charge_ah = 50,
                                   .charge_sigma_ah = 5,
                                   .charge_as_of = start});
        vague.batteries.push_back({.battery = "B" + std::to_string(i),
                                   .charge_ah = 95,
                                   .charge_sigma_ah = 0.5,
                                   .charge_as_of = start});
    }
    site_->restore(vague, start, effects_);
    poll(0.94, 0, std::nan(""), 0);
    const StringState& sure = site_->strings()[0];
    const StringState& unsure = site_->strings()[1];
    ASSERT_TRUE(sure.autonomy_min.value && unsure.autonomy_min.value);
    ASSERT_LT(*sure.autonomy_min.value, *unsure.autonomy_min.value);
    ASSERT_LT(*unsure.autonomy_p10_min, *sure.autonomy_p10_min);
    EXPECT_EQ(ups().autonomy_min.value, sure.autonomy_min.value);
    EXPECT_EQ(ups().autonomy_p10_min, unsure.autonomy_p10_min);
    EXPECT_EQ(ups().autonomy_p90_min, std::min(*sure.autonomy_p90_min, *unsure.autonomy_p90_min));
}

// Converters and resistances decide what each gives; on the mains nobody knows yet.
TEST_F(AutonomyTest, AStringThatGivesMoreThanItsShareEndsEarlier) {
    build({.second_string = true, .second_current = true});
    poll(0.94, 0, 12.9, 0, 0);
    const StringState& full = site_->strings()[0];
    ASSERT_TRUE(full.autonomy_min.value) << full.autonomy_min.reason;
    const double by_energy = *full.autonomy_min.value;
    for (int i = 0; i < 12; ++i) poll(0.94, -17.4, 12.9, 1, -3.5);
    EXPECT_LT(*full.autonomy_min.value, 0.85 * by_energy) << "five sixths of the load, and not two thirds";
    for (int i = 0; i < 12; ++i) poll(0.94, -2, 12.9, 1, -2);
    EXPECT_NEAR(*full.autonomy_min.value, by_energy, 0.03 * by_energy)
        << "so little is no measure of the load";
}

// Currents are polled apart: one that is of the mains says nothing of who carries the load.
TEST_F(AutonomyTest, SharesAreMeasuredOnceAllCurrentsAreOfTheDischarge) {
    build({.second_string = true, .second_current = true});
    poll(0.94, 0, 12.9, 0, 0);
    const StringState& full = site_->strings()[0];
    ASSERT_TRUE(full.autonomy_min.value);
    const double by_energy = *full.autonomy_min.value;
    poll(0.94, -17.4, 12.9, 1, 0.1);
    EXPECT_NEAR(*full.autonomy_min.value, by_energy, 0.05 * by_energy) << "not as if it carried all";
}

TEST_F(AutonomyTest, IsUnknownAtOnceWhenAChargeIs) {
    build({});
    poll(0.94, -20.8, 12.85, 0);
    ASSERT_TRUE(ups().autonomy_min.value);
    const auto lost = now_;
    for (int i = 0; i < 40 && site_->strings()[0].soc_pct.value; ++i) poll_ups(0.94, 0);
    ASSERT_FALSE(site_->strings()[0].soc_pct.value);
    EXPECT_LT(now_ - lost, seconds(30));
    poll_ups(0.94, 0);
    EXPECT_FALSE(ups().autonomy_min.value);
    EXPECT_FALSE(site_->strings()[0].autonomy_min.value);
}

TEST_F(AutonomyTest, AWornBatteryLastsLess) {
    build({});
    poll(0.94, -20.8, 12.85);
    const double fresh = *ups().autonomy_min.value;
    build({});
    test_capacity("B2", 70);
    poll(0.94, -20.8, 12.85);
    EXPECT_LT(*ups().autonomy_min.value, 0.85 * fresh);
    EXPECT_GT(*ups().autonomy_min.value, 0.6 * fresh);
}

// It was measured at 70 Ah: an hour of 20.8 A takes 30 % of the charge, and an hour of the time.
TEST_F(AutonomyTest, AWornBatteryIsCountedDownByWhatItHolds) {
    build({});
    for (int i = 0; i < jars; ++i) test_capacity("B" + std::to_string(i), 70);
    poll(0.94, -20.8, 12.85);
    const double full_min = *ups().autonomy_min.value;
    const double soc = *site_->batteries()[0].soc_pct.value;
    for (int i = 0; i < 3600; ++i) poll(0.94, -20.8, std::nan(""));
    ASSERT_TRUE(site_->batteries()[0].soc_pct.value) << site_->batteries()[0].soc_pct.reason;
    EXPECT_NEAR(soc - *site_->batteries()[0].soc_pct.value, 100 * 20.8 / 70, 3);
    EXPECT_NEAR(full_min - *ups().autonomy_min.value, 60, 8);
}

// Nobody has tested it, but its voltage falls as that of 70 Ah does.
TEST_F(AutonomyTest, ADischargeTellsWhatAnUntestedBatteryHolds) {
    build({.capacity_noise = 0.15});
    const double current_a = 20.8;
    double given_ah = 0;
    for (; given_ah < 31; given_ah += current_a / 3600)
        poll(0.94, -current_a, 11 + 2 * (1 - given_ah / 70) - 0.007 * current_a);
    const double left_min = 60 * (70 - given_ah) / current_a;
    ASSERT_TRUE(ups().autonomy_min.value) << ups().autonomy_min.reason;
    EXPECT_NEAR(*ups().autonomy_min.value, left_min, 0.2 * left_min) << "not as if it held 100 Ah";
}

// New blocks give less in four hours than in twenty; a test that says so says that they are sound.
TEST_F(AutonomyTest, AFastTestIsHeldToWhatASoundBatteryGivesAsFast) {
    build({.peukert = 1.1});
    const double given_ah = 100 * std::pow(0.05 / 0.213, 0.1);  // in four hours: 21.3 A
    test_capacity("B0", given_ah, std::chrono::minutes(240));
    ASSERT_EQ(effects_.capacity_tests.size(), 1U);
    EXPECT_NEAR(effects_.capacity_tests[0].health_pct, 100, 1);
    EXPECT_TRUE(effects_.capacity_tests[0].passed);
}

// What the test left in doubt is counted once, at the beginning of a discharge too.
TEST_F(AutonomyTest, ADischargeThatHasShownNothingYetLeavesTheDoubtOfTheTest) {
    build({.capacity_noise = 0.15});
    for (int i = 0; i < jars; ++i) test_capacity("B" + std::to_string(i), 90);
    poll(0.94, 0, 12.9, 0);
    const auto width = [this] {
        return (*ups().autonomy_min.value - *ups().autonomy_p10_min) / *ups().autonomy_min.value;
    };
    ASSERT_TRUE(ups().autonomy_min.value) << ups().autonomy_min.reason;
    const double at_rest = width();
    for (int i = 0; i < 12; ++i) poll(0.94, -20.8, std::nan(""));
    EXPECT_GT(width(), 0.9 * at_rest);
}

TEST_F(AutonomyTest, SaysDegradedSoc) {
    build({});
    poll(0.94, -20.8, 12.85);
    EXPECT_EQ(ups().autonomy_min.reason, "");
    Snapshot vague;
    for (int i = 0; i < jars; ++i) {
        vague.batteries.push_back({.battery = "B" + std::to_string(i),
                                   .charge_ah = 60,
                                   .charge_sigma_ah = 12,
                                   .charge_as_of = now_});
    }
    site_->restore(vague, now_, effects_);
    for (int i = 0; i < 12; ++i) poll(0.94, -20.8, std::nan(""));
    ASSERT_EQ(site_->strings()[0].soc_pct.status, EstimateStatus::degraded);
    ASSERT_TRUE(ups().autonomy_min.value);
    EXPECT_EQ(ups().autonomy_min.status, EstimateStatus::degraded);
    EXPECT_EQ(ups().autonomy_min.reason, "degraded_soc");
}

TEST_F(AutonomyTest, ChangesWithTheLoad) {
    build({});
    poll(0.94, -20.8, 12.85);
    const double light = *ups().autonomy_min.value;
    for (int i = 0; i < 12; ++i) poll(1.88, -41.6, 12.75);
    EXPECT_LT(*ups().autonomy_min.value, 0.6 * light);
}

ExpectedLoad expected(Time issued_at, const std::vector<double>& load_kw, double sigma = 0) {
    ExpectedLoad load{.ups = UpsIndex{0}, .issued_at = issued_at, .steps = {}};
    for (const double kw : load_kw) {
        issued_at += hours(1);
        load.steps.push_back({.end = issued_at, .load_kw = kw, .sigma = sigma});
    }
    return load;
}

TEST_F(AutonomyTest, AtTheLoadThatIsForecast) {
    build({});
    EXPECT_EQ(ups().autonomy_at_forecast.median.reason, "no_load_forecast");
    poll(0.94, -20.8, 12.85);
    EXPECT_EQ(ups().autonomy_at_forecast.median.reason, "no_load_forecast");
    const double at_present = *ups().autonomy_min.value;
    site_->handle(expected(now_, {0.94, 0.94}), now_, effects_);
    ASSERT_TRUE(ups().autonomy_at_forecast.median.value) << ups().autonomy_at_forecast.median.reason;
    EXPECT_NEAR(*ups().autonomy_at_forecast.median.value, at_present, 0.1);
    EXPECT_EQ(site_->strings()[0].autonomy_at_forecast.median.value, ups().autonomy_at_forecast.median.value);
    site_->handle(expected(now_, {0.94, 1.88}), now_, effects_);
    const AutonomyMinutes doubled = ups().autonomy_at_forecast;
    EXPECT_NEAR(*doubled.median.value, 60 + (at_present - 60) / 2, 0.06 * at_present);
    site_->handle(expected(now_, {0.94, 1.88}, 0.3), now_, effects_);
    EXPECT_LT(*ups().autonomy_at_forecast.p10, *doubled.p10 - 5) << "of a load that nobody knows well";
    EXPECT_GT(*ups().autonomy_at_forecast.p90, *doubled.p90 + 5);
    EXPECT_NEAR(*ups().autonomy_min.value, at_present, 0.1);
    site_->handle(ExpectedLoad{.ups = UpsIndex{0}}, now_, effects_);
    EXPECT_EQ(ups().autonomy_at_forecast.median.reason, "no_load_forecast");
    EXPECT_FALSE(ups().autonomy_at_forecast.p10);
}

TEST_F(AutonomyTest, AnOldForecastIsNoneAnyMore) {
    build({});
    poll(0.94, -20.8, 12.85);
    site_->handle(expected(now_, {0.94, 0.94, 0.94, 0.94, 0.94}), now_, effects_);
    now_ += hours(2);
    poll(0.94, -20.8, 12.3);
    EXPECT_TRUE(ups().autonomy_at_forecast.median.value) << ups().autonomy_at_forecast.median.reason;
    now_ += hours(1);
    poll(0.94, -20.8, 12.2);
    EXPECT_EQ(ups().autonomy_at_forecast.median.reason, "stale_forecast");
    site_->handle(expected(now_ - hours(1), {0.94}), now_, effects_);
    EXPECT_EQ(ups().autonomy_at_forecast.median.reason, "stale_forecast") << "it ends now";
}

TEST_F(AutonomyTest, AnExpectedLoadThatIsNoneIsRefused) {
    build({});
    for (const ExpectedLoad& load : {ExpectedLoad{.ups = UpsIndex{7}}, expected(start, {-1}),
                                     expected(start, {std::nan("")}), expected(start, {1}, -0.1)}) {
        Effects effects;
        site_->handle(load, now_, effects);
        EXPECT_TRUE(effects.refusal);
    }
}

TEST_F(AutonomyTest, AnAlertRisesWhenItIsShorterThanRequired) {
    const auto is_open = [this] {
        return std::ranges::any_of(site_->open_alerts(),
                                   [](const Alert& alert) { return alert.type == "autonomy_low"; });
    };
    build({.required_min = 5.5 * 60});
    for (int i = 0; i < 30; ++i) poll(0.94, -20.8, 12.85);
    EXPECT_FALSE(is_open()) << "for a minute it may be so";
    for (int i = 0; i < 60; ++i) poll(0.94, -20.8, 12.85);
    EXPECT_TRUE(is_open());
    build({.required_min = 2 * 60});
    for (int i = 0; i < 90; ++i) poll(0.94, -20.8, 12.85);
    EXPECT_FALSE(is_open());
}

TEST_F(AutonomyTest, ATinyLoadIsCarriedBeyondTheHorizon) {
    build({});
    poll(0.001, -0.02, 12.98);
    EXPECT_EQ(ups().autonomy_min.value, 24 * 60);
    EXPECT_EQ(ups().autonomy_min.reason, "beyond_horizon");
    EXPECT_EQ(ups().autonomy_min.status, EstimateStatus::degraded);
}

void expect_unknown(const UpsState& state, std::string_view reason) {
    EXPECT_FALSE(state.autonomy_min.value);
    EXPECT_EQ(state.autonomy_min.reason, reason);
    EXPECT_EQ(state.autonomy_min.status, EstimateStatus::unknown);
    EXPECT_FALSE(state.autonomy_p10_min);
    EXPECT_FALSE(state.autonomy_p90_min);
}

TEST_F(AutonomyTest, SaysNoLoadMeasurement) {
    build({.load = false});
    poll(1, -20, 12.8);
    expect_unknown(ups(), "no_load_measurement");
}

TEST_F(AutonomyTest, SaysNoBatteryFile) {
    build({.model = false});
    poll(1, -20, 12.8);
    expect_unknown(ups(), "no_battery_file");
}

TEST_F(AutonomyTest, SaysWhatTheStateOfChargeLacks) {
    build({.current = false});
    poll(1, -20, 12.8);
    expect_unknown(ups(), "no_current_sensor");
}

TEST_F(AutonomyTest, SaysNoStrings) {
    build({.string = false});
    poll(1, -20, 12.8);
    expect_unknown(ups(), "no_strings");
}

TEST_F(AutonomyTest, ALoadThatIsLostIsStale) {
    build({});
    poll(1, -20, 12.8);
    ASSERT_TRUE(ups().autonomy_min.value);
    for (int i = 0; i < 60; ++i) {
        now_ += seconds(1);
        site_->handle(make_frame(monitor_layout_, now_, {-20, 12.8, 12.8, 12.8, 12.8}), now_, effects_);
        site_->handle(Tick{}, now_, effects_);
    }
    expect_unknown(ups(), "stale_input");
}

}  // namespace
}  // namespace sitepower::autonomy_test
