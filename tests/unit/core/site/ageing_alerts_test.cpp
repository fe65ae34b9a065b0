#include "core/site/ageing_alerts.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::ageing_alerts_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);
constexpr std::size_t jars = 5;

// A string of five jars whose states are set by hand.
class AgeingAlertsTest : public testing::Test {
  protected:
    AgeingAlertsTest() {
        auto model = std::make_shared<SiteModel>();
        model->id = "S";
        DeviceBuilder monitor(*model, "MON-01");
        model->strings.resize(1);
        model->strings[0].id = "STR-01";
        model->strings[0].nominal_capacity_ah = 100;
        model->strings[0].current_a = monitor.point("current_a");
        model->strings[0].ambient_temperature_c = monitor.point("ambient_c");
        for (std::size_t i = 0; i < jars; ++i) {
            BatteryModel jar{.id = "BAT-" + std::to_string(i + 1)};
            jar.voltage_v = monitor.point("voltage_v");
            jar.temperature_c = monitor.point("temperature_c");
            model->batteries.push_back(jar);
            model->strings[0].batteries.push_back(static_cast<BatteryIndex>(i));
        }
        layout_ = monitor.finish(seconds(10));
        model_ = model;
        site_.emplace(model_, SiteSettings{});
        values_ = {0.05, 25};
        for (std::size_t i = 0; i < jars; ++i) values_.insert(values_.end(), {13.65, 26});
    }

    double& current_a() { return values_[0]; }
    double& voltage_v(std::size_t jar) { return values_[2 + 2 * jar]; }
    double& temperature_c(std::size_t jar) { return values_[3 + 2 * jar]; }

    void run(Duration time) {
        for (const Time until = now_ + time; now_ < until;) {
            now_ += seconds(10);
            for (std::size_t jar = 1; jar < jars; ++jar)
                voltage_v(jar) += now_.time_since_epoch().count() % 20'000 ? 0.001 : -0.001;
            auto frame = make_frame(layout_, now_, values_);
            for (const auto& [slot, quality] : bad_) frame->quality[slot] = quality;
            Effects effects;
            site_->handle(FramePtr(frame), now_, effects);
            site_->handle(Tick{}, now_, effects);
        }
    }
    const Alert* open(std::string_view type) const {
        for (const Alert& alert : site_->open_alerts()) {
            if (alert.type == type) return &alert;
        }
        return nullptr;
    }

    std::shared_ptr<const SiteModel> model_;
    std::shared_ptr<const Layout> layout_;
    std::optional<Site> site_;
    std::vector<double> values_;
    std::vector<std::pair<std::size_t, Quality>> bad_;
    Time now_ = start;
};

TEST_F(AgeingAlertsTest, AHealthyStringIsQuiet) {
    run(hours(6));
    EXPECT_TRUE(site_->open_alerts().empty());
}

TEST_F(AgeingAlertsTest, ThermalRunawayStaysUntilAPersonResolvesIt) {
    run(hours(2));
    temperature_c(2) = 37;
    run(minutes(20));
    EXPECT_EQ(open("thermal_runaway"), nullptr) << "hot, but at the usual current";
    current_a() = 0.3;
    run(minutes(14));
    EXPECT_EQ(open("thermal_runaway"), nullptr);
    run(minutes(2));
    ASSERT_NE(open("thermal_runaway"), nullptr);
    EXPECT_EQ(open("thermal_runaway")->subject.id, "BAT-3");
    EXPECT_EQ(open("thermal_runaway")->severity, Severity::critical);
    current_a() = 0.05;
    temperature_c(2) = 26;
    run(hours(2));
    ASSERT_NE(open("thermal_runaway"), nullptr) << "cooled down is not mended";
    Effects effects;
    site_->handle(ResolveAlert{open("thermal_runaway")->id, "eve", "replaced"}, now_, effects);
    run(hours(1));
    EXPECT_EQ(open("thermal_runaway"), nullptr);
    temperature_c(2) = 38;
    current_a() = 0.4;
    run(minutes(20));
    EXPECT_NE(open("thermal_runaway"), nullptr) << "a new one is raised again";
}

TEST_F(AgeingAlertsTest, ThermalRunawayIsRaisedOverReloads) {
    run(hours(2));
    temperature_c(2) = 37;
    current_a() = 0.3;
    for (int i = 0; i < 4; ++i) {
        run(minutes(4));
        const Site before = std::exchange(*site_, Site(model_, SiteSettings{}));
        Effects effects;
        site_->take_over(before, now_, effects);
    }
    EXPECT_NE(open("thermal_runaway"), nullptr);
}

TEST_F(AgeingAlertsTest, WarmingFastIsRunawayToo) {
    run(hours(2));
    current_a() = 0.3;
    for (int step = 0; step < 40; ++step) {
        temperature_c(1) += 0.2;
        run(minutes(2));
    }
    ASSERT_NE(open("thermal_runaway"), nullptr);
    EXPECT_EQ(open("thermal_runaway")->subject.id, "BAT-2");
}

TEST_F(AgeingAlertsTest, ACurrentThatOutgrowsTheFloatIsStillRunningAway) {
    run(hours(2));
    temperature_c(2) = 38;
    current_a() = 1;
    run(minutes(5));
    current_a() = 4;  // more than C/50
    run(minutes(11));
    ASSERT_NE(open("thermal_runaway"), nullptr);
    EXPECT_EQ(open("thermal_runaway")->subject.id, "BAT-3");
}

TEST_F(AgeingAlertsTest, TheEndOfARechargeIsNotTheUsualFloatCurrent) {
    current_a() = 1.9;  // less than C/50
    run(hours(2));
    current_a() = 0.05;
    run(minutes(30));
    temperature_c(2) = 38;
    current_a() = 0.3;
    run(minutes(16));
    EXPECT_NE(open("thermal_runaway"), nullptr) << "six times what such a battery draws on float";
    EXPECT_FALSE(site_->snapshot().batteries.at(0).usual_float_current_a) << "after hours nobody knows";
}

TEST_F(AgeingAlertsTest, AStringsOwnFloatCurrentIsLearntInADayAtRest) {
    current_a() = 0.4;
    run(hours(49));
    ASSERT_TRUE(site_->snapshot().batteries.at(0).usual_float_current_a);
    EXPECT_NEAR(*site_->snapshot().batteries[0].usual_float_current_a, 0.4, 0.01);
    temperature_c(2) = 38;
    current_a() = 1.1;
    run(minutes(20));
    EXPECT_EQ(open("thermal_runaway"), nullptr) << "less than three times its usual";
    current_a() = 1.3;
    run(minutes(20));
    EXPECT_NE(open("thermal_runaway"), nullptr);
}

TEST_F(AgeingAlertsTest, NothingIsLearntOfAFloatThatHasNotSettled) {
    run(hours(20));
    current_a() = 10;
    run(minutes(10));
    current_a() = 1.9;
    run(hours(20));
    EXPECT_FALSE(site_->snapshot().batteries.at(0).usual_float_current_a);
    current_a() = 0.05;
    run(hours(29));
    ASSERT_TRUE(site_->snapshot().batteries.at(0).usual_float_current_a);
    EXPECT_NEAR(*site_->snapshot().batteries[0].usual_float_current_a, 0.05, 1e-9);
}

TEST_F(AgeingAlertsTest, TheUsualFloatCurrentSurvivesARestart) {
    run(hours(49));
    const Snapshot snapshot = site_->snapshot();
    ASSERT_TRUE(snapshot.batteries.at(0).usual_float_current_a);
    const double usual_a = *snapshot.batteries[0].usual_float_current_a;
    EXPECT_NEAR(usual_a, current_a(), 0.01);
    site_.emplace(model_, SiteSettings{});
    Effects effects;
    site_->restore(snapshot, now_, effects);
    temperature_c(2) = 38;
    current_a() = 0.3;
    run(minutes(20));
    EXPECT_NE(open("thermal_runaway"), nullptr) << "the first current after it is not the usual one";
    EXPECT_NEAR(*site_->snapshot().batteries[0].usual_float_current_a, usual_a, 0.05);
}

TEST_F(AgeingAlertsTest, ARechargeIsNoRunaway) {
    run(hours(2));
    current_a() = 10;
    for (std::size_t jar = 0; jar < jars; ++jar) temperature_c(jar) = 37;
    run(hours(1));
    EXPECT_EQ(open("thermal_runaway"), nullptr);
}

TEST_F(AgeingAlertsTest, AVoltageThatDoesNotMoveWithTheStringIsFrozen) {
    run(minutes(30));
    current_a() = -20;
    for (std::size_t jar = 1; jar < jars; ++jar) voltage_v(jar) = 12.3;
    run(minutes(11));
    ASSERT_NE(open("sensor_fault"), nullptr);
    EXPECT_EQ(open("sensor_fault")->subject.id, "BAT-1");
    voltage_v(0) = 12.2;
    run(minutes(11));
    EXPECT_EQ(open("sensor_fault"), nullptr);
}

TEST_F(AgeingAlertsTest, AValueOutOfRangeIsASensorFault) {
    bad_ = {{5, Quality::out_of_range}};  // temperature of the second jar
    run(minutes(9));
    EXPECT_EQ(open("sensor_fault"), nullptr);
    run(minutes(2));
    ASSERT_NE(open("sensor_fault"), nullptr);
    EXPECT_EQ(open("sensor_fault")->subject.id, "BAT-2");
    EXPECT_NE(open("sensor_fault")->message.find("temperature"), std::string::npos);
    bad_.clear();
    run(minutes(11));
    EXPECT_EQ(open("sensor_fault"), nullptr);
}

TEST_F(AgeingAlertsTest, DataThatStopsWhileTheDeviceAnswersIsStale) {
    bad_ = {{4, Quality::comm_error}};
    run(minutes(2));
    ASSERT_NE(open("data_stale"), nullptr);
    EXPECT_EQ(open("data_stale")->subject.id, "BAT-2");
    bad_.clear();
    run(minutes(2));
    EXPECT_EQ(open("data_stale"), nullptr);
}

// Judged directly: health and life change once a day only.
class LifeAlertsTest : public AgeingAlertsTest {
  protected:
    LifeAlertsTest()
        : slots_(model_),
          watch_(*model_, {}),
          batteries_(*model_, {}, watch_),
          book_(slots_, rules_),
          alerts_(*model_, rules_, slots_) {}

    void judge(Duration later) {
        now_ += later;
        const Moment moment{now_, now_, now_, 0};
        Effects effects;
        alerts_.evaluate(StringIndex{0}, batteries_, watch_, book_, moment, effects);
    }
    void set(double soh_pct, double p10, double p50, EstimateStatus status = EstimateStatus::ok) {
        BatteryState& state = batteries_.batteries()[0];
        state.soh_pct = {.value = soh_pct, .sigma = 3, .status = status, .as_of = now_};
        state.rul_days = {.value = p50, .sigma = 100, .status = status, .as_of = now_};
        state.rul_interval = LifeInterval{p10, 2 * p50, false};
    }
    std::optional<Severity> severity(std::string_view type) const {
        for (const Alert& alert : book_.open()) {
            if (alert.type == type) return alert.severity;
        }
        return std::nullopt;
    }

    RuleSet rules_;
    AlertSlots slots_;
    DeviceWatch watch_;
    Batteries batteries_;
    AlertBook book_;
    AgeingAlerts alerts_;
};

TEST_F(LifeAlertsTest, TwoEstimatesBelowTheLimitAreAnAlert) {
    set(84, 1000, 2000);
    judge(seconds(1));
    judge(seconds(1));
    EXPECT_FALSE(severity("soh_degraded")) << "one estimate seen twice";
    set(84, 1000, 2000);
    judge(hours(24));
    EXPECT_EQ(severity("soh_degraded"), Severity::warning);
    for (int day = 0; day < 2; ++day) {
        set(79, 1000, 2000);
        judge(hours(24));
    }
    EXPECT_EQ(severity("soh_degraded"), Severity::critical);
    for (int day = 0; day < 2; ++day) {
        set(90, 1000, 2000);
        judge(hours(24));
    }
    EXPECT_FALSE(severity("soh_degraded"));
}

TEST_F(LifeAlertsTest, AShortMedianIsAlertedAfterADay) {
    set(95, 200, 360);
    judge(seconds(1));
    judge(hours(23));
    EXPECT_FALSE(severity("rul_warning"));
    judge(hours(1));
    EXPECT_EQ(severity("rul_warning"), Severity::warning);
    EXPECT_FALSE(severity("rul_critical"));
    set(95, 50, 80);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_EQ(severity("rul_critical"), Severity::critical);
}

TEST_F(LifeAlertsTest, AnEarlyQuantileIsEnough) {
    set(95, 179, 900);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_EQ(severity("rul_warning"), Severity::warning);
    set(95, 29, 900);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_EQ(severity("rul_critical"), Severity::critical);
}

TEST_F(LifeAlertsTest, AnAlertTellsTheQuantileThatBrokeItsLimit) {
    const auto alert = [&] {
        EXPECT_EQ(book_.open().size(), 1U);
        return book_.open()[0];
    };
    set(95, 181, 1000);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_TRUE(book_.open().empty());
    set(95, 150, 1000);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_EQ(alert().actual, 150);
    EXPECT_EQ(alert().threshold, 180);
    set(95, 190, 1000);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_TRUE(severity("rul_warning")) << "clears a tenth above";
    set(95, 199, 1000);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_TRUE(book_.open().empty());
    set(95, 199, 360);
    judge(seconds(1));
    judge(hours(25));
    EXPECT_EQ(alert().actual, 360);
    EXPECT_EQ(alert().threshold, 365);
}

TEST_F(LifeAlertsTest, AnEarlyQuantileClearsAfterARestartToo) {
    set(95, 29, 900);
    judge(seconds(1));
    judge(hours(25));
    ASSERT_EQ(severity("rul_critical"), Severity::critical);
    AgeingAlerts restarted(*model_, rules_, slots_);
    for (const Alert& alert : std::vector<Alert>(book_.open().begin(), book_.open().end()))
        restarted.assume(alert);
    set(95, 300, 900);
    for (const Duration later : {Duration(seconds(1)), Duration(hours(25))}) {
        now_ += later;
        Effects effects;
        restarted.evaluate(StringIndex{0}, batteries_, watch_, book_, {now_, now_, now_, 0}, effects);
    }
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(LifeAlertsTest, APriorAloneAlarmsNobodyButSaysThatSomebodyShouldTest) {
    set(70, 1, 5, EstimateStatus::prior_only);
    judge(seconds(1));
    judge(hours(23));
    EXPECT_TRUE(book_.open().empty());
    for (int day = 0; day < 5; ++day) {
        set(70, 1, 5, EstimateStatus::prior_only);
        judge(hours(24));
    }
    ASSERT_EQ(book_.open().size(), 1U);
    EXPECT_EQ(severity("estimate_unknown"), Severity::info);
    EXPECT_EQ(book_.open()[0].subject, (Subject{SubjectKind::string, "STR-01"}));
    EXPECT_EQ(book_.open()[0].affected, 1U);
    set(90, 1000, 2000);
    judge(hours(24));
    judge(hours(24));
    EXPECT_FALSE(severity("estimate_unknown")) << "there is evidence now";
}

TEST_F(LifeAlertsTest, AHealthyPriorIsNoNews) {
    for (int day = 0; day < 5; ++day) {
        set(95, 1000, 2000, EstimateStatus::prior_only);
        judge(hours(24));
    }
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(LifeAlertsTest, AnOpenNoticeOfARestartClosesWithItsCause) {
    Alert alert;
    alert.id = "A";
    alert.type = "estimate_unknown";
    alert.severity = Severity::info;
    alert.subject = {SubjectKind::string, "STR-01"};
    Effects effects;
    ASSERT_TRUE(book_.restore_open(alert, {now_, now_, now_, 0}, effects));
    alerts_.assume(alert);
    set(95, 1000, 2000);
    judge(seconds(1));
    EXPECT_TRUE(severity("estimate_unknown"));
    judge(hours(24));
    EXPECT_FALSE(severity("estimate_unknown"));
}

TEST_F(LifeAlertsTest, WhatIsNotKnownNeitherRaisesNorClears) {
    for (int day = 0; day < 3; ++day) {
        set(78, 10, 20);
        judge(hours(24));
    }
    ASSERT_EQ(severity("rul_critical"), Severity::critical);
    batteries_.batteries()[0].rul_days = {.reason = "no_capacity_evidence"};
    batteries_.batteries()[0].rul_interval.reset();
    batteries_.batteries()[0].soh_pct = {.reason = "no_capacity_evidence"};
    judge(hours(100));
    EXPECT_EQ(severity("rul_critical"), Severity::critical);
    EXPECT_EQ(severity("soh_degraded"), Severity::critical);
}

}  // namespace
}  // namespace sitepower::ageing_alerts_test
