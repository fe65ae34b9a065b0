#include "core/site/device_alarms.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/site/site.hpp"
#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::device_alarms_test {
namespace {

using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

// A UPS with flags, one of them what the site takes for "on battery".
class DeviceAlarmsTest : public testing::Test {
  protected:
    DeviceAlarmsTest() {
        auto model = std::make_shared<SiteModel>();
        model->id = "DC-1";
        DeviceBuilder ups(*model, "UPS-01", DeviceKind::ups);
        const auto alarm = [&](const std::string& name, Severity severity, const std::string& label) {
            const auto point = ups.point(name);
            model->devices[0].alarms.push_back({.slot = point.slot, .severity = severity, .label = label});
            return point;
        };
        const auto on_battery = alarm("status.on_battery", Severity::warning, "On battery");
        alarm("alarm.replace_battery", Severity::warning, "Replace the battery");
        alarm("alarm.overload", Severity::critical, "Overload");
        alarm("eco.on_battery", Severity::info, "The same once more");
        layout_ = ups.finish(seconds(1));
        for (int i = 0; i < 6; ++i)
            alarm("more" + std::to_string(i), Severity::info, "More " + std::to_string(i));
        more_ = ups.finish(seconds(1), "slow");
        model->upses.push_back({.device = DeviceIndex{}, .on_battery = on_battery});
        model_ = model;
        site_.emplace(model_, SiteSettings{});
    }
    const std::vector<AlertChange>& read(std::vector<double> values, std::vector<Quality> quality = {}) {
        return read(layout_, std::move(values), std::move(quality));
    }
    const std::vector<AlertChange>& read(const std::shared_ptr<const Layout>& layout,
                                         std::vector<double> values, std::vector<Quality> quality = {}) {
        now_ += seconds(1);
        auto frame = make_frame(layout, now_, std::move(values));
        if (!quality.empty()) frame->quality = std::move(quality);
        effects_ = {};
        site_->handle(FramePtr(frame), now_, effects_);
        std::erase_if(effects_.alerts,
                      [](const AlertChange& change) { return change.alert.type != "device_alarm"; });
        return effects_.alerts;
    }
    const Alert* open() const {
        const auto alerts = site_->open_alerts();
        const auto found = std::ranges::find(alerts, "device_alarm", &Alert::type);
        return found == alerts.end() ? nullptr : &*found;
    }

    std::shared_ptr<const SiteModel> model_;
    std::shared_ptr<const Layout> layout_;
    std::shared_ptr<const Layout> more_;
    std::optional<Site> site_;
    Time now_ = start;
    Effects effects_;
};

TEST_F(DeviceAlarmsTest, AFlagThatIsSetIsAnAlertUntilItIsNot) {
    EXPECT_TRUE(read({0, 0, 0, 0}).empty());
    ASSERT_EQ(read({0, 1, 0, 0}).size(), 1U);
    ASSERT_NE(open(), nullptr);
    EXPECT_EQ(open()->severity, Severity::warning);
    EXPECT_EQ(open()->subject.id, "UPS-01");
    EXPECT_NE(open()->message.find("Replace the battery"), std::string::npos) << open()->message;
    EXPECT_TRUE(read({0, 1, 0, 0}).empty()) << "told once";
    read({0, 0, 0, 0});
    for (int i = 0; i < 3600 && open() != nullptr; ++i) read({0, 0, 0, 0});
    EXPECT_EQ(open(), nullptr);
}

TEST_F(DeviceAlarmsTest, TheAlertIsAsGraveAsItsGravestFlag) {
    read({0, 1, 0, 0});
    read({0, 1, 1, 0});
    ASSERT_NE(open(), nullptr);
    EXPECT_EQ(open()->severity, Severity::critical);
    EXPECT_EQ(site_->open_alerts().size(), 1U);
}

TEST_F(DeviceAlarmsTest, OnBatteryIsTheAlertOfItsOwnRule) {
    for (int i = 0; i < 10; ++i) read({1, 0, 0, 1});
    EXPECT_EQ(open(), nullptr);
    ASSERT_EQ(site_->open_alerts().size(), 1U);
    EXPECT_EQ(site_->open_alerts()[0].type, "ups_on_battery");
}

TEST_F(DeviceAlarmsTest, WhatIsNotKnownNeitherRaisesNorClears) {
    const std::vector<Quality> unknown(4, Quality::out_of_range);
    read({0, 1, 0, 0}, unknown);
    EXPECT_EQ(open(), nullptr);
    read({0, 1, 0, 0});
    for (int i = 0; i < 600; ++i) read({0, 0, 0, 0}, unknown);
    EXPECT_NE(open(), nullptr);
}

TEST_F(DeviceAlarmsTest, FlagsOfSeveralPollGroupsAreOneAlertThatNamesFiveOfThem) {
    read({0, 1, 1, 0});
    read(more_, {1, 1, 1, 1, 1, 1});
    ASSERT_NE(open(), nullptr);
    EXPECT_EQ(site_->open_alerts().size(), 1U);
    for (int i = 0; i < 3600 && open() != nullptr; ++i) {
        read({0, 0, 0, 0});
        read(more_, {0, 0, 0, 0, 0, 0});
    }
    ASSERT_EQ(open(), nullptr);
    read(more_, {1, 1, 1, 1, 1, 1});
    ASSERT_NE(open(), nullptr);
    EXPECT_EQ(open()->severity, Severity::info);
    EXPECT_NE(open()->message.find("More 0, More 1, More 2, More 3, More 4 and 1 more"), std::string::npos)
        << open()->message;
}

TEST_F(DeviceAlarmsTest, AnAlertFromBeforeARestartStaysUntilTheDeviceSaysOtherwise) {
    read({0, 0, 1, 0});
    Snapshot before;
    before.open_alerts.assign(site_->open_alerts().begin(), site_->open_alerts().end());
    ASSERT_EQ(before.open_alerts.size(), 1U);
    site_.emplace(model_, SiteSettings{});
    Effects effects;
    site_->restore(before, now_, effects);
    ASSERT_NE(open(), nullptr);
    EXPECT_TRUE(read({0, 0, 1, 0}).empty()) << "it is the same alert";
    read({0, 0, 0, 0});
    EXPECT_NE(open(), nullptr) << "a flag of the other poll group may have raised it";
    read(more_, {0, 0, 0, 0, 0, 0});
    for (int i = 0; i < 3600 && open() != nullptr; ++i) read({0, 0, 0, 0});
    EXPECT_EQ(open(), nullptr);
}

// Flags of two poll groups, which are read one after the other.
TEST_F(DeviceAlarmsTest, AnAcknowledgementOutlivesARestart) {
    for (const double others : {0.0, 1.0}) {  // two flags, or more than the message names
        site_.emplace(model_, SiteSettings{});
        read({0, 1, 0, 0});
        read(more_, {1, others, others, others, others, others});
        Snapshot before;
        before.open_alerts.assign(site_->open_alerts().begin(), site_->open_alerts().end());
        ASSERT_EQ(before.open_alerts.size(), 1U);
        before.open_alerts[0].acknowledged_at = now_;
        before.open_alerts[0].acknowledged_by = "anna";
        site_.emplace(model_, SiteSettings{});
        Effects effects;
        site_->restore(before, now_, effects);
        EXPECT_TRUE(read({0, 1, 0, 0}).empty());
        EXPECT_TRUE(read(more_, {1, others, others, others, others, others}).empty());
        ASSERT_NE(open(), nullptr);
        EXPECT_EQ(open()->acknowledged_by, "anna");
        EXPECT_EQ(read({0, 1, 1, 0}).size(), 1U) << "what joins is news";
        EXPECT_FALSE(open()->acknowledged_at.has_value());
    }
}

}  // namespace
}  // namespace sitepower::device_alarms_test
