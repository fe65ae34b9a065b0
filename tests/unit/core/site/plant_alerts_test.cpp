#include "core/site/plant_alerts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::plant_alerts_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

// A UPS, and a meter on which nothing hangs.
class PlantAlertsTest : public testing::Test {
  protected:
    static std::shared_ptr<const SiteModel> make() {
        auto model = std::make_shared<SiteModel>();
        model->id = "DC-1";
        const DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
        const DeviceBuilder meter(*model, "MET-01", DeviceKind::meter);
        model->upses.resize(2);
        model->upses[0].required_autonomy_min = 15;
        model->upses[1].device = static_cast<DeviceIndex>(1);
        return model;
    }
    static Moment at(Duration passed) { return {start + passed, start + passed, start + passed, 0}; }

    void ups(std::optional<bool> on_battery, Duration passed) {
        UpsState state;
        state.on_battery = on_battery;
        plant_.evaluate(state, book_, at(passed), effects_);
    }
    void autonomy(std::optional<double> p10_min, Duration passed, std::uint32_t index = 0) {
        UpsState state;
        state.ups = UpsIndex{index};
        state.autonomy_p10_min = p10_min;
        plant_.evaluate_autonomy(state, book_, at(passed), effects_);
    }
    void meter(DeviceStatus status, Duration passed) {
        DeviceState state;
        state.device = static_cast<DeviceIndex>(1);
        state.status = status;
        state.reason = "connection refused";
        plant_.evaluate(state, wiring_, book_, at(passed), effects_);
    }

    std::shared_ptr<const SiteModel> model_ = make();
    RuleSet rules_;
    AlertSlots slots_{model_};
    AlertBook book_{slots_, rules_};
    Wiring wiring_{*model_};
    PlantAlerts plant_{*model_, rules_, slots_};
    Effects effects_;
};

TEST_F(PlantAlertsTest, AShortTransferIsNoAlert) {
    ups(true, seconds(0));
    ups(true, seconds(2));
    ups(false, seconds(3));
    ups(true, seconds(4));
    ups(true, seconds(6));
    EXPECT_TRUE(book_.open().empty());
    ups(true, seconds(7));
    EXPECT_EQ(book_.open().size(), 1U);
}

TEST_F(PlantAlertsTest, AnUnknownTransferSwitchPausesTheDelay) {
    ups(true, seconds(0));
    ups(std::nullopt, seconds(2));
    ups(true, seconds(4));
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(PlantAlertsTest, AnAutonomyBelowWhatIsRequiredIsAnAlertAfterAMinute) {
    autonomy(8, seconds(0));
    autonomy(8, seconds(59));
    EXPECT_TRUE(book_.open().empty());
    autonomy(8, seconds(60));
    ASSERT_EQ(book_.open().size(), 1U);
    const Alert& alert = book_.open()[0];
    EXPECT_EQ(alert.type, "autonomy_low");
    EXPECT_EQ(alert.severity, Severity::warning);
    EXPECT_EQ(alert.subject, (Subject{SubjectKind::ups, "UPS-01"}));
    EXPECT_EQ(alert.message,
              "The batteries would not carry the load for as long as required: 53.33 %, limit 100 %, "
              "8 of 15 min");
}

TEST_F(PlantAlertsTest, AnAutonomyIsEnoughAgainTenPercentAboveWhatIsRequired) {
    autonomy(8, seconds(0));
    autonomy(8, seconds(60));
    autonomy(16.4, seconds(61));
    autonomy(16.4, minutes(10));
    EXPECT_EQ(book_.open().size(), 1U);
    autonomy(16.6, minutes(11));
    EXPECT_EQ(book_.open().size(), 1U);
    autonomy(16.6, minutes(12));
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(PlantAlertsTest, AnUnknownAutonomyNeitherRaisesNorClears) {
    autonomy(std::nullopt, seconds(0));
    autonomy(8, seconds(1));
    autonomy(std::nullopt, seconds(59));
    autonomy(8, seconds(62));
    EXPECT_TRUE(book_.open().empty());
    autonomy(8, seconds(122));
    EXPECT_EQ(book_.open().size(), 1U);
    autonomy(std::nullopt, minutes(60));
    EXPECT_EQ(book_.open().size(), 1U);
}

TEST_F(PlantAlertsTest, WithoutARequirementNoAutonomyIsTooLow) {
    autonomy(0, seconds(0), 1);
    autonomy(0, minutes(5), 1);
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(PlantAlertsTest, AnAlertOfAnAutonomyThatIsNoLongerRequiredCloses) {
    Alert alert;
    alert.id = "A";
    alert.type = "autonomy_low";
    alert.subject = {SubjectKind::ups, "MET-01"};
    ASSERT_TRUE(book_.restore_open(alert, at(seconds(0)), effects_));
    plant_.assume(alert, at(seconds(0)));
    autonomy(std::nullopt, seconds(1), 1);
    EXPECT_TRUE(book_.open().empty());
}

TEST_F(PlantAlertsTest, ADeviceIsOfflineAtOnceAndBackWhenItAnswers) {
    meter(DeviceStatus::unknown, seconds(0));
    EXPECT_TRUE(book_.open().empty());
    meter(DeviceStatus::offline, seconds(1));
    ASSERT_EQ(book_.open().size(), 1U);
    EXPECT_EQ(book_.open()[0].message, "The device does not answer: connection refused");
    EXPECT_EQ(book_.open()[0].affected, 0U);
    meter(DeviceStatus::stale, seconds(2));
    EXPECT_TRUE(book_.open().empty()) << "stale: something was heard";
}

TEST_F(PlantAlertsTest, EveryRuleOfTheSiteCanBeSetButTheBooksOwn) {
    for (const Rule& rule : rules()) {
        if (rule.subject != SubjectKind::site) continue;
        const auto done = plant_.set({std::string(rule.type), true, "because"});
        EXPECT_EQ(static_cast<bool>(done), rule.id != RuleId::alerts_full) << rule.name;
    }
    EXPECT_FALSE(plant_.set({"voltage_high", true, ""})) << "not a condition of the site";
}

TEST_F(PlantAlertsTest, ANewMessageOfTheSameConditionIsNoNewAlert) {
    ASSERT_TRUE(plant_.set({"store_error", true, "I/O error"}));
    plant_.evaluate_system(book_, at(seconds(0)), effects_);
    ASSERT_TRUE(plant_.set({"store_error", true, "read-only file system"}));
    plant_.evaluate_system(book_, at(seconds(1)), effects_);
    EXPECT_EQ(effects_.alerts.size(), 1U);
}

// Until whoever reports it speaks again, it stands as it was kept.
TEST_F(PlantAlertsTest, AfterARestartAConditionSaysWhatItSaidBefore) {
    ASSERT_TRUE(plant_.set({"setpoint_not_followed", true, "INV-01 ignores"}));
    plant_.evaluate_system(book_, at(seconds(0)), effects_);
    const Alert before = book_.open()[0];
    AlertBook restarted(slots_, rules_);
    PlantAlerts plant(*model_, rules_, slots_);
    ASSERT_TRUE(restarted.restore_open(before, at(seconds(1)), effects_));
    plant.assume(before, at(seconds(1)));
    plant.evaluate_system(restarted, at(seconds(2)), effects_);
    EXPECT_EQ(restarted.open()[0].message, before.message);
}

TEST_F(PlantAlertsTest, ADelayedConditionThatPassesIsNoAlert) {
    ASSERT_TRUE(plant_.set({"broker_unreachable", true, ""}));
    for (int s = 0; s < 290; ++s) plant_.evaluate_system(book_, at(seconds(s)), effects_);
    ASSERT_TRUE(plant_.set({"broker_unreachable", false, ""}));
    plant_.evaluate_system(book_, at(seconds(291)), effects_);
    ASSERT_TRUE(plant_.set({"broker_unreachable", true, ""}));
    for (int s = 292; s < 580; ++s) plant_.evaluate_system(book_, at(seconds(s)), effects_);
    EXPECT_TRUE(book_.open().empty());
}

}  // namespace
}  // namespace sitepower::plant_alerts_test
