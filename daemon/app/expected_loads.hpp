// Tells the engine what the loads of UPSs are forecast to be: of each UPS whose load point is a series.
// Owned by the app; loop thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/site/event.hpp"
#include "core/site/model.hpp"
#include "daemon/forecast/latest_forecasts.hpp"
#include "daemon/forecast/settings.hpp"

namespace sitepower {

class ExpectedLoads {
  public:
    // Of a new configuration: everything is told anew. Counters are no power, and left out.
    void configure(const SiteModel& model, const ForecastSettings& forecasts);

    // What is new since the last call.
    std::vector<ExpectedLoad> changed(const LatestForecasts& forecasts);

  private:
    struct Source {
        UpsIndex ups{};
        std::string series;
        std::optional<Time> told;  // issued_at
    };
    std::vector<Source> sources_;
};

// The steps of the long horizon, with the uncertainty that their upper quantile tells of.
ExpectedLoad expected_load(UpsIndex ups, const SeriesForecast& forecast);

}  // namespace sitepower
