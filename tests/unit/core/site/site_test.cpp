#include "core/site/site.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::site_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

// A string of six jars with everything measured, behind a UPS; a pack that reports its own charge.
class SiteTest : public testing::Test {
  protected:
    static constexpr std::size_t jars = 6;
    static constexpr std::size_t pack = jars;

    explicit SiteTest(SiteSettings settings = {}) {
        auto model = std::make_shared<SiteModel>();
        model->id = "DC-1";
        build(*model);
        model_ = model;
        site_.emplace(model_, std::move(settings));
    }

    void build(SiteModel& model) {
        DeviceBuilder ups(model, "UPS-01", DeviceKind::ups);
        model.upses.resize(1);
        model.upses[0].on_battery = ups.point("on_battery");
        model.upses[0].load_kw = ups.point("load_kw");
        ups_layout_ = ups.finish(seconds(1));
        DeviceBuilder monitor(model, "MON-01");
        model.strings.resize(2);
        model.strings[0].id = "STR-01";
        model.strings[0].nominal_capacity_ah = 100;
        model.strings[0].ups = UpsIndex{0};
        model.strings[0].current_a = monitor.point("current_a");
        for (std::size_t i = 0; i < jars; ++i) {
            BatteryModel jar;
            jar.id = "BAT-" + std::to_string(i + 1);
            jar.voltage_v = monitor.point("voltage_v");
            jar.temperature_c = monitor.point("temperature_c");
            jar.internal_resistance_ohm = monitor.point("internal_resistance_ohm");
            model.batteries.push_back(jar);
            model.strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
        }
        monitor_layout_ = monitor.finish(seconds(1));
        DeviceBuilder bms(model, "BMS-01", DeviceKind::bms);
        model.strings[1].id = "STR-02";
        model.strings[1].chemistry = Chemistry::lfp;
        model.strings[1].nominal_voltage_v = 51.2;
        BatteryModel packed;
        packed.id = "PACK-01";
        packed.string = StringIndex{1};
        packed.voltage_v = bms.point("voltage_v");
        packed.soc_pct = bms.point("soc_pct");
        packed.soh_pct = bms.point("soh_pct");
        model.batteries.push_back(packed);
        model.strings[1].batteries = {static_cast<BatteryIndex>(pack)};
        bms_layout_ = bms.finish(seconds(1));
    }

    Effects& handle(const Event& event) {
        effects_.clear();
        site_->handle(event, now_, effects_);
        return effects_;
    }
    std::shared_ptr<Frame> monitor_frame() const {
        std::vector<double> values{current_a_};
        for (std::size_t i = 0; i < jars; ++i) {
            values.insert(values.end(), {voltage_v_[i], temperature_c_[i], resistance_ohm_[i]});
        }
        return make_frame(monitor_layout_, now_, values);
    }
    void poll() {
        now_ += seconds(1);
        handle(FramePtr(make_frame(ups_layout_, now_, {on_battery_, 20})));
        collect();
        handle(FramePtr(monitor_frame()));
        collect();
        handle(FramePtr(make_frame(bms_layout_, now_, {53.0, 77.0, 96.0})));
        collect();
        handle(Tick{});
        collect();
    }
    void run(Duration duration) {
        for (const Time until = now_ + duration; now_ < until;) poll();
    }
    void collect() {
        for (const auto& change : effects_.alerts) changes_.push_back(change);
    }
    const Alert* open(std::string_view type) const {
        for (const Alert& alert : site_->open_alerts()) {
            if (alert.type == type) return &alert;
        }
        return nullptr;
    }
    const BatteryState& battery(std::size_t i) const { return site_->batteries()[i]; }

    std::shared_ptr<const SiteModel> model_;
    std::shared_ptr<const Layout> ups_layout_, monitor_layout_, bms_layout_;
    std::optional<Site> site_;
    Effects effects_;
    std::vector<AlertChange> changes_;
    Time now_ = start;
    double current_a_ = 0.1;
    double on_battery_ = 0;
    std::vector<double> voltage_v_ = std::vector<double>(jars, 13.65);
    std::vector<double> temperature_c_ = std::vector<double>(jars, 25);
    std::vector<double> resistance_ohm_ = std::vector<double>(jars, 0.0045);
};

TEST_F(SiteTest, SaysWhyNothingIsKnownAtFirst) {
    EXPECT_EQ(battery(0).voltage_v.reason, "not_yet_read");
    EXPECT_EQ(battery(0).soc_pct.reason, "not_yet_read");
    EXPECT_EQ(battery(pack).rul_days.reason, "no_capacity_evidence");
    EXPECT_EQ(battery(pack).temperature_c.reason, "no_sensor");
    EXPECT_EQ(battery(pack).current_a.reason, "no_sensor");
    EXPECT_EQ(battery(pack).soc_pct.reason, "no_current_sensor");
    EXPECT_EQ(site_->strings()[1].voltage_v.reason, "no_sensor");
    EXPECT_FALSE(site_->upses()[0].on_battery);
    EXPECT_EQ(site_->upses()[0].on_battery_reason, "not_yet_read");
    EXPECT_EQ(site_->upses()[0].autonomy_ups_min.reason, "no_sensor");
    EXPECT_EQ(site_->upses()[0].autonomy_min.reason, "not_yet_read");
    EXPECT_EQ(handle(Tick{}).batteries.size(), 0U) << "blank states do not overwrite what was told before";
}

TEST_F(SiteTest, AFrameBecomesMeasurementsAndLatestValues) {
    poll();
    EXPECT_EQ(battery(2).voltage_v.value, 13.65);
    EXPECT_EQ(battery(2).voltage_v.time, now_);
    EXPECT_EQ(battery(2).current_a.value, 0.1);
    EXPECT_EQ(battery(2).status, HealthStatus::healthy);
    EXPECT_EQ(site_->latest(static_cast<DeviceIndex>(1))[1].value, 13.65);
    EXPECT_EQ(site_->strings()[0].voltage_imbalance_v.value, 0.0);
    EXPECT_EQ(site_->strings()[0].soc_pct.reason, "no_full_charge_reference");
    EXPECT_EQ(site_->strings()[1].voltage_imbalance_v.reason, "single_battery");
    EXPECT_EQ(site_->upses()[0].on_battery, false);
    EXPECT_EQ(site_->upses()[0].load_kw.value, 20);
}

TEST_F(SiteTest, APacksOwnWordIsTakenAsSuch) {
    poll();
    EXPECT_EQ(battery(pack).soc_pct.value, 77);
    EXPECT_EQ(battery(pack).soc_pct.status, EstimateStatus::degraded);
    EXPECT_EQ(battery(pack).soc_pct.reason, "reported_by_bms");
    EXPECT_EQ(battery(pack).soc_pct.sigma, 5);
    EXPECT_EQ(battery(pack).soh_pct.value, 96);
    EXPECT_EQ(site_->strings()[1].soc_pct.value, 77);
    now_ += seconds(1);
    auto frame = make_frame(bms_layout_, now_, {53.0, 177.0, 0.0});
    frame->quality[2] = Quality::not_implemented;
    handle(FramePtr(frame));
    EXPECT_EQ(battery(pack).soc_pct.reason, "out_of_model_range");
    EXPECT_FALSE(battery(pack).soc_pct.value);
    EXPECT_EQ(battery(pack).soh_pct.reason, "not_implemented");
}

TEST_F(SiteTest, AQualityThatIsNotGoodIsAReason) {
    poll();
    for (const auto& [quality, reason] :
         std::vector<std::pair<Quality, std::string_view>>{{Quality::not_implemented, "not_implemented"},
                                                           {Quality::out_of_range, "out_of_range"},
                                                           {Quality::comm_error, "comm_error"},
                                                           {Quality::stale, "stale_input"},
                                                           {Quality::invalid_scale, "invalid_scale"}}) {
        now_ += seconds(1);
        auto frame = monitor_frame();
        frame->quality[1] = quality;
        handle(FramePtr(frame));
        EXPECT_FALSE(battery(0).voltage_v.value);
        EXPECT_EQ(battery(0).voltage_v.reason, reason);
        EXPECT_EQ(battery(0).status, HealthStatus::unknown);
        EXPECT_EQ(battery(0).status_reason, reason);
        EXPECT_EQ(battery(1).status, HealthStatus::healthy);
    }
}

TEST_F(SiteTest, ANumberThatIsNotFiniteIsOutOfRange) {
    now_ += seconds(1);
    voltage_v_[0] = std::numeric_limits<double>::quiet_NaN();
    current_a_ = std::numeric_limits<double>::infinity();
    handle(FramePtr(monitor_frame()));
    EXPECT_EQ(battery(0).voltage_v.reason, "out_of_range");
    EXPECT_EQ(battery(0).current_a.reason, "out_of_range");
    EXPECT_EQ(site_->latest(static_cast<DeviceIndex>(1))[1].quality, Quality::out_of_range);
    EXPECT_EQ(site_->latest(static_cast<DeviceIndex>(1))[1].value, 0);
    EXPECT_TRUE(std::isfinite(site_->strings()[0].voltage_imbalance_v.value.value_or(0)));
}

TEST_F(SiteTest, VoltageHighOnFloat) {
    run(minutes(1));
    voltage_v_[3] = 13.96;  // 0.31 V above float
    run(minutes(5));
    EXPECT_EQ(open("voltage_high"), nullptr);
    run(seconds(2));
    ASSERT_NE(open("voltage_high"), nullptr);
    EXPECT_EQ(open("voltage_high")->subject.id, "BAT-4");
    EXPECT_EQ(open("voltage_high")->severity, Severity::warning);
    EXPECT_NEAR(open("voltage_high")->threshold.value_or(0), 13.95, 1e-9);
    EXPECT_EQ(battery(3).status, HealthStatus::warning);
    EXPECT_EQ(battery(3).active_alerts, 1U);
    EXPECT_EQ(site_->strings()[0].status, HealthStatus::warning);
    voltage_v_[3] = 15.1;
    run(minutes(5) + seconds(2));
    EXPECT_EQ(open("voltage_high")->severity, Severity::critical);
    EXPECT_NEAR(open("voltage_high")->threshold.value_or(0), 15.0, 1e-9);
    EXPECT_EQ(battery(3).status, HealthStatus::critical);
    voltage_v_[3] = 13.65;
    run(minutes(5) + seconds(2));
    EXPECT_EQ(open("voltage_high"), nullptr);
    EXPECT_EQ(battery(3).status, HealthStatus::healthy);
}

TEST_F(SiteTest, WhileChargingMoreIsAllowed) {
    current_a_ = 10;
    voltage_v_[3] = 14.3;
    run(minutes(10));
    EXPECT_EQ(open("voltage_high"), nullptr);
    voltage_v_[3] = 14.45;
    run(minutes(6));
    EXPECT_NE(open("voltage_high"), nullptr);
}

TEST_F(SiteTest, VoltageLowOnFloatOnly) {
    voltage_v_[2] = 12.5;
    current_a_ = 5;
    run(minutes(30));
    EXPECT_EQ(open("voltage_low"), nullptr) << "recharging";
    current_a_ = 0.1;
    run(minutes(10) + seconds(2));
    ASSERT_NE(open("voltage_low"), nullptr);
    EXPECT_EQ(open("voltage_low")->severity, Severity::critical);
    EXPECT_NEAR(open("voltage_low")->threshold.value_or(0), 12.6, 1e-9);
    run(minutes(30));
    EXPECT_EQ(open("string_imbalance"), nullptr) << "one cause is one alert";
}

TEST_F(SiteTest, VoltageLowOnDischargeClearsOnRecharge) {
    current_a_ = -30;
    voltage_v_.assign(jars, 12.0);
    voltage_v_[5] = 10.7;
    run(seconds(12));
    ASSERT_NE(open("voltage_low"), nullptr);
    EXPECT_EQ(open("voltage_low")->subject.id, "BAT-6");
    EXPECT_EQ(open("voltage_low")->severity, Severity::warning);
    voltage_v_[5] = 10.4;
    run(seconds(12));
    EXPECT_EQ(open("voltage_low")->severity, Severity::critical);
    voltage_v_[5] = 11.5;
    run(minutes(5));
    EXPECT_NE(open("voltage_low"), nullptr) << "a load that comes and goes does not end a discharge";
    current_a_ = 10;
    run(seconds(2));
    EXPECT_EQ(open("voltage_low"), nullptr);
}

TEST_F(SiteTest, OnBatteryAtALightLoadIsADischarge) {
    run(minutes(1));
    on_battery_ = 1;
    current_a_ = -1.8;  // less than C/50
    voltage_v_.assign(jars, 12.3);
    run(minutes(15));
    EXPECT_EQ(open("voltage_low"), nullptr) << "not low for a discharge";
    voltage_v_[5] = 10.7;
    run(seconds(12));
    ASSERT_NE(open("voltage_low"), nullptr);
    EXPECT_EQ(open("voltage_low")->subject.id, "BAT-6");
    EXPECT_NEAR(open("voltage_low")->threshold.value_or(0), 10.8, 1e-9);
}

TEST_F(SiteTest, ABatteryThatWasCutOffFlatKeepsItsAlert) {
    current_a_ = -30;
    voltage_v_.assign(jars, 12.0);
    voltage_v_[5] = 10.4;
    run(seconds(12));
    ASSERT_NE(open("voltage_low"), nullptr);
    const std::string id = open("voltage_low")->id;
    current_a_ = 0;
    voltage_v_[5] = 11.6;
    run(minutes(30));
    const auto still_open = [&] { return std::ranges::count(site_->open_alerts(), id, &Alert::id) == 1; };
    EXPECT_TRUE(still_open()) << "the UPS has switched off: nothing was recharged";
    current_a_ = 10;
    run(seconds(2));
    EXPECT_FALSE(still_open());
    EXPECT_EQ(battery(5).status, HealthStatus::healthy) << "and nothing of it comes back";
}

TEST_F(SiteTest, AVoltageBackOnFloatEndsADischargeToo) {
    current_a_ = -30;
    voltage_v_.assign(jars, 12.0);
    voltage_v_[5] = 10.4;
    run(seconds(12));
    ASSERT_NE(open("voltage_low"), nullptr);
    current_a_ = 1.5;  // a charger that gives less than C/50
    voltage_v_.assign(jars, 13.0);
    run(seconds(30));
    EXPECT_NE(open("voltage_low"), nullptr);
    voltage_v_.assign(jars, 13.6);
    run(seconds(2));
    EXPECT_EQ(open("voltage_low"), nullptr);
}

TEST_F(SiteTest, ThresholdsScaleWithTheNominalVoltage) {
    auto scaled = std::make_shared<SiteModel>(*model_);
    scaled->strings[0].nominal_voltage_v = 2;
    scaled->strings[0].float_voltage_v = 2.275;
    model_ = scaled;
    site_.emplace(model_, SiteSettings{});
    voltage_v_.assign(jars, 2.275);
    voltage_v_[0] = 2.275 + 0.06;
    run(minutes(6));
    ASSERT_NE(open("voltage_high"), nullptr);
    EXPECT_NEAR(open("voltage_high")->threshold.value_or(0), 2.275 + 0.05, 1e-9);
}

TEST_F(SiteTest, AWholeStringAtTheLimitIsOneAlert) {
    temperature_c_.assign(jars, 42);
    voltage_v_.assign(jars, 13.33);  // as a charger gives it at 42 C
    temperature_c_[1] = 55;
    run(minutes(6));
    ASSERT_EQ(site_->open_alerts().size(), 2U);
    const Alert* hot_room = &site_->open_alerts()[0];
    EXPECT_EQ(hot_room->subject, (Subject{SubjectKind::string, "STR-01"}));
    EXPECT_EQ(hot_room->severity, Severity::warning);
    EXPECT_EQ(hot_room->affected, jars);
    EXPECT_EQ(site_->open_alerts()[1].subject.id, "BAT-2") << "hotter than the others: a cause of its own";
    EXPECT_EQ(site_->open_alerts()[1].severity, Severity::critical);
    EXPECT_EQ(site_->strings()[0].status, HealthStatus::critical);
    EXPECT_EQ(battery(0).status, HealthStatus::healthy);
}

TEST_F(SiteTest, TheEndOfADischargeIsTheStrings) {
    current_a_ = -30;
    for (double v = 11.5; v > 10.3; v -= 0.005) {
        for (std::size_t i = 0; i < jars; ++i) voltage_v_[i] = v + 0.03 * static_cast<double>(i);
        poll();
    }
    run(seconds(30));
    ASSERT_EQ(site_->open_alerts().size(), 1U);
    EXPECT_EQ(site_->open_alerts()[0].subject.kind, SubjectKind::string);
    EXPECT_EQ(site_->open_alerts()[0].type, "voltage_low");
    EXPECT_EQ(site_->open_alerts()[0].severity, Severity::critical);
}

TEST_F(SiteTest, ImbalanceOnFloatOnly) {
    voltage_v_[4] = 13.3;  // 0.35 V from the median, within the low limit
    run(minutes(29));
    current_a_ = 3;
    run(minutes(30));
    EXPECT_EQ(open("string_imbalance"), nullptr) << "suppressed above C/50, and counted anew";
    current_a_ = 0.1;
    run(minutes(30) + seconds(2));
    ASSERT_NE(open("string_imbalance"), nullptr);
    EXPECT_EQ(open("string_imbalance")->subject.id, "BAT-5");
    voltage_v_[4] = 13.49;  // 0.16 V
    run(minutes(40));
    EXPECT_NE(open("string_imbalance"), nullptr) << "clears at half the threshold";
    voltage_v_[4] = 13.52;
    run(minutes(30) + seconds(2));
    EXPECT_EQ(open("string_imbalance"), nullptr);
}

TEST_F(SiteTest, AWideStringNeedsAWiderDeviation) {
    voltage_v_ = {13.45, 13.55, 13.6, 13.7, 13.75, 13.30};  // distances 0.35 and below, their median 0.125
    run(hours(1));
    EXPECT_EQ(open("string_imbalance"), nullptr) << "4 times the median distance is 0.5 V";
}

TEST_F(SiteTest, ResistanceAgainstTheStringsMedian) {
    run(seconds(5));
    EXPECT_EQ(battery(0).resistance_ratio.reason, "no_baseline_resistance");
    resistance_ohm_[1] = 0.0045 * 1.31;
    run(minutes(30));
    EXPECT_EQ(open("resistance_drift"), nullptr) << "one measurement, however often it is read";
    resistance_ohm_[1] = 0.0045 * 1.32;
    run(minutes(2));
    EXPECT_EQ(open("resistance_drift"), nullptr) << "two";
    resistance_ohm_[1] = 0.0045 * 1.31;
    run(minutes(1));
    ASSERT_NE(open("resistance_drift"), nullptr);
    EXPECT_EQ(open("resistance_drift")->subject.id, "BAT-2");
    EXPECT_EQ(open("resistance_drift")->threshold, 1.3);
}

class LearntSiteTest : public SiteTest {
  protected:
    static SiteSettings settings() {
        SiteSettings settings;
        settings.battery.baseline_readings = 3;
        settings.battery.baseline_interval = minutes(1);
        settings.battery.float_full_after = minutes(10);
        AlertRuleSettings imbalance;
        imbalance.type = "string_imbalance";
        imbalance.enabled = false;
        settings.alert_rules = {imbalance};
        return settings;
    }
    LearntSiteTest() : SiteTest(settings()) {}

    // Three measurements, each a little other than the one before.
    void measure_resistances(double over_usual) {
        for (int i = 0; i < 3; ++i) {
            resistance_ohm_.assign(jars, 0.0045 * over_usual * (1 + 0.001 * i));
            run(minutes(1) + seconds(2));
        }
    }
    // Old when its monitor came, new, of unknown age.
    void date_batteries() {
        auto dated = std::make_shared<SiteModel>(*model_);
        for (std::size_t i = 0; i < jars; ++i) dated->batteries[i].installed_date = start - hours(24 * 30);
        dated->batteries[0].installed_date = start - hours(24 * 365 * 8);
        dated->batteries[2].installed_date.reset();
        model_ = dated;
        site_.emplace(model_, settings());
    }
};

TEST_F(LearntSiteTest, ACurrentThatTheUpsContradictsIsAFaultOfItsSensor) {
    run(minutes(15));
    ASSERT_EQ(battery(0).soc_pct.value, 100);
    on_battery_ = 1;
    current_a_ = 2.1;  // just above C/50
    run(seconds(60));
    EXPECT_EQ(battery(0).soc_pct.value, 100) << "the monitor may be late";
    run(seconds(1));
    EXPECT_FALSE(battery(0).soc_pct.value);
    EXPECT_EQ(battery(0).soc_pct.reason, "sensor_fault");
    EXPECT_EQ(battery(5).soc_pct.reason, "sensor_fault");
    EXPECT_EQ(site_->strings()[0].soc_pct.reason, "sensor_fault");
    EXPECT_TRUE(battery(pack).soc_pct.value) << "another string";
    run(minutes(11));
    EXPECT_EQ(battery(0).soc_pct.reason, "sensor_fault");
    ASSERT_NE(open("sensor_fault"), nullptr);
    EXPECT_EQ(open("sensor_fault")->subject.id, "BAT-1");
    EXPECT_EQ(std::ranges::count(site_->open_alerts(), "sensor_fault", &Alert::type), 1) << "one cause";
    current_a_ = -30;
    run(seconds(1));
    ASSERT_TRUE(battery(0).soc_pct.value);
    EXPECT_EQ(battery(0).soc_pct.status, EstimateStatus::degraded);
    EXPECT_EQ(battery(0).soc_pct.reason, "stale_input") << "what flowed meanwhile nobody knows";
}

TEST_F(LearntSiteTest, ACurrentThatComesLateIsNoFault) {
    run(minutes(15));
    on_battery_ = 1;
    current_a_ = 30;  // a recharge that the mains have just interrupted
    run(seconds(50));
    current_a_ = -30;
    run(seconds(50));
    current_a_ = 30;
    run(seconds(50));
    EXPECT_TRUE(battery(0).soc_pct.value);
    on_battery_ = 0;
    run(minutes(2));
    EXPECT_TRUE(battery(0).soc_pct.value);
}

TEST_F(LearntSiteTest, ABaselineOfAnAgedBatteryTellsOfItsRiseOnly) {
    date_batteries();
    run(minutes(3));
    const auto expect_judged = [&] {
        EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
        EXPECT_EQ(battery(0).resistance_ratio.status, EstimateStatus::degraded);
        EXPECT_EQ(battery(0).resistance_ratio.reason, "no_baseline_resistance");
        EXPECT_EQ(battery(1).resistance_ratio.status, EstimateStatus::ok);
        EXPECT_EQ(battery(2).resistance_ratio.status, EstimateStatus::degraded);
        EXPECT_EQ(battery(2).resistance_ratio.reason, "no_install_date");
    };
    expect_judged();
    const Snapshot snapshot = site_->snapshot();
    site_.emplace(model_, settings());
    site_->restore(snapshot, now_, effects_);
    run(seconds(2));
    expect_judged();
    EXPECT_EQ(battery(0).soh_pct.status, EstimateStatus::prior_only) << "8 years, and nothing that says new";
    EXPECT_EQ(battery(1).soh_pct.status, EstimateStatus::ok);
    measure_resistances(1.25);
    EXPECT_EQ(open("resistance_drift")->subject.id, "BAT-1") << "it has risen since all the same";
}

TEST_F(LearntSiteTest, ResistanceCountsOnFloatOnly) {
    run(minutes(3));
    ASSERT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
    current_a_ = -30;
    voltage_v_.assign(jars, 11.9);
    measure_resistances(3);
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
    current_a_ = 0;  // flat, and at rest
    measure_resistances(2);
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
    current_a_ = 0.1;
    voltage_v_.assign(jars, 13.65);
    run(minutes(10));
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9) << "measured at rest, and held";
    EXPECT_EQ(open("resistance_drift"), nullptr);
    measure_resistances(1.3);
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.3, 0.01);
    EXPECT_NE(open("resistance_drift"), nullptr);
}

TEST_F(LearntSiteTest, ZeroOhmIsNoMeasurement) {
    run(minutes(3));
    resistance_ohm_[0] = 0;
    run(seconds(2));
    EXPECT_FALSE(battery(0).resistance_ratio.value);
    EXPECT_EQ(battery(0).resistance_ratio.reason, "out_of_model_range");
    resistance_ohm_[0] = 0.0045;
    run(minutes(1) + seconds(2));
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
}

TEST_F(LearntSiteTest, HealthThatIsOnlySupposedIsNoHealth) {
    date_batteries();
    run(seconds(2));
    EXPECT_EQ(battery(1).status, HealthStatus::unknown);
    EXPECT_EQ(battery(1).status_reason, "no_baseline_resistance");
    EXPECT_EQ(battery(2).status, HealthStatus::healthy) << "without a date nothing is supposed";
    EXPECT_EQ(site_->strings()[0].status, HealthStatus::healthy) << "its data are there";
    run(minutes(3));
    const Snapshot snapshot = site_->snapshot();
    site_.emplace(model_, settings());
    site_->restore(snapshot, now_, effects_);
    run(seconds(2));
    EXPECT_EQ(battery(0).status, HealthStatus::unknown) << "no baseline of a new battery";
    EXPECT_EQ(battery(1).status, HealthStatus::healthy);
}

TEST_F(SiteTest, AnOpenAlertIsTheStatusThoughItsMonitorIsSilent) {
    temperature_c_[3] = 55;
    run(minutes(6));
    ASSERT_EQ(battery(3).status, HealthStatus::critical);
    for (int i = 0; i < 5; ++i) {
        now_ += seconds(1);
        handle(Tick{});
    }
    ASSERT_FALSE(battery(3).voltage_v.value);
    EXPECT_EQ(battery(3).status, HealthStatus::critical);
    EXPECT_EQ(battery(0).status, HealthStatus::unknown);
    EXPECT_EQ(battery(0).status_reason, "stale_input");
    EXPECT_EQ(site_->strings()[0].status, HealthStatus::critical);
}

TEST_F(LearntSiteTest, ResistanceAgainstTheBaseline) {
    run(minutes(3));
    EXPECT_NEAR(battery(0).resistance_ratio.value.value_or(0), 1.0, 1e-9);
    measure_resistances(1.25);
    EXPECT_EQ(site_->open_alerts().size(), jars) << "all of them have risen";
    EXPECT_EQ(open("resistance_drift")->severity, Severity::warning);
    measure_resistances(1.6);
    EXPECT_EQ(battery(0).status, HealthStatus::critical);
}

TEST_F(LearntSiteTest, ADisabledRuleRaisesNothing) {
    voltage_v_[4] = 13.3;
    run(hours(1));
    EXPECT_EQ(open("string_imbalance"), nullptr);
}

TEST_F(LearntSiteTest, ANewSerialNumberStartsAnew) {
    run(minutes(15));
    ASSERT_EQ(battery(0).soc_pct.value, 100);
    Snapshot snapshot = site_->snapshot();
    ASSERT_EQ(snapshot.batteries.size(), jars + 1);
    EXPECT_EQ(snapshot.batteries[0].charge_ah, 100);
    snapshot.batteries[1].serial_number = "another";
    site_.emplace(model_, settings());
    site_->restore(snapshot, now_, effects_);
    poll();
    EXPECT_EQ(battery(0).soc_pct.value, 100);
    EXPECT_EQ(battery(1).soc_pct.reason, "no_full_charge_reference");
    EXPECT_TRUE(battery(0).resistance_ratio.value);
    EXPECT_EQ(battery(1).resistance_ratio.reason, "no_baseline_resistance");
}

TEST_F(LearntSiteTest, ALongAbsenceWidensTheUncertainty) {
    run(minutes(15));
    const Snapshot snapshot = site_->snapshot();
    const auto sigma_after = [&](Duration absence) {
        site_.emplace(model_, settings());
        now_ = *snapshot.batteries[0].charge_as_of + absence;
        effects_.clear();
        site_->restore(snapshot, now_, effects_);
        voltage_v_.assign(jars, 13.0);
        poll();
        return battery(0).soc_pct;
    };
    EXPECT_EQ(sigma_after(seconds(1)).status, EstimateStatus::ok);
    const Estimate hour = sigma_after(hours(1));
    EXPECT_EQ(hour.status, EstimateStatus::degraded);
    EXPECT_EQ(hour.reason, "stale_input");
    EXPECT_NEAR(hour.sigma, 11, 0.5) << "C/10 for an hour";
    EXPECT_FALSE(sigma_after(hours(24)).value);
    const Estimate future = sigma_after(-hours(1));
    EXPECT_EQ(future.status, EstimateStatus::degraded) << "a memory of the future: its age is unknown";
}

TEST_F(SiteTest, UpsOnBattery) {
    poll();
    on_battery_ = 1;
    run(seconds(3));
    EXPECT_EQ(open("ups_on_battery"), nullptr);
    run(seconds(1));
    ASSERT_NE(open("ups_on_battery"), nullptr);
    EXPECT_EQ(open("ups_on_battery")->subject, (Subject{SubjectKind::ups, "UPS-01"}));
    EXPECT_EQ(site_->upses()[0].status, HealthStatus::warning);
    now_ += seconds(1);
    auto frame = make_frame(ups_layout_, now_, {0, 20});
    frame->quality[0] = Quality::comm_error;
    handle(FramePtr(frame));
    EXPECT_FALSE(site_->upses()[0].on_battery);
    EXPECT_EQ(site_->upses()[0].on_battery_reason, "comm_error");
    EXPECT_EQ(site_->upses()[0].status, HealthStatus::unknown);
    EXPECT_NE(open("ups_on_battery"), nullptr) << "what is not known clears nothing";
    on_battery_ = 0;
    run(seconds(5));
    EXPECT_EQ(open("ups_on_battery"), nullptr);
}

TEST_F(SiteTest, RefusesRequestsItCannotFulfil) {
    EXPECT_EQ(handle(AcknowledgeAlert{"none", "mia", ""}).refusal->code, ErrorCode::not_found);
    EXPECT_EQ(handle(ResolveAlert{"none", "mia", ""}).refusal->code, ErrorCode::not_found);
    EXPECT_EQ(handle(EndMaintenance{"none", "mia"}).refusal->code, ErrorCode::not_found);
    EXPECT_EQ(handle(StartMaintenance{}).refusal->code, ErrorCode::not_found);
    EXPECT_EQ(handle(SystemCondition{"no_such_thing", true, ""}).refusal->code, ErrorCode::not_found);
    EXPECT_TRUE(site_->open_alerts().empty());
}

TEST_F(SiteTest, TheDaemonsOwnConditions) {
    handle(SystemCondition{"store_full", true, "/var/lib/sitepower has 0 bytes left"});
    ASSERT_EQ(effects_.alerts.size(), 1U);
    EXPECT_EQ(effects_.alerts[0].alert.message,
              "The disk of the store is full: /var/lib/sitepower has 0 bytes left");
    EXPECT_EQ(effects_.alerts[0].alert.severity, Severity::critical);
    handle(SystemCondition{"store_full", false, ""});
    EXPECT_EQ(effects_.alerts.at(0).transition, AlertTransition::resolved);

    handle(SystemCondition{"broker_unreachable", true, "connection refused"});
    run(minutes(5) - seconds(1));
    EXPECT_EQ(open("broker_unreachable"), nullptr);
    run(seconds(2));
    EXPECT_NE(open("broker_unreachable"), nullptr);
}

TEST_F(SiteTest, AConditionThatNobodyConfirmsAfterARestartIsOver) {
    handle(SystemCondition{"store_full", true, "no space"});
    handle(SystemCondition{"database_set_aside", true, "sitepower.db.damaged"});
    const Snapshot snapshot = site_->snapshot();
    site_.emplace(model_, SiteSettings{});
    site_->restore(snapshot, now_, effects_);
    run(minutes(4));
    EXPECT_EQ(site_->open_alerts().size(), 2U);
    run(minutes(2));
    EXPECT_EQ(open("store_full"), nullptr);
    ASSERT_NE(open("database_set_aside"), nullptr) << "that stays until somebody has looked at it";
    const std::string id = open("database_set_aside")->id;
    handle(ResolveAlert{id, "mia", "kept for analysis"});
    run(minutes(10));
    EXPECT_EQ(open("database_set_aside"), nullptr);
}

TEST_F(SiteTest, ASilentMonitorTakesItsValuesWithIt) {
    run(seconds(5));
    for (int i = 0; i < 5; ++i) {
        now_ += seconds(1);
        handle(Tick{});
    }
    EXPECT_EQ(battery(0).voltage_v.reason, "stale_input");
    EXPECT_EQ(battery(0).voltage_v.time, now_ - seconds(5)) << "the time of the last value stays";
    EXPECT_EQ(battery(0).current_a.reason, "stale_input");
    EXPECT_EQ(battery(0).temperature_c.reason, "stale_input");
    EXPECT_EQ(battery(0).internal_resistance_ohm.reason, "stale_input");
    EXPECT_EQ(battery(0).status_reason, "stale_input");
    EXPECT_EQ(battery(pack).soc_pct.reason, "no_current_sensor")
        << "its own word is gone, nothing else is known";
    EXPECT_EQ(battery(pack).soh_pct.reason, "stale_input");
    EXPECT_EQ(site_->strings()[0].voltage_imbalance_v.reason, "stale_input");
    EXPECT_FALSE(site_->strings()[0].weakest);
    EXPECT_EQ(site_->upses()[0].on_battery_reason, "stale_input");
    EXPECT_EQ(site_->upses()[0].load_kw.reason, "stale_input");
    EXPECT_EQ(site_->latest(DeviceIndex{0})[0].quality, Quality::stale);
}

TEST_F(SiteTest, AVanishedBatterysAlertIsResolvedByConfiguration) {
    temperature_c_[2] = 45;
    run(minutes(6));
    ASSERT_NE(open("temperature_high"), nullptr);
    Snapshot snapshot = site_->snapshot();
    snapshot.open_alerts[0].subject.id = "BAT-99";
    snapshot.windows.push_back({"W-1", {SubjectKind::string, "STR-99"}, now_, now_ + hours(1), "mia", ""});
    site_.emplace(model_, SiteSettings{});
    effects_.clear();
    site_->restore(snapshot, now_, effects_);
    ASSERT_EQ(effects_.alerts.size(), 1U);
    EXPECT_EQ(effects_.alerts[0].transition, AlertTransition::resolved);
    EXPECT_EQ(effects_.alerts[0].alert.resolved_by, "configuration");
    EXPECT_EQ(effects_.windows_ended.size(), 1U);
    EXPECT_TRUE(site_->open_alerts().empty());
    EXPECT_TRUE(site_->windows().empty());
}

TEST_F(SiteTest, WhatWasResolvedByHandStaysQuietOverARestart) {
    temperature_c_[2] = 45;
    run(minutes(6));
    handle(ResolveAlert{open("temperature_high")->id, "mia", "known"});
    const Snapshot snapshot = site_->snapshot();
    ASSERT_EQ(snapshot.resolved_by_hand.size(), 1U);
    site_.emplace(model_, SiteSettings{});
    site_->restore(snapshot, now_, effects_);
    run(minutes(30));
    EXPECT_EQ(open("temperature_high"), nullptr);
    temperature_c_[2] = 25;
    run(minutes(6));
    temperature_c_[2] = 45;
    run(minutes(6));
    EXPECT_NE(open("temperature_high"), nullptr);
}

TEST_F(SiteTest, AnOpenDischargeAlertClearsOnRechargeAfterARestartToo) {
    current_a_ = -30;
    voltage_v_.assign(jars, 12.0);
    voltage_v_[5] = 10.4;
    run(seconds(12));
    const std::string id = open("voltage_low")->id;
    const Snapshot snapshot = site_->snapshot();
    site_.emplace(model_, SiteSettings{});
    site_->restore(snapshot, now_, effects_);
    run(seconds(30));
    ASSERT_NE(open("voltage_low"), nullptr);
    EXPECT_EQ(open("voltage_low")->id, id);
    current_a_ = 10;
    run(seconds(2));
    EXPECT_EQ(open("voltage_low"), nullptr);
}

// The delay of an alert, and readings that were counted, go on; at the same time those of another string,
// which has changed, begin anew.
TEST_F(SiteTest, AReloadInterruptsNoDelay) {
    const auto reload = [&](const std::shared_ptr<const SiteModel>& model) {
        const Site before = std::exchange(*site_, Site(model, SiteSettings{}));
        effects_.clear();
        site_->take_over(before, now_, effects_);
        collect();
    };
    run(minutes(2));
    voltage_v_[1] = 14.9;
    run(minutes(4));
    reload(model_);
    run(seconds(50));
    EXPECT_EQ(open("voltage_high"), nullptr);
    reload(model_);
    run(seconds(20));
    ASSERT_NE(open("voltage_high"), nullptr) << "five minutes in all";
    EXPECT_EQ(open("voltage_high")->subject.id, "BAT-2");
    voltage_v_[1] = 13.65;
    run(minutes(6));
    ASSERT_EQ(open("voltage_high"), nullptr);

    auto changed = std::make_shared<SiteModel>(*model_);
    changed->batteries[1].serial_number = "another";
    voltage_v_[1] = 14.9;
    run(minutes(4));
    reload(changed);
    run(minutes(4));
    EXPECT_EQ(open("voltage_high"), nullptr) << "the string has changed";
    run(minutes(2));
    EXPECT_NE(open("voltage_high"), nullptr);
}

// UPS-01 has been on its batteries for two of three seconds.
TEST_F(SiteTest, AReloadInterruptsNoDelayOfAUps) {
    run(seconds(10));
    on_battery_ = 1;
    run(seconds(2));
    const Site before = std::exchange(*site_, Site(model_, SiteSettings{}));
    effects_.clear();
    site_->take_over(before, now_, effects_);
    EXPECT_EQ(open("ups_on_battery"), nullptr);
    run(seconds(2));
    EXPECT_NE(open("ups_on_battery"), nullptr);
}

TEST_F(SiteTest, LithiumPacksHaveTheirOwnLimits) {
    poll();
    const auto pack_at = [&](double voltage_v, Duration duration) {
        for (const Time until = now_ + duration; now_ < until;) {
            now_ += seconds(1);
            handle(FramePtr(make_frame(bms_layout_, now_, {voltage_v, 50, 96})));
            handle(Tick{});
        }
    };
    pack_at(16 * 3.64, minutes(10));
    EXPECT_EQ(open("voltage_high"), nullptr);
    pack_at(16 * 3.66, minutes(1) + seconds(2));
    ASSERT_NE(open("voltage_high"), nullptr);
    EXPECT_EQ(open("voltage_high")->severity, Severity::warning);
    EXPECT_NEAR(open("voltage_high")->threshold.value_or(0), 58.4, 1e-9);
    pack_at(16 * 3.2, minutes(1) + seconds(2));
    EXPECT_EQ(open("voltage_high"), nullptr);
    pack_at(16 * 2.7, seconds(12));
    ASSERT_NE(open("voltage_low"), nullptr);
    EXPECT_EQ(open("voltage_low")->severity, Severity::warning);
    pack_at(16 * 2.45, seconds(12));
    EXPECT_EQ(open("voltage_low")->severity, Severity::critical);
    EXPECT_NEAR(open("voltage_low")->threshold.value_or(0), 40.0, 1e-9);
    pack_at(16 * 3.0, seconds(12));
    EXPECT_EQ(open("voltage_low"), nullptr);
}

TEST_F(SiteTest, AReplayGivesTheSame) {
    Site other(model_, SiteSettings{});
    Effects effects;
    voltage_v_[3] = 14.5;
    for (int i = 0; i < 700; ++i) {
        now_ += seconds(1);
        const FramePtr frame = monitor_frame();
        handle(frame);
        effects.clear();
        other.handle(frame, now_, effects);
        ASSERT_EQ(effects.alerts.size(), effects_.alerts.size());
        for (std::size_t a = 0; a < effects.alerts.size(); ++a) {
            EXPECT_EQ(effects.alerts[a].alert.id, effects_.alerts[a].alert.id);
        }
        ASSERT_EQ(effects.batteries.size(), effects_.batteries.size());
    }
    EXPECT_EQ(site_->open_alerts().size(), 1U);
}

}  // namespace
}  // namespace sitepower::site_test
