// Series and their forecasts.
#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

void check_series(const SeriesEntry& series, Diagnostics& diagnostics) {
    if (series.step <= Duration::zero() || one_hour % series.step != Duration::zero()) {
        diagnostics.add(series.origins.of("step_s"),
                        "must divide an hour: 60, 300, 600, 900, 1800 and 3600 do, for example");
    }
    const int sources = static_cast<int>(!series.point.empty()) + static_cast<int>(!series.price.empty()) +
                        static_cast<int>(!series.metric.empty());
    if (sources != 1) {
        const auto* const at = sources == 0 ? "id" : series.metric.empty() ? "price" : "metric";
        diagnostics.add(series.origins.of(at), "a series needs one of point, price and metric, and no more");
    }
    if (!series.price.empty() && series.origins.has("kind") && series.kind != forecast::SeriesKind::price) {
        diagnostics.add(series.origins.of("kind"), "all series of a price are of kind price: leave it out");
    }
    for (const auto& covariate : series.covariates) {
        const bool is_own = (!covariate.metric.empty() && covariate.metric == series.metric) ||
                            (!covariate.point.empty() && covariate.point == series.point);
        if (is_own) {
            diagnostics.add(covariate.origins.of(covariate.metric.empty() ? "point" : "metric"),
                            "is the series itself, which tells nothing more of it");
        }
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
    if (series.wraps_at <= 0 && series.largest_rate > 0) {
        diagnostics.add(
            series.origins.of("largest_rate"),
            "tells a roll-over from a new counter, and wraps_at does not say where it rolls over");
    }
}

void check_covariate(const CovariateEntry& covariate, Diagnostics& diagnostics) {
    if (covariate.point.empty() == covariate.metric.empty()) {
        diagnostics.add(covariate.origins.of(covariate.metric.empty() ? "name" : "metric"),
                        "a covariate needs one of point and metric, and no more");
    }
}

Table<CovariateEntry> covariate_table() {
    using forecast::CovariateRole;
    return Table<CovariateEntry>("covariate",
                                 "Something else that tells of the series; see docs/forecasts.md.")
        .origins(&CovariateEntry::origins)
        .key("name", &CovariateEntry::name, {.format = Format::identifier, .required = true},
             "Unique in the series; `temperature`, `wind_forecast`.")
        .choice("kind", &CovariateEntry::kind,
                {{"temperature", CovariateRole::temperature}, {"other", CovariateRole::linear}},
                "What it is: of a temperature in degrees Celsius, heating and cooling count apart.")
        .key("point", &CovariateEntry::point, point_path(), "Where its values come from: `DEVICE/point`,")
        .key("metric", &CovariateEntry::metric, metric_name(),
             "or `SERVICE/NAME`; values of times to come are what is known in advance.")
        .check(check_covariate);
}

void check_event_type(const EventTypeEntry& type, Diagnostics& diagnostics) {
    if (type.from > type.to) diagnostics.add(type.origins.of("to"), "must not be below from");
}

Table<EventTypeEntry> event_type_table() {
    using forecast::EventType;
    constexpr Range multipliers{forecast::least_multiplier, forecast::largest_multiplier};
    return Table<EventTypeEntry>("event_type",
                                 "A kind of known event, and what it is believed to multiply a series by.")
        .origins(&EventTypeEntry::origins)
        .key("name", &EventType::name, {.format = Format::identifier, .required = true},
             "Beside `marketing_campaign` (1.5 to 3), `product_launch` (2 to 5), `flash_sale` (3 to 10), "
             "`scheduled_maintenance` (0.1 to 0.5), `holiday` (0.5 to 0.8) and `partnership_announcement` "
             "(1.3 to 2).")
        .key("from", &EventType::from, {.range = multipliers, .required = true},
             "Its multiplier is believed to lie between this")
        .key("to", &EventType::to, {.range = multipliers, .required = true},
             "and this, until events of it have told more.")
        .check(check_event_type);
}

}  // namespace

Table<SeriesEntry> series_table() {
    using forecast::SeriesKind;
    return Table<SeriesEntry>("series", "Something that is forecast; see docs/forecasting.md.")
        .origins(&SeriesEntry::origins)
        .key("id", &SeriesEntry::id, {.format = Format::identifier, .required = true},
             "Unique among the series; stands in the topic `forecast/ID`.")
        .key("point", &SeriesEntry::point, point_path(), "Where its values come from: `DEVICE/point`,")
        .key("price", &SeriesEntry::price, {.format = Format::identifier},
             "or the id of a `[[price]]`: what it publishes ahead counts as known, and forecasts go on from "
             "there,")
        .key("metric", &SeriesEntry::metric, metric_name(),
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
        .key(
            "largest_rate", &SeriesEntry::largest_rate, {.range = Range{0, 1e15}},
            "More than this by the hour (of kWh: kW) is never counted: a step back that would need more is a "
            "new counter and no roll-over; 0: no limit.")
        .key("may_be_negative", &SeriesEntry::may_be_negative, {},
             "Values below 0 are true ones; without it they are of a price, and of nothing else.")
        .key("resolution", &SeriesEntry::resolution, {.range = Range{0, 1e12}},
             "The smallest difference that the sensor tells: the interval of a series that never changes.")
        .key("location", &SeriesEntry::location, {.format = Format::identifier},
             "Where it is: its days and weeks are those of the clocks there. May be left out where there is "
             "only one location.")
        .tables("covariate", &SeriesEntry::covariates, covariate_table(), {.max_items = 8},
                "What else tells of it: temperature, humidity, forecasts of load or wind.")
        .check(check_series);
}

Table<ForecastEntry> forecast_table() {
    return Table<ForecastEntry>("forecast", "What all series have in common.")
        .origins(&ForecastEntry::origins)
        .key("prior", &ForecastEntry::prior, {.format = Format::path},
             "A library of `sitepower-lab forecast learn-prior`, learnt from other series; without it every "
             "series is forecast from its own history alone.")
        .tables("event_type", &ForecastEntry::event_types, event_type_table(), {.max_items = 50},
                "Kinds of known events of one's own.");
}

}  // namespace sitepower::config
