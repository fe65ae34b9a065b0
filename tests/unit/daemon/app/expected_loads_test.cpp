#include "daemon/app/expected_loads.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::expected_loads_test {
namespace {

using std::chrono::hours;

constexpr Time noon{Duration{1'795'348'800'000}};

SeriesForecast forecast_of(const std::string& series, Time issued_at = noon) {
    SeriesForecast forecast{.series = series, .issued_at = issued_at, .step = hours(1)};
    forecast.steps = {{.valid_at = issued_at, .p50 = 40, .p90 = 44},
                      {.valid_at = issued_at + hours(1), .p50 = 50, .p90 = 50},
                      {.valid_at = issued_at + hours(2), .p50 = -1, .p90 = 3},
                      {.valid_at = issued_at + hours(3), .p50 = 0.001, .p90 = 90}};
    return forecast;
}

SeriesSettings series_of(const std::string& id, PointRef point) {
    SeriesSettings series;
    series.id = id;
    series.point = point;
    return series;
}

class ExpectedLoadsTest : public testing::Test {
  protected:
    ExpectedLoadsTest() {
        model.upses = {{.device = DeviceIndex{0}}, {.device = DeviceIndex{1}}, {.device = DeviceIndex{2}}};
        model.upses[0].load_kw = PointRef{DeviceIndex{0}, 3};
        model.upses[1].load_kw = PointRef{DeviceIndex{1}, 3};
        settings.series = {series_of("other", {DeviceIndex{0}, 4}), series_of("load", {DeviceIndex{1}, 3})};
        loads.configure(model, settings);
    }

    SiteModel model;
    ForecastSettings settings;
    LatestForecasts forecasts;
    ExpectedLoads loads;
};

TEST_F(ExpectedLoadsTest, TellsEachForecastOfALoadOnce) {
    EXPECT_TRUE(loads.changed(forecasts).empty());
    forecasts.set(forecast_of("other"));
    EXPECT_TRUE(loads.changed(forecasts).empty());
    forecasts.set(forecast_of("load"));
    const auto changed = loads.changed(forecasts);
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].ups, UpsIndex{1});
    EXPECT_EQ(changed[0].issued_at, noon);
    EXPECT_TRUE(loads.changed(forecasts).empty());
    forecasts.set(forecast_of("load", noon + hours(1)));
    EXPECT_EQ(loads.changed(forecasts).size(), 1U);
    forecasts.forget("load");
    const auto gone = loads.changed(forecasts);
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_TRUE(gone[0].steps.empty());
}

TEST_F(ExpectedLoadsTest, TellsAnewAfterAReload) {
    forecasts.set(forecast_of("load"));
    EXPECT_EQ(loads.changed(forecasts).size(), 1U);
    loads.configure(model, settings);
    EXPECT_EQ(loads.changed(forecasts).size(), 1U);
    settings.series[1].counter.emplace();
    loads.configure(model, settings);
    EXPECT_TRUE(loads.changed(forecasts).empty()) << "a counter is no power";
}

TEST_F(ExpectedLoadsTest, TheUpperQuantileTellsTheUncertainty) {
    const auto load = expected_load(UpsIndex{1}, forecast_of("load"));
    ASSERT_EQ(load.steps.size(), 4U);
    EXPECT_EQ(load.steps[0].end, noon + hours(1));
    EXPECT_EQ(load.steps[0].load_kw, 40);
    EXPECT_NEAR(40 * std::exp(1.2816 * load.steps[0].sigma), 44, 1e-9);
    EXPECT_EQ(load.steps[1].sigma, 0);
    EXPECT_EQ(load.steps[2].load_kw, 0) << "a UPS gives, it does not take";
    EXPECT_EQ(load.steps[2].sigma, 0);
    EXPECT_EQ(load.steps[3].sigma, 1) << "at most";
}

}  // namespace
}  // namespace sitepower::expected_loads_test
