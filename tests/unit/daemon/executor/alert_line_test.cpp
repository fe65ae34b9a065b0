#include "daemon/executor/alert_line.hpp"

#include <gtest/gtest.h>

#include "daemon/journal/messages.hpp"

namespace sitepower::alert_line_test {
namespace {

Alert on_battery(Severity severity) {
    Alert alert;
    alert.type = "ups_on_battery";
    alert.severity = severity;
    alert.subject = {SubjectKind::ups, "UPS-01"};
    alert.message = "The load runs from the batteries";
    return alert;
}

TEST(AlertLine, NamesTheSubject) {
    EXPECT_EQ(alert_line({AlertTransition::triggered, on_battery(Severity::critical)}),
              "ups UPS-01: critical ups_on_battery triggered: The load runs from the batteries");
}

TEST(AlertLine, DoesNotReadAsThePresentStateOnceItIsOver) {
    auto alert = on_battery(Severity::warning);
    alert.resolved_at = Time{};
    alert.resolved_by = "condition_cleared";
    const AlertChange over{AlertTransition::resolved, alert};
    EXPECT_EQ(alert_line(over),
              "ups UPS-01: warning ups_on_battery is over (it was: The load runs from the batteries)");
    EXPECT_EQ(alert_priority(over), journal::Priority::notice);
    EXPECT_EQ(alert_kind(over).message_id, journal::alert_resolved.message_id);
}

TEST(AlertLine, NamesWhoHasDoneSomething) {
    auto alert = on_battery(Severity::critical);
    alert.acknowledged_at = Time{};
    alert.acknowledged_by = "mia";
    alert.acknowledgment_note = "on my way";
    const AlertChange known{AlertTransition::acknowledged, alert};
    EXPECT_EQ(alert_line(known),
              "ups UPS-01: critical ups_on_battery acknowledged by mia (on my way): The load runs from the "
              "batteries");
    EXPECT_EQ(alert_priority(known), journal::Priority::notice);
    EXPECT_EQ(alert_kind(known).message_id, journal::alert_acknowledged.message_id);
    alert.resolved_at = Time{};
    alert.resolved_by = "bob";
    EXPECT_EQ(
        alert_line({AlertTransition::resolved, alert}),
        "ups UPS-01: critical ups_on_battery resolved by bob (it was: The load runs from the batteries)");
}

TEST(AlertLine, IsAsUrgentAsItsAlert) {
    EXPECT_EQ(alert_priority({AlertTransition::triggered, on_battery(Severity::critical)}),
              journal::Priority::critical);
    EXPECT_EQ(alert_priority({AlertTransition::triggered, on_battery(Severity::warning)}),
              journal::Priority::warning);
    EXPECT_EQ(alert_priority({AlertTransition::triggered, on_battery(Severity::info)}),
              journal::Priority::info);
}

}  // namespace
}  // namespace sitepower::alert_line_test
