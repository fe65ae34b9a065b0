#include "core/site/state.hpp"

#include <gtest/gtest.h>

#include "core/site/effects.hpp"

namespace sitepower::state_test {
namespace {

// The words are part of every payload.
TEST(State, HasWordsForEverything) {
    EXPECT_EQ(to_string(DeviceStatus::unknown), "unknown");
    EXPECT_EQ(to_string(DeviceStatus::online), "online");
    EXPECT_EQ(to_string(DeviceStatus::stale), "stale");
    EXPECT_EQ(to_string(DeviceStatus::offline), "offline");
    EXPECT_EQ(to_string(EstimateStatus::ok), "ok");
    EXPECT_EQ(to_string(EstimateStatus::degraded), "degraded");
    EXPECT_EQ(to_string(EstimateStatus::prior_only), "prior_only");
    EXPECT_EQ(to_string(EstimateStatus::unknown), "unknown");
    EXPECT_EQ(to_string(HealthStatus::healthy), "healthy");
    EXPECT_EQ(to_string(HealthStatus::warning), "warning");
    EXPECT_EQ(to_string(HealthStatus::critical), "critical");
    EXPECT_EQ(to_string(HealthStatus::unknown), "unknown");
    EXPECT_EQ(to_string(static_cast<HealthStatus>(99)), "unknown");
}

TEST(Effects, AreEmptyOnlyWithoutAnyOfThem) {
    Effects effects;
    EXPECT_TRUE(effects.empty());
    const auto fills = [&](auto&& fill) {
        fill();
        const bool filled = !effects.empty();
        effects.clear();
        return filled && effects.empty();
    };
    EXPECT_TRUE(fills([&] { effects.devices.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.batteries.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.strings.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.upses.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.alerts.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.windows_started.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.windows_ended.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.batteries_replaced.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.capacity_tests.emplace_back(); }));
    EXPECT_TRUE(fills([&] { effects.refusal = Error{}; }));
}

}  // namespace
}  // namespace sitepower::state_test
