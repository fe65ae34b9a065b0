// Every payload about forecasts against its golden file, byte for byte.
#include "daemon/message/forecast_payload.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace sitepower::forecast_payload_test {
namespace {

using forecast::HorizonClass;

const Time now = from_ms(1'763'794'468'123);
const Epoch epoch{.bits = 0x00c0ffee12345678, .number = 3};

PayloadHead head() {
    return {.site = "DC-CNX-01", .epoch_bits = epoch.bits, .key = epoch.key(42), .seq = 7, .time = now};
}

void expect_golden(const std::string& name, const std::string& payload) {
    const auto path = std::filesystem::path(SITEPOWER_SOURCE_DIR "/tests/golden/payloads") / (name + ".json");
    if (std::getenv("SITEPOWER_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << payload << '\n';
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(payload + "\n", text.str()) << "of " << name;
    EXPECT_TRUE(nlohmann::json::accept(payload)) << payload;
}

forecast::ForecastStep step_at(Time time) {
    return {.valid_at = time,
            .forecast = {.point = 41,
                         .quantiles = {.p50 = 40.5,
                                       .p90 = 44,
                                       .p99 = 47.25,
                                       .lower95 = 36,
                                       .upper95 = 45,
                                       .calibrated = true,
                                       .p99_calibrated = true}}};
}

SeriesReport report() {
    SeriesReport report{.series = "site-load",
                        .kind = forecast::SeriesKind::consumption,
                        .unit = "kW",
                        .step = Duration{900'000},
                        .made_at = now,
                        .issued_at = from_ms(1'763'794'800'000),
                        .model_version = 12,
                        .features = {"own_history", "hour_of_day", "day_of_week"},
                        .method = "double_seasonal/log",
                        .degraded = false,
                        .safeguarded = true,
                        .by_horizon = {}};
    report.by_horizon[0] = {
        .steps = {step_at(from_ms(1'763'795'700'000))}, .reason = {}, .confidence = 0.875};
    report.by_horizon[1] = {.steps = {step_at(from_ms(1'763'798'400'000))}, .reason = {}, .confidence = {}};
    report.by_horizon[2] = {
        .steps = {step_at(from_ms(1'763'798'400'000)), step_at(from_ms(1'763'802'000'000))},
        .reason = {},
        .confidence = 0.5};
    return report;
}

TEST(ForecastPayload, OfASeries) {
    expect_golden("forecast", forecast_json(head(), report()));
}

TEST(ForecastPayload, OfASeriesOfWhichNothingIsKnownSaysWhy) {
    SeriesReport unknown{.series = "site-load",
                         .unit = "kW",
                         .step = Duration{900'000},
                         .made_at = now,
                         .issued_at = {},
                         .features = {"own_history"},
                         .method = "last_value",
                         .by_horizon = {}};
    for (auto& horizon : unknown.by_horizon) {
        horizon.reason = "a forecast needs at least two samples, this series has 0";
    }
    expect_golden("forecast_unknown", forecast_json(head(), unknown));
}

TEST(ForecastPayload, OfAnAnomaly) {
    expect_golden("event_anomaly", anomaly_json(head(), {.series = "site-load",
                                                         .unit = "kW",
                                                         .time = now,
                                                         .actual = 93.5,
                                                         .expected = 41,
                                                         .severity = 3.25}));
}

TEST(ForecastPayload, OfDrift) {
    DriftReport drift{
        .series = "site-load", .kind = forecast::Drift::errors_grew, .level_shift = false, .time = now};
    expect_golden("event_drift", drift_json(head(), drift));
    drift.kind = forecast::Drift::coverage_off;
    EXPECT_EQ(drift_name(drift), "coverage_off");
    drift.level_shift = true;
    EXPECT_EQ(drift_name(drift), "level_shift");
}

TEST(ForecastPayload, OfANewModel) {
    expect_golden(
        "event_retrained",
        retrained_json(head(), {.version = {.name = "site-load",
                                            .kind = "series",
                                            .version = 13,
                                            .trained_from = from_ms(1'763'000'000'000),
                                            .trained_to = from_ms(1'763'794'800'000),
                                            .samples = 880,
                                            .metrics = {.mase = 0.71, .smape_pct = {}, .coverage95 = {}}},
                                .in_force = true,
                                .why = "nightly"}));
}

}  // namespace
}  // namespace sitepower::forecast_payload_test
