#include "daemon/app/watchdog.hpp"

#include <gtest/gtest.h>

#include "daemon/app/status_line.hpp"

namespace sitepower::watchdog_test {
namespace {

Watchdog::Measure fixed(int ms) {
    return [ms] { return Duration{ms}; };
}

TEST(Watchdog, IsFedOnlyWhileEveryPartShowsProgress) {
    Watchdog watchdog;
    EXPECT_FALSE(watchdog.hanging());
    Duration writer{0};
    watchdog.watch(
        "writer", [&] { return writer; }, fixed(1000));
    watchdog.watch("bus line-1", fixed(10), fixed(500));
    EXPECT_FALSE(watchdog.hanging());
    writer = Duration{1001};
    EXPECT_EQ(watchdog.hanging(), "writer has shown no progress for 1001 ms (limit 1000 ms)");
    writer = Duration{1000};
    EXPECT_FALSE(watchdog.hanging());
}

TEST(Watchdog, ForgetsPartsOfAReload) {
    Watchdog watchdog;
    watchdog.watch("bus line-1", fixed(1000), fixed(500));
    watchdog.watch("writer", fixed(0), fixed(500));
    EXPECT_TRUE(watchdog.hanging());
    watchdog.forget("bus ");
    EXPECT_FALSE(watchdog.hanging());
}

TEST(StatusLine, ReadsLikeASentence) {
    StatusFacts facts{.devices = 5,
                      .devices_online = 5,
                      .broker_enabled = true,
                      .broker_connected = true,
                      .outbox = 0,
                      .store_healthy = true,
                      .alerts = 1};
    EXPECT_EQ(status_line(facts), "5/5 devices, broker connected, outbox 0, 1 alert");
    facts.alerts = 2;
    facts.broker_connected = false;
    facts.outbox = 1200;
    facts.devices_online = 4;
    EXPECT_EQ(status_line(facts), "4/5 devices, broker NOT connected, outbox 1200, 2 alerts");
    facts.store_healthy = false;
    facts.broker_enabled = false;
    EXPECT_EQ(status_line(facts),
              "4/5 devices, no broker configured, outbox 1200, store in TROUBLE, 2 alerts");
}

}  // namespace
}  // namespace sitepower::watchdog_test
