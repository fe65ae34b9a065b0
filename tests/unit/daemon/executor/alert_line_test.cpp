#include "daemon/executor/alert_line.hpp"

#include <gtest/gtest.h>

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
    EXPECT_EQ(alert_line({AlertTransition::resolved, alert}),
              "ups UPS-01: warning ups_on_battery is over (it was: The load runs from the batteries)");
    EXPECT_EQ(alert_priority(alert), journal::Priority::notice);
}

TEST(AlertLine, IsAsUrgentAsItsAlert) {
    EXPECT_EQ(alert_priority(on_battery(Severity::critical)), journal::Priority::critical);
    EXPECT_EQ(alert_priority(on_battery(Severity::warning)), journal::Priority::warning);
    EXPECT_EQ(alert_priority(on_battery(Severity::info)), journal::Priority::info);
}

}  // namespace
}  // namespace sitepower::alert_line_test
