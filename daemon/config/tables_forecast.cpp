// Series and their forecasts.
#include "core/base/identifier.hpp"
#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

bool is_metric(std::string_view text) {
    const auto slash = text.find('/');
    return slash != std::string_view::npos && is_identifier(text.substr(0, slash)) &&
           is_identifier(text.substr(slash + 1));
}

void check_series(const SeriesEntry& series, Diagnostics& diagnostics) {
    constexpr Duration hour{3'600'000};
    if (series.step <= Duration::zero() || hour % series.step != Duration::zero()) {
        diagnostics.add(series.origins.of("step_s"),
                        "must divide an hour: 60, 300, 600, 900, 1800 and 3600 do, for example");
    }
    const int sources = static_cast<int>(!series.point.empty()) + static_cast<int>(!series.price.empty()) +
                        static_cast<int>(!series.metric.empty());
    if (sources != 1) {
        const auto* const at = sources == 0 ? "id" : series.metric.empty() ? "price" : "metric";
        diagnostics.add(series.origins.of(at), "a series needs one of point, price and metric, and no more");
    }
    if (series.counter && series.point.empty()) {
        diagnostics.add(series.origins.of("counter"), "is of a point");
    }
    if (!series.unit.empty() && series.metric.empty()) {
        diagnostics.add(series.origins.of("unit"), "is of a metric; points and prices have their own");
    }
    if (!series.counter && series.wraps_at > 0) {
        diagnostics.add(series.origins.of("wraps_at"), "is for counters, and counter is not true");
    }
}

}  // namespace

Table<SeriesEntry> series_table() {
    using forecast::SeriesKind;
    return Table<SeriesEntry>("series", "Something that is forecast; see docs/forecasting.md.")
        .origins(&SeriesEntry::origins)
        .key("id", &SeriesEntry::id, {.format = Format::identifier, .required = true},
             "Unique among the series; stands in the topic `forecast/ID`.")
        .key("point", &SeriesEntry::point,
             {.valid = is_point_path, .expected = "a point of a device as \"DEVICE/point\""},
             "Where its values come from: `DEVICE/point`,")
        .key("price", &SeriesEntry::price, {.format = Format::identifier},
             "or the id of a `[[price]]`: what it publishes ahead counts as known, and forecasts go on from "
             "there,")
        .key("metric", &SeriesEntry::metric,
             {.valid = is_metric, .expected = "\"SERVICE/NAME\", each of A-Z a-z 0-9 _ -"},
             "or `SERVICE/NAME`: what somebody publishes on the topic `metric/SERVICE/NAME` below the root.")
        .key("unit", &SeriesEntry::unit, {.format = Format::optional}, "Of a metric: `1/s`.")
        .choice("kind", &SeriesEntry::kind,
                {{"consumption", SeriesKind::consumption},
                 {"price", SeriesKind::price},
                 {"service", SeriesKind::service}},
                "What it is: power or energy, a price (all of `price` are), or a metric of a service.")
        .key("step_s", &SeriesEntry::step, {.range = Range{60, 3600}},
             "Values are averaged over steps of this length, which divides an hour. Forecasts 15 and 60 min "
             "ahead are of steps, those up to 48 h ahead of hours.")
        .key("counter", &SeriesEntry::counter, {},
             "The point counts up (kWh). What is forecast is its rate by the hour: of kWh, kW.")
        .key("wraps_at", &SeriesEntry::wraps_at, {.range = Range{0, 1e15}},
             "The counter starts again from 0 at this value; 0: a step back is a new counter.")
        .key("may_be_negative", &SeriesEntry::may_be_negative, {},
             "Values below 0 are true ones; without it they are of a price, and of nothing else.")
        .key("resolution", &SeriesEntry::resolution, {.range = Range{0, 1e12}},
             "The smallest difference that the sensor tells: the interval of a series that never changes.")
        .key("location", &SeriesEntry::location, {.format = Format::identifier},
             "Where it is: its days and weeks are those of the clocks there. May be left out where there is "
             "only one location.")
        .check(check_series);
}

Table<ForecastEntry> forecast_table() {
    return Table<ForecastEntry>("forecast", "What all series have in common.")
        .origins(&ForecastEntry::origins)
        .key("prior", &ForecastEntry::prior, {.format = Format::path},
             "A library of `sitepower-lab forecast learn-prior`, learnt from other series; without it every "
             "series is forecast from its own history alone.");
}

}  // namespace sitepower::config
