// Series and what they are forecast with.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/forecast/direct_ridge/prior.hpp"
#include "daemon/config/build.hpp"
#include "daemon/config/fingerprint.hpp"
#include "daemon/config/ids.hpp"
#include "daemon/config/point_finder.hpp"

namespace sitepower::config {

using schema::Diagnostics;

namespace {

constexpr std::size_t longest_prior = 64U << 20U;
constexpr std::size_t prior_lags = 192;
constexpr std::size_t prior_horizon = 48;

// The library, and a print of its bytes; empty without a path and after an error.
std::shared_ptr<const forecast::PriorLibrary> read_prior(const ForecastEntry& entry, Fingerprint& print,
                                                         Diagnostics& diagnostics) {
    if (entry.prior.empty()) return nullptr;
    const auto refuse = [&](const std::string& why) {
        diagnostics.add(entry.origins.of("prior"), fmt::format("{}: {}", entry.prior, why));
        return nullptr;
    };
    std::ifstream stream;
    // A pipe would keep its reader waiting.
    if (std::error_code error; std::filesystem::is_regular_file(entry.prior, error)) {
        stream.open(entry.prior, std::ios::binary);
    }
    if (!stream.is_open()) return refuse("cannot be read");
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (text.size() > longest_prior) return refuse("is too large");
    print.add(text);
    auto library = forecast::prior_from_blob(std::as_bytes(std::span(text)));
    if (!library) return refuse(library.error().message);
    if (library->shape.lags != prior_lags || library->shape.horizon != prior_horizon) {
        return refuse("is not a library of hourly series (192 lags, 48 steps): learn it from such");
    }
    return std::make_shared<const forecast::PriorLibrary>(std::move(library.value()));
}

// The changes of the clocks at a place, as far as forecasts of years to come need them: found by days, then
// by halving.
forecast::CivilClock clock_of(const TimeZone& zone) {
    const Time first{std::chrono::sys_days{std::chrono::year{2015} / 1 / 1}};
    const Time last{std::chrono::sys_days{std::chrono::year{2075} / 1 / 1}};
    std::vector<forecast::OffsetChange> changes{{.from = Time::min(), .offset = zone.offset(first)}};
    for (Time time = first; time < last; time += one_day) {
        if (zone.offset(time + one_day) == changes.back().offset) continue;
        Time before = time;
        Time after = time + one_day;
        while (after - before > std::chrono::seconds{1}) {
            const Time middle = before + (after - before) / 2;
            (zone.offset(middle) == changes.back().offset ? before : after) = middle;
        }
        const auto minute = std::chrono::round<std::chrono::minutes>(after);
        changes.push_back({.from = minute, .offset = zone.offset(after)});
    }
    return forecast::CivilClock(std::move(changes));
}

// What a register counts, as a rate by the hour.
std::string rate_of(const std::string& unit) {
    if (unit == "kWh" || unit == "Wh" || unit == "MWh") return unit.substr(0, unit.size() - 1);
    return unit + "/h";
}

std::string unit_of(const PriceSettings& price) {
    return price.unit == PriceUnit::other ? price.currency : price.currency + "/MWh";
}

SeriesSettings settings_of(const SeriesEntry& entry, const SiteModel& model, const PointFinder& points) {
    const auto kind = entry.price.empty() ? entry.kind : forecast::SeriesKind::price;
    SeriesSettings series{
        .id = entry.id,
        .kind = kind,
        .unit = entry.unit,
        .step = entry.step,
        .non_negative = !entry.may_be_negative.value_or(kind == forecast::SeriesKind::price),
        .resolution = entry.resolution,
        .clock = {},
        .price = entry.price,
        .metric = entry.metric};
    if (!entry.point.empty()) series.point = points.resolve(entry.point, entry.origins.of("point"));
    if (series.point) {
        series.unit = model.devices[position(series.point->device)].points[series.point->slot].unit;
    }
    for (const auto& covariate : entry.covariates) {
        series.covariates.push_back({.name = covariate.name, .role = covariate.kind});
        CovariateSource source{.point = {}, .metric = covariate.metric};
        if (!covariate.point.empty())
            source.point = points.resolve(covariate.point, covariate.origins.of("point"));
        series.covariate_sources.push_back(std::move(source));
    }
    if (entry.counter) {
        series.counter =
            forecast::CounterSettings{.wraps_at = entry.wraps_at, .largest_rate = entry.largest_rate / 3600};
        series.unit = rate_of(series.unit);
    }
    return series;
}

// Tells places with other clocks apart: what is learnt of days belongs to one.
std::uint64_t clock_print(const forecast::CivilClock& clock) {
    Fingerprint print;
    const Time first{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    for (int week = 0; week < 53; ++week) {
        const auto offset = clock.offset_at(first + std::chrono::hours{7 * 24 * week});
        print.add(static_cast<std::uint64_t>(offset.count()));
    }
    return print.value();
}

}  // namespace

ForecastSettings build_forecasts(const SiteFile& file, const std::vector<PriceSettings>& prices,
                                 const std::vector<TimeZone>& zones, const SiteModel& model,
                                 Diagnostics& diagnostics) {
    ForecastSettings settings;
    Fingerprint prior;
    settings.prior = read_prior(file.forecast, prior, diagnostics);
    Ids types("event type", diagnostics);
    const auto everybodys = forecast::event_types();
    for (const auto& type : file.forecast.event_types) {
        if (std::ranges::find(everybodys, type.name, &forecast::EventType::name) != everybodys.end()) {
            diagnostics.add(type.origins.of("name"),
                            fmt::format("{} is a type that every site has: choose another name", type.name));
        }
        types.add(type.name, type.origins.of("name"));
        settings.event_types.push_back(type);
    }
    const PointFinder points(model, diagnostics);
    Ids ids("series", diagnostics);
    Ids price_ids("price", diagnostics);
    for (const auto& price : prices) price_ids.add(price_ids.find(price.id) ? "" : price.id, {});
    std::map<LocationIndex, forecast::CivilClock> clocks;
    for (const auto& entry : file.series) {
        ids.add(entry.id, entry.origins.of("id"));
        auto series = settings_of(entry, model, points);
        Ids covariates("covariate", diagnostics);
        for (const auto& covariate : entry.covariates)
            covariates.add(covariate.name, covariate.origins.of("name"));
        if (!entry.price.empty()) {
            const auto at = price_ids.resolve(entry.price, entry.origins.of("price"));
            if (at) series.unit = unit_of(prices[*at]);
        }
        const auto location = find_location(model, entry.location, entry.origins.of("location"), diagnostics);
        auto clock = clocks.find(location);
        if (clock == clocks.end()) {
            clock = clocks.emplace(location, clock_of(zones.at(position(location)))).first;
        }
        series.clock = clock->second;
        // A state of another step, domain, place or source is not this series'.
        series.fingerprint =
            Fingerprint()
                .add(entry.point)
                .add(entry.metric)
                .add(entry.price)
                .add(series.unit)
                .add(static_cast<std::uint64_t>(series.step.count()))
                .add(series.non_negative ? 1U : 0U)
                .add(fmt::format("{} {} {}", entry.counter, entry.wraps_at, series.resolution))
                .add(clock_print(series.clock))
                .add(prior.value())
                .value();
        settings.series.push_back(std::move(series));
    }
    return settings;
}

}  // namespace sitepower::config
