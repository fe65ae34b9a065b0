#include "daemon/lab/replay/alert_comparison.hpp"

#include <gtest/gtest.h>

namespace sitepower::lab::alert_comparison_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time begin = from_ms(1'795'328'000'000);

Alert alert_at(Time time, const std::string& type = "voltage_high", SubjectKind kind = SubjectKind::battery) {
    Alert alert;
    alert.type = type;
    alert.subject = {kind, "BAT-1"};
    alert.triggered_at = time;
    return alert;
}

AlertDifference compared(const std::vector<Alert>& replayed, const std::vector<Alert>& told) {
    AlertComparison comparison;
    comparison.begin(begin);
    for (const Alert& alert : replayed) {
        const AlertChange change{.transition = AlertTransition::triggered, .alert = alert};
        comparison.look({&change, 1}, alert.triggered_at);
    }
    comparison.look({}, begin + minutes(60));
    return comparison.compare(told);
}

TEST(AlertComparison, TheSameAlertWithinAMinuteIsAlike) {
    const Time time = begin + minutes(10);
    EXPECT_EQ(compared({alert_at(time + seconds(60))}, {alert_at(time)}).compared, 1U);
    const AlertDifference later = compared({alert_at(time + seconds(61))}, {alert_at(time)});
    EXPECT_EQ(later.compared, 0U);
    EXPECT_EQ(later.only_told.size(), 1U);
    EXPECT_EQ(later.only_replayed.size(), 1U);
    EXPECT_EQ(compared({alert_at(time, "voltage_low")}, {alert_at(time)}).unlike(), 2U) << "another type";
    EXPECT_EQ(compared({alert_at(time)}, {alert_at(time), alert_at(time)}).unlike(), 1U) << "one is for one";
}

TEST(AlertComparison, SaysWhichAlertItWas) {
    const AlertDifference difference = compared({}, {alert_at(begin + minutes(10))});
    ASSERT_EQ(difference.only_told.size(), 1U);
    EXPECT_EQ(difference.only_told[0], "voltage_high of BAT-1 at " + format_time(begin + minutes(10)));
}

TEST(AlertComparison, WhatNoFramesReachIsNotBlamed) {
    EXPECT_EQ(compared({}, {alert_at(begin - seconds(1)), alert_at(begin + minutes(60))}).unlike(), 0U);
    EXPECT_EQ(compared({}, {alert_at(begin), alert_at(begin + minutes(59))}).unlike(), 2U);
}

TEST(AlertComparison, OneThatWasOpenBeforeIsNotNew) {
    Alert before = alert_at(begin - minutes(30));
    EXPECT_EQ(compared({alert_at(begin + minutes(5))}, {before}).unlike(), 0U);
    before.resolved_at = begin - minutes(10);
    EXPECT_EQ(compared({alert_at(begin + minutes(5))}, {before}).unlike(), 1U);
}

TEST(AlertComparison, LeavesOutWhatHangsOnMoreThanFrames) {
    const Time time = begin + minutes(10);
    for (const SubjectKind kind : {SubjectKind::site, SubjectKind::device}) {
        EXPECT_EQ(compared({}, {alert_at(time, "plan_failed", kind)}).unlike(), 0U);
        EXPECT_EQ(compared({alert_at(time, "plan_failed", kind)}, {}).unlike(), 0U);
    }
    for (const SubjectKind kind : {SubjectKind::battery, SubjectKind::string, SubjectKind::ups}) {
        EXPECT_EQ(compared({}, {alert_at(time, "autonomy_low", kind)}).unlike(), 1U);
    }
}

}  // namespace
}  // namespace sitepower::lab::alert_comparison_test
