#include "daemon/operation/component.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_context.hpp"

namespace sitepower::component_test {
namespace {

class Components : public testing::Test {
  protected:
    void all_online() {
        for (auto& state : context_.fake_site.device_states) state.status = DeviceStatus::online;
    }
    OverallStatus overall() {
        return overall_status(context_.system_view, context_.fake_site,
                              components_of(context_.system_view, context_.fake_site));
    }
    std::vector<HealthFactor> factors() {
        return health_factors(context_.system_view, context_.fake_site,
                              components_of(context_.system_view, context_.fake_site));
    }

    support::FakeContext context_;
};

TEST_F(Components, JudgesABusByItsDevices) {
    auto components = components_of(context_.system_view, context_.fake_site);
    ASSERT_EQ(components.size(), 4U);
    EXPECT_EQ(components[2].name, "bus:tcp-1");
    EXPECT_EQ(components[2].status, ComponentStatus::ok);
    EXPECT_EQ(components[2].error_rate, 0.01);
    EXPECT_EQ(components[2].last_success, support::fake_now - std::chrono::seconds{1});
    EXPECT_EQ(components[3].status, ComponentStatus::down);
    EXPECT_EQ(components[3].reason, "0 of 1 devices online");
    EXPECT_EQ(components[3].last_success, std::nullopt);
    context_.fake_site.device_states[1].status = DeviceStatus::stale;
    components = components_of(context_.system_view, context_.fake_site);
    EXPECT_EQ(components[2].status, ComponentStatus::degraded);
}

TEST_F(Components, IsOperationalOnlyWhenEverythingWorks) {
    EXPECT_EQ(overall(), OverallStatus::degraded);
    all_online();
    EXPECT_EQ(overall(), OverallStatus::operational);
    context_.system_view.broker.connected = false;
    EXPECT_EQ(overall(), OverallStatus::degraded);
    context_.system_view.broker_enabled = false;
    EXPECT_EQ(overall(), OverallStatus::operational);
    context_.system_view.store.healthy = false;
    EXPECT_EQ(overall(), OverallStatus::degraded);
}

TEST_F(Components, IsNotOperationalAsASiteWhileACriticalAlertIsOpen) {
    all_online();
    auto& alerts = context_.fake_site.alerts;
    for (auto& alert : alerts) alert.severity = Severity::warning;
    EXPECT_EQ(site_status(overall(), context_.fake_site), OverallStatus::operational);
    alerts[0].severity = Severity::critical;
    EXPECT_EQ(overall(), OverallStatus::operational) << "the daemon's own word";
    EXPECT_EQ(site_status(overall(), context_.fake_site), OverallStatus::degraded);
    EXPECT_EQ(site_status(OverallStatus::down, context_.fake_site), OverallStatus::down);
    alerts[0].held = true;
    EXPECT_EQ(announced_alerts(context_.fake_site, Severity::critical), 0U);
    EXPECT_EQ(site_status(overall(), context_.fake_site), OverallStatus::operational)
        << "held back by a window";
}

TEST_F(Components, IsNotOperationalAsASiteWhileAUpsRunsFromItsBatteries) {
    all_online();
    context_.fake_site.alerts.clear();
    EXPECT_EQ(site_status(overall(), context_.fake_site), OverallStatus::operational);
    context_.fake_site.ups_states[0].on_battery = true;
    EXPECT_EQ(site_status(overall(), context_.fake_site), OverallStatus::degraded) << "no alert needed";
    EXPECT_THAT(upses_on_battery(context_.fake_site), testing::SizeIs(1));
}

TEST_F(Components, IsDownWhenNothingIsMeasured) {
    for (auto& state : context_.fake_site.device_states) state.status = DeviceStatus::offline;
    EXPECT_EQ(overall(), OverallStatus::down);
    all_online();
    context_.system_view.ready = false;
    EXPECT_EQ(overall(), OverallStatus::down);
}

TEST_F(Components, ScoresHundredWhenAllIsPerfect) {
    all_online();
    context_.fake_site.alerts.clear();
    for (auto& bus : context_.system_view.buses) bus.counters.timeouts = 0;
    EXPECT_EQ(health_score(factors()), 100.0);
}

TEST_F(Components, LosesScoreForEachFactor) {
    const auto found = factors();
    ASSERT_EQ(found.size(), 5U);
    EXPECT_NEAR(found[0].score, 66.67, 0.01);  // two of three devices
    EXPECT_NEAR(found[1].score, 49.5, 0.01);   // 1 % and 100 % of requests failed
    EXPECT_EQ(found[2].score, 100);
    EXPECT_EQ(found[4].score, 0);  // a critical alert
    EXPECT_NEAR(*health_score(found), 65.76, 0.01);
}

TEST_F(Components, CountsWhatABusThatIsNotConnectedCannotAsk) {
    auto& counters = context_.system_view.buses[1].counters;
    counters = {.requests = 1000, .answers = 1000, .unsent = 1000};
    auto components = components_of(context_.system_view, context_.fake_site);
    EXPECT_EQ(components[3].error_rate, 0.5);
    counters = {.unsent = 3};
    components = components_of(context_.system_view, context_.fake_site);
    EXPECT_EQ(components[3].error_rate, 1.0) << "it was never connected";
}

TEST_F(Components, ABusThatIsDownIsNotHealthyWhateverItDidBefore) {
    context_.system_view.buses[1].counters = {.requests = 1'000'000, .answers = 1'000'000, .unsent = 1};
    EXPECT_NEAR(factors()[1].score, 49.5, 0.01);  // 1 % failed on the one, the other is down
    EXPECT_EQ(factors()[1].detail, "0.5 % of requests failed since start, 1 of 2 buses down");
}

TEST_F(Components, LeavesOutWhatCannotBeJudged) {
    for (auto& bus : context_.system_view.buses) bus.counters = {};
    context_.system_view.broker_enabled = false;
    EXPECT_EQ(factors().size(), 3U);
    EXPECT_EQ(health_score({}), std::nullopt);
}

TEST_F(Components, SaysWhenStoreAndBrokerLastWorkedAndHowLongItTook) {
    context_.system_view.buses[0].counters.latency_ms = 2.75;
    auto components = components_of(context_.system_view, context_.fake_site);
    EXPECT_EQ(components[0].last_success, support::fake_now - std::chrono::seconds{3});
    EXPECT_EQ(components[0].latency_ms, 4.25);
    EXPECT_EQ(components[1].last_success, support::fake_now - std::chrono::seconds{1});
    EXPECT_EQ(components[1].latency_ms, 1.5);
    EXPECT_EQ(components[2].latency_ms, 2.75);
    EXPECT_EQ(components[3].latency_ms, std::nullopt) << "this bus has answered nothing yet";
    context_.system_view.store.last_commit.reset();
    context_.system_view.publisher = {};
    components = components_of(context_.system_view, context_.fake_site);
    EXPECT_EQ(components[0].last_success, std::nullopt);
    EXPECT_EQ(components[1].last_success, std::nullopt);
    EXPECT_EQ(components[1].latency_ms, std::nullopt);
}

TEST_F(Components, TellsRefusedRowsOfTheStore) {
    context_.system_view.store.refused = 1000;
    const auto store = components_of(context_.system_view, context_.fake_site)[0];
    EXPECT_EQ(store.status, ComponentStatus::degraded);
    EXPECT_EQ(store.error_rate, 0.5);
}

}  // namespace
}  // namespace sitepower::component_test
