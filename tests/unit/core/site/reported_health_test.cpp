// What a battery's own electronics report as health, and what a capacity test finds.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::reported_health_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);
constexpr double rated_ah = 100;

struct Kind {
    const char* name;
    Chemistry chemistry;
    bool is_dated;
};

// Through the engine: a full battery of 100 Ah that reports its health.
class ReportedHealthTest : public testing::TestWithParam<Kind> {
  protected:
    ReportedHealthTest() {
        DeviceBuilder monitor(*model_, "MON-01");
        StringModel& string = model_->strings.emplace_back();
        string.id = "STR-01";
        string.chemistry = GetParam().chemistry;
        string.nominal_capacity_ah = rated_ah;
        string.current_a = monitor.point("current_a", "A");
        BatteryModel& battery = model_->batteries.emplace_back();
        battery.id = "BAT-1";
        battery.soh_pct = monitor.point("soh_pct", "%");
        if (GetParam().is_dated) battery.installed_date = start - days(2 * 365);
        string.batteries.push_back(BatteryIndex{0});
        layout_ = monitor.finish(seconds(60));
        Snapshot snapshot;
        snapshot.batteries.push_back(
            {.battery = "BAT-1", .charge_ah = rated_ah, .charge_sigma_ah = 1, .charge_as_of = start});
        restart(snapshot);
    }

    void restart(const Snapshot& snapshot) {
        site_.emplace(model_, SiteSettings{});
        site_->restore(snapshot, now_, effects_);
        site_->handle(Tick{}, now_, effects_);
    }
    // Twice, a minute apart, after so long.
    void report(double soh_pct, Duration after = {}) {
        now_ += after;
        for (int i = 0; i < 2; ++i) {
            now_ += seconds(60);
            site_->handle(make_frame(layout_, now_, {0.0, soh_pct}), now_, effects_);
            site_->handle(Tick{}, now_, effects_);
        }
    }
    void test(double delivered_ah, Duration ago = {}) {
        effects_.clear();
        site_->handle(RecordCapacityTest{.battery_id = "BAT-1",
                                         .test = {.time = now_ - ago,
                                                  .delivered_ah = delivered_ah,
                                                  .temperature_c = 25,
                                                  .reached_end_voltage = true},
                                         .who = "eve",
                                         .lasted = hours(20)},
                      now_, effects_);
        EXPECT_FALSE(effects_.refusal) << effects_.refusal->message;
    }
    const Estimate& soh_pct() const { return site_->batteries()[0].soh_pct; }
    bool is_alerted() const {
        return std::ranges::any_of(site_->open_alerts(),
                                   [](const Alert& alert) { return alert.type == "soh_degraded"; });
    }

    std::shared_ptr<SiteModel> model_ = std::make_shared<SiteModel>();
    std::shared_ptr<const Layout> layout_;
    std::optional<Site> site_;
    Effects effects_;
    Time now_ = start;
};

TEST_P(ReportedHealthTest, WithoutATestTheReportIsAllThatIsKnown) {
    EXPECT_EQ(soh_pct().reason, "not_yet_read");
    report(95);
    EXPECT_EQ(soh_pct().value, 95);
    EXPECT_EQ(soh_pct().status, EstimateStatus::degraded);
    EXPECT_EQ(soh_pct().reason, "reported_by_bms");
    report(120);
    EXPECT_EQ(soh_pct().reason, "out_of_model_range");
}

TEST_P(ReportedHealthTest, ATestOutdoesTheReport) {
    report(95);
    test(70);
    EXPECT_NEAR(*soh_pct().value, 70, 1.2) << "at once";
    site_->handle(Tick{}, now_ += seconds(10), effects_);
    EXPECT_TRUE(is_alerted()) << "without a second estimate";
    report(95);
    EXPECT_NEAR(*soh_pct().value, 70, 1.2);
    EXPECT_LT(soh_pct().sigma, 4);
    EXPECT_EQ(soh_pct().status, EstimateStatus::ok);
    EXPECT_EQ(soh_pct().reason, "");
    EXPECT_TRUE(is_alerted());
    EXPECT_NEAR(site_->snapshot().batteries[0].capacity_share, 0.7, 0.012) << "what charge is counted with";
    site_->handle(Tick{}, now_ += hours(1), effects_);
    EXPECT_NEAR(*soh_pct().value, 70, 1.2) << "the report is stale, the test is not";
    restart(site_->snapshot());
    report(95);
    EXPECT_NEAR(*soh_pct().value, 70, 1.2) << "after a restart";
}

TEST_P(ReportedHealthTest, AReportThatWasTooLowIsMendedByATest) {
    report(78);
    test(97);
    report(78);
    EXPECT_NEAR(*soh_pct().value, 97, 1.2);
    EXPECT_FALSE(is_alerted());
    restart(site_->snapshot());
    report(78);
    EXPECT_NEAR(*soh_pct().value, 97, 1.2) << "after a restart";
    report(97);
    EXPECT_NEAR(*soh_pct().value, 97, 1.2);
}

TEST_P(ReportedHealthTest, AReportThatFallsBelowTheTestCountsAgain) {
    report(95);
    test(97);
    report(94);
    EXPECT_EQ(soh_pct().status, EstimateStatus::ok);
    restart(site_->snapshot());
    report(70);
    EXPECT_EQ(soh_pct().value, 70);
    EXPECT_EQ(soh_pct().reason, "reported_by_bms");
}

TEST_P(ReportedHealthTest, AReportThatFallsTowardsTheTestDoesNotRaiseIt) {
    report(95);
    test(70);
    report(84);
    EXPECT_NEAR(*soh_pct().value, 70, 1.2);
}

TEST_P(ReportedHealthTest, AReportThatComesAfterTheTestIsComparedThen) {
    test(97);
    report(78);
    EXPECT_NEAR(*soh_pct().value, 97, 1.2);
    report(60);
    EXPECT_EQ(soh_pct().value, 60);
}

// The doubt of a test grows with the years; that of a report is what it was found to be wrong by.
TEST_P(ReportedHealthTest, OnlyTheReportThatTheTestConfirmedIsTrustedYearsLater) {
    const Snapshot untested = site_->snapshot();
    report(95);
    test(70);
    report(95, days(3 * 365));
    EXPECT_NE(soh_pct().reason, "reported_by_bms");
    EXPECT_LT(*soh_pct().value, 80);
    if (GetParam().is_dated) return;  // the model of its ageing knows how it went on
    now_ = start;
    restart(untested);
    report(95);
    test(96);
    report(94, days(365));
    EXPECT_EQ(soh_pct().status, EstimateStatus::ok);
    report(91, days(2 * 365));
    EXPECT_EQ(soh_pct().value, 91);
    EXPECT_EQ(soh_pct().reason, "reported_by_bms");
    EXPECT_EQ(soh_pct().sigma, 5);
}

// A test that is too old to count does not make an alert of the first report.
TEST_P(ReportedHealthTest, AReportIsJudgedByItsOwnReadings) {
    if (GetParam().is_dated) return;  // no test is older than its battery
    now_ += seconds(60);
    site_->handle(make_frame(layout_, now_, {0.0, 70.0}), now_, effects_);
    test(97, days(8 * 365));
    EXPECT_EQ(soh_pct().value, 70);
    for (int i = 0; i < 5; ++i) site_->handle(Tick{}, now_ += seconds(10), effects_);
    EXPECT_FALSE(is_alerted());
    report(70);
    EXPECT_TRUE(is_alerted());
}

TEST_P(ReportedHealthTest, AnotherBatteryReportsForItself) {
    report(95);
    test(70);
    site_->handle(
        ReplaceBattery{
            .subject = {SubjectKind::battery, "BAT-1"}, .serial_number = "N1", .date = now_, .who = "eve"},
        now_, effects_);
    report(99);
    EXPECT_EQ(soh_pct().value, 99);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReportedHealthTest,
                         testing::Values(Kind{"Lithium", Chemistry::lfp, false},
                                         Kind{"Undated", Chemistry::vrla, false},
                                         Kind{"Dated", Chemistry::vrla, true}),
                         [](const auto& named) { return std::string(named.param.name); });

}  // namespace
}  // namespace sitepower::reported_health_test
