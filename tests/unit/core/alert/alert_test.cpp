#include "core/alert/alert.hpp"

#include <gtest/gtest.h>

namespace sitepower::alert_test {
namespace {

TEST(Alert, IsPendingUntilAcknowledgedAndActiveUntilResolved) {
    Alert alert;
    EXPECT_TRUE(alert.is_active());
    EXPECT_TRUE(alert.is_pending());
    alert.acknowledged_at = Time{};
    EXPECT_TRUE(alert.is_active());
    EXPECT_FALSE(alert.is_pending());
    alert.acknowledged_at.reset();
    alert.resolved_at = Time{};
    EXPECT_FALSE(alert.is_active());
    EXPECT_FALSE(alert.is_pending());
}

// The words are part of every payload.
TEST(Alert, HasWordsForEverything) {
    EXPECT_EQ(to_string(Severity::info), "info");
    EXPECT_EQ(to_string(Severity::warning), "warning");
    EXPECT_EQ(to_string(Severity::critical), "critical");
    EXPECT_EQ(to_string(SubjectKind::site), "site");
    EXPECT_EQ(to_string(SubjectKind::device), "device");
    EXPECT_EQ(to_string(SubjectKind::ups), "ups");
    EXPECT_EQ(to_string(SubjectKind::string), "string");
    EXPECT_EQ(to_string(SubjectKind::battery), "battery");
    EXPECT_EQ(to_string(AlertTransition::triggered), "triggered");
    EXPECT_EQ(to_string(AlertTransition::changed), "changed");
    EXPECT_EQ(to_string(AlertTransition::acknowledged), "acknowledged");
    EXPECT_EQ(to_string(AlertTransition::resolved), "resolved");
    EXPECT_EQ(to_string(static_cast<Severity>(99)), "unknown");
}

}  // namespace
}  // namespace sitepower::alert_test
