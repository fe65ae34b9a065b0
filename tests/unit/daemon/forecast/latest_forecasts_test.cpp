#include "daemon/forecast/latest_forecasts.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sitepower::latest_forecasts_test {
namespace {

SeriesForecast forecast_of(const std::string& series, double p50) {
    return {.series = series,
            .issued_at = from_ms(1000),
            .model_version = 3,
            .step = Duration{3'600'000},
            .calibrated = true,
            .steps = {{.valid_at = from_ms(3'600'000),
                       .p50 = p50,
                       .p90 = p50 + 1,
                       .p99 = p50 + 2,
                       .lower95 = p50 - 2,
                       .upper95 = p50 + 2}}};
}

TEST(LatestForecasts, GivesTheOneInForce) {
    LatestForecasts latest;
    EXPECT_EQ(latest.find("load"), nullptr);
    latest.set(forecast_of("load", 10));
    const auto before = latest.find("load");
    latest.set(forecast_of("load", 20));
    ASSERT_TRUE(before && latest.find("load"));
    EXPECT_EQ(before->steps.front().p50, 10) << "who plans with it keeps what it was";
    EXPECT_EQ(latest.find("load")->steps.front().p50, 20);
    EXPECT_EQ(latest.find("price"), nullptr);
    latest.forget("load");
    latest.forget("load");
    EXPECT_EQ(latest.find("load"), nullptr);
}

TEST(LatestForecasts, IsReadWhileItIsWritten) {
    LatestForecasts latest;
    latest.set(forecast_of("load", 0));
    std::thread writer([&] {
        for (int i = 1; i <= 1000; ++i) latest.set(forecast_of("load", i));
    });
    double last = 0;
    while (last < 1000) {
        const auto seen = latest.find("load");
        const double p50 = seen->steps.front().p50;
        EXPECT_GE(p50, last);
        EXPECT_EQ(seen->steps.front().p90, p50 + 1);
        last = p50;
    }
    writer.join();
}

}  // namespace
}  // namespace sitepower::latest_forecasts_test
