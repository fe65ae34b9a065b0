#include "core/alert/wording.hpp"

#include <gtest/gtest.h>

#include "core/alert/book.hpp"

namespace sitepower::wording_test {
namespace {

const Rule& rule(RuleId id) {
    return rules()[static_cast<std::size_t>(id)];
}

TEST(AlertMessage, NamesValueLimitAndDetail) {
    Observation observation;
    EXPECT_EQ(alert_message(rule(RuleId::voltage_high), observation), "Voltage is too high");
    observation.actual = 14.123456;
    observation.threshold = 13.95;
    EXPECT_EQ(alert_message(rule(RuleId::voltage_high), observation),
              "Voltage is too high: 14.12 V, limit 13.95 V");
    observation.detail = "median of its batteries";
    EXPECT_EQ(alert_message(rule(RuleId::voltage_high), observation),
              "Voltage is too high: 14.12 V, limit 13.95 V, median of its batteries");
}

TEST(AlertMessage, WritesUnitsForPeople) {
    Observation observation;
    observation.actual = 51;
    EXPECT_EQ(alert_message(rule(RuleId::temperature_high), observation), "Temperature is too high: 51 C");
    observation.actual = 1.3333;
    EXPECT_EQ(alert_message(rule(RuleId::resistance_drift), observation),
              "Internal resistance has risen above its baseline: 1.333");
}

TEST(AlertMessage, OfADeviceSaysWhy) {
    Observation observation;
    observation.detail = "bus A unit 3: no answer within 300 ms";
    EXPECT_EQ(alert_message(rule(RuleId::device_offline), observation),
              "The device does not answer: bus A unit 3: no answer within 300 ms");
}

TEST(AlertMessage, SaysOnceThatItIsQuiet) {
    const auto once = quiet_message("The cap is not followed: training", 1);
    EXPECT_EQ(quiet_message(once, 1), once) << "as one that an earlier process had written";
}

}  // namespace
}  // namespace sitepower::wording_test
