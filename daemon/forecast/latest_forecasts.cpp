#include "daemon/forecast/latest_forecasts.hpp"

#include <utility>

namespace sitepower {

std::shared_ptr<const SeriesForecast> LatestForecasts::find(std::string_view series) const {
    const std::lock_guard lock(mutex_);
    const auto found = forecasts_.find(series);
    return found == forecasts_.end() ? nullptr : found->second;
}

void LatestForecasts::set(SeriesForecast forecast) {
    auto shared = std::make_shared<const SeriesForecast>(std::move(forecast));
    const std::lock_guard lock(mutex_);
    forecasts_[shared->series] = shared;
}

void LatestForecasts::forget(std::string_view series) {
    const std::lock_guard lock(mutex_);
    const auto found = forecasts_.find(series);
    if (found != forecasts_.end()) forecasts_.erase(found);
}

}  // namespace sitepower
