#include "daemon/lab/score/fleet_site.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/alert/rules.hpp"

namespace sitepower::lab::fleet_site_test {
namespace {

TEST(FleetSite, EveryFaultHasAnAlertThatExists) {
    for (int kind = 1; kind < fault_kinds; ++kind) {
        const auto& types = alerts_of(static_cast<Fault>(kind));
        EXPECT_FALSE(types.empty()) << kind;
        for (const auto& type : types) {
            EXPECT_TRUE(std::ranges::any_of(rules(), [&](const Rule& rule) { return rule.type == type; }))
                << type;
        }
    }
}

TEST(FleetSite, CountsJarsAndFaults) {
    const FleetCount count = FleetSite(true, 1).run(0);
    EXPECT_EQ(count.faults, 3 * FleetSite::strings);
    EXPECT_EQ(count.alerted, 0);
    EXPECT_EQ(count.false_alerts, 0);
}

}  // namespace
}  // namespace sitepower::lab::fleet_site_test
