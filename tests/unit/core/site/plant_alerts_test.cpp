#include "core/site/plant_alerts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower {
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
        model->upses.resize(1);
        return model;
    }
    static Moment at(Duration passed) { return {start + passed, start + passed, start + passed, 0}; }

    void ups(std::optional<bool> on_battery, Duration passed) {
        UpsState state;
        state.on_battery = on_battery;
        plant_.evaluate(state, book_, at(passed), effects_);
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
}  // namespace sitepower
