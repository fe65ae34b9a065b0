#include "daemon/app/expected_loads.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower {
namespace {

constexpr double z_of_90_pct = 1.2816;
// Relative: of a load near nothing every number is far from its median.
constexpr double largest_load_sigma = 1;

}  // namespace

void ExpectedLoads::configure(const SiteModel& model, const ForecastSettings& forecasts) {
    sources_.clear();
    for (std::size_t i = 0; i < model.upses.size(); ++i) {
        const auto& load = model.upses[i].load_kw;
        const auto is_of_it = [&](const SeriesSettings& series) {
            return load && series.point && series.point->device == load->device &&
                   series.point->slot == load->slot && !series.counter;
        };
        const auto found = std::ranges::find_if(forecasts.series, is_of_it);
        if (found == forecasts.series.end()) continue;
        sources_.push_back({.ups = static_cast<UpsIndex>(i), .series = found->id, .told = {}});
    }
}

std::vector<ExpectedLoad> ExpectedLoads::changed(const LatestForecasts& forecasts) {
    std::vector<ExpectedLoad> changed;
    for (Source& source : sources_) {
        const auto forecast = forecasts.find(source.series);
        const auto issued_at = forecast ? std::optional(forecast->issued_at) : std::nullopt;
        if (issued_at == source.told) continue;
        source.told = issued_at;
        changed.push_back(forecast ? expected_load(source.ups, *forecast) : ExpectedLoad{.ups = source.ups});
    }
    return changed;
}

ExpectedLoad expected_load(UpsIndex ups, const SeriesForecast& forecast) {
    ExpectedLoad load{.ups = ups, .issued_at = forecast.issued_at, .steps = {}};
    for (const SeriesForecastStep& step : forecast.steps) {
        const double median_kw = std::max(step.p50, 0.0);
        const double sigma =
            median_kw > 0 && step.p90 > median_kw ? std::log(step.p90 / median_kw) / z_of_90_pct : 0;
        load.steps.push_back({.end = step.valid_at + forecast.step,
                              .load_kw = median_kw,
                              .sigma = std::min(sigma, largest_load_sigma)});
    }
    return load;
}

}  // namespace sitepower
