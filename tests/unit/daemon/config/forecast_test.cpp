// Series in the configuration.
#include <gmock/gmock.h>

#include <fstream>

#include "core/forecast/direct_ridge/prior.hpp"
#include "daemon/config/diff.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::forecast_test {
namespace {

using testing::HasSubstr;

std::string with_series(const std::string& keys) {
    return site_text() +
           "\n[[series]]\nid = \"more\"\npoint = \"UPS-01/output.load_kw\"\nlocation = \"DC-CNX-01\"\n" +
           keys + "\n";
}

TEST(ForecastConfig, ReadsSeries) {
    const auto config = load(site_text());
    ASSERT_EQ(config.forecasts.series.size(), 2U);
    EXPECT_EQ(config.forecasts.series[1].metric, "web/requests");
    EXPECT_EQ(config.forecasts.series[1].unit, "1/s");
    EXPECT_FALSE(config.forecasts.series[1].point);
    EXPECT_EQ(config.publisher.metrics, std::vector<std::string>{"web/requests"});
    const auto& series = config.forecasts.series[0];
    EXPECT_EQ(series.id, "ups-load");
    EXPECT_EQ(series.unit, "kW");
    EXPECT_EQ(series.step, Duration{300'000});
    EXPECT_TRUE(series.non_negative);
    EXPECT_EQ(series.resolution, 0.1);
    ASSERT_TRUE(series.point);
    EXPECT_EQ(config.model->devices[position(series.point->device)].points[series.point->slot].name,
              "output.load_kw");
    EXPECT_EQ(config.forecasts.prior, nullptr);
}

TEST(ForecastConfig, APriceMayBeNegativeAndACounterIsARate) {
    const auto price = load(with_series("kind = \"price\"")).forecasts.series[2];
    EXPECT_FALSE(price.non_negative);
    EXPECT_EQ(price.step, Duration{900'000});
    const auto load_series = load(with_series("may_be_negative = true")).forecasts.series[2];
    EXPECT_FALSE(load_series.non_negative);
    const auto counter = load(with_series("counter = true\nwraps_at = 1000")).forecasts.series[2];
    ASSERT_TRUE(counter.counter);
    EXPECT_EQ(counter.counter->wraps_at, 1000);
    EXPECT_EQ(counter.counter->largest_rate, 0);
    const auto slow =
        load(with_series("counter = true\nwraps_at = 1000\nlargest_rate = 36")).forecasts.series[2];
    EXPECT_DOUBLE_EQ(slow.counter->largest_rate, 0.01) << "by the second";
    EXPECT_EQ(slow.fingerprint, counter.fingerprint) << "it goes on with its history";
    EXPECT_THAT(errors_of(with_series("counter = true\nlargest_rate = 36")), HasSubstr("wraps_at"));
    EXPECT_EQ(counter.unit, "kW/h");
}

TEST(ForecastConfig, ASeriesMayBeOfAPrice) {
    const auto text = site_text() +
                      "\n[[price]]\nid = \"energy_price\"\ncurrency = \"EUR\"\nsource = \"file\"\n"
                      "path = \"/srv/prices.csv\"\n\n[[series]]\nid = \"p\"\nprice = \"energy_price\"\n"
                      "location = \"DC-CNX-01\"\n";
    const auto series = load(text).forecasts.series[2];
    EXPECT_EQ(series.price, "energy_price");
    EXPECT_EQ(series.kind, forecast::SeriesKind::price);
    EXPECT_FALSE(series.non_negative);
    EXPECT_EQ(series.unit, "EUR/MWh");
    EXPECT_THAT(errors_of(text + "kind = \"service\"\n"), HasSubstr("kind: all series of a price"));
    EXPECT_EQ(load(text + "kind = \"price\"\n").forecasts.series[2].kind, forecast::SeriesKind::price);
}

TEST(ForecastConfig, NamesTheKeyThatSaysWhere) {
    EXPECT_THAT(errors_of(site_text() + "\n[[series]]\nid = \"more\"\npoint = \"UPS-01/output.load_kw\"\n"),
                HasSubstr("series[3].location: "));
}

TEST(ForecastConfig, ReadsCovariates) {
    const auto text = with_series(R"([[series.covariate]]
name = "temperature"
kind = "temperature"
point = "UPS-01/other.runtime_min"

[[series.covariate]]
name = "wind"
metric = "weather/wind"
)");
    const auto config = load(text);
    const auto& series = config.forecasts.series[2];
    ASSERT_EQ(series.covariates.size(), 2U);
    EXPECT_EQ(series.covariates[0].name, "temperature");
    EXPECT_EQ(series.covariates[0].role, forecast::CovariateRole::temperature);
    EXPECT_EQ(series.covariates[1].role, forecast::CovariateRole::linear);
    EXPECT_TRUE(series.covariate_sources[0].point);
    EXPECT_EQ(series.covariate_sources[1].metric, "weather/wind");
    EXPECT_EQ(config.publisher.metrics, (std::vector<std::string>{"web/requests", "weather/wind"}));
    EXPECT_EQ(series.fingerprint, load(with_series("")).forecasts.series[2].fingerprint)
        << "the series goes on with others";
    EXPECT_TRUE(diff(load(with_series("")), config).forecasts);
    EXPECT_THAT(errors_of(replaced(text, "metric = \"weather/wind\"\n", "")),
                HasSubstr("one of point and metric"));
    EXPECT_THAT(errors_of(replaced(text, "\"wind\"", "\"temperature\"")), HasSubstr("temperature"));
    const auto own =
        replaced(text, "point = \"UPS-01/output.load_kw\"\nlocation", "metric = \"a/b\"\nlocation");
    EXPECT_THAT(errors_of(replaced(own, "weather/wind", "a/b")), HasSubstr("is the series itself"));
}

TEST(ForecastConfig, ReadsTypesOfEvents) {
    const std::string type = "\n[[forecast.event_type]]\nname = \"chiller_test\"\nfrom = 1.2\nto = 1.6\n";
    const auto config = load(site_text() + type);
    ASSERT_EQ(config.forecasts.event_types.size(), 1U);
    EXPECT_EQ(config.forecasts.event_types[0].name, "chiller_test");
    EXPECT_EQ(config.forecasts.event_types[0].to, 1.6);
    EXPECT_TRUE(diff(load(site_text()), config).forecasts);
    EXPECT_THAT(errors_of(site_text() + replaced(type, "chiller_test", "holiday")),
                HasSubstr("holiday is a type that every site has: choose another name"));
    EXPECT_THAT(errors_of(site_text() + replaced(type, "1.6", "1.1")), HasSubstr("below from"));
}

TEST(ForecastConfig, KnowsWhatHasChanged) {
    const auto before = load(with_series("step_s = 300"));
    EXPECT_FALSE(diff(before, load(with_series("step_s = 300"))).any());
    const auto after = load(with_series("step_s = 600"));
    const auto changes = diff(before, after);
    EXPECT_TRUE(changes.forecasts);
    EXPECT_FALSE(changes.model || changes.publisher);
    EXPECT_THAT(to_string(changes), HasSubstr("series changed"));
    EXPECT_EQ(before.forecasts.series[0].fingerprint, after.forecasts.series[0].fingerprint);
    EXPECT_NE(before.forecasts.series[2].fingerprint, after.forecasts.series[2].fingerprint);
}

std::string with_prior(const std::string& path) {
    return site_text() + "\n[forecast]\nprior = \"" + path + "\"\n";
}

void write_prior(const std::string& path, std::size_t lags) {
    forecast::PriorLibrary library{
        .shape = {.day = 24, .lags = lags, .horizon = 48}, .transformed = {}, .raw = {}};
    library.raw.emplace_back(Eigen::MatrixXd::Ones(static_cast<Eigen::Index>(lags), 48));
    library.transformed = library.raw;
    const auto blob = forecast::to_blob(library);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
}

TEST(ForecastConfig, TakesALearntPriorAndRefusesAnotherFile) {
    const auto path = testing::TempDir() + "library.prior";
    write_prior(path, 192);
    const auto config = load(with_prior(path));
    ASSERT_NE(config.forecasts.prior, nullptr);
    EXPECT_EQ(config.forecasts.prior->shape.lags, 192U);
    EXPECT_NE(config.forecasts.series[0].fingerprint, load(site_text()).forecasts.series[0].fingerprint);
    const auto refusal = [&](const std::string& text) {
        schema::Diagnostics diagnostics;
        EXPECT_FALSE(make_config(parsed(text), test_paths(), diagnostics, nullptr));
        return error_report(diagnostics);
    };
    EXPECT_THAT(refusal(with_prior("/nowhere/x")), HasSubstr("cannot be read"));
    const TemporaryDirectory directory;
    EXPECT_THAT(refusal(with_prior(directory.pipe("prior"))), HasSubstr("cannot be read"));
    std::ofstream(path) << "no library";
    EXPECT_THAT(refusal(with_prior(path)), HasSubstr("forecast.prior"));
    write_prior(path, 100);
    EXPECT_THAT(refusal(with_prior(path)), HasSubstr("hourly"));
}

}  // namespace
}  // namespace sitepower::config::forecast_test
