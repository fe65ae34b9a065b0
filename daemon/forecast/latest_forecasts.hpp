// The forecasts in force, by series, for whoever plans with them: immutable values that are exchanged whole,
// so that a plan sees one issue and never half of two. Owned by the app; written by the forecast thread, read
// by any.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower {

// One step of a forecast, in the unit of the series: what its mean over [valid_at, valid_at + step) will be.
struct SeriesForecastStep {
    Time valid_at;
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double lower95 = 0;
    double upper95 = 0;
};

// Why a forecast differs from what its history alone says; its multiplier is in the values already.
struct ForecastEvent {
    std::string name;
    Time start;
    Time end;
};

struct SeriesForecast {
    std::string series;
    Time issued_at;                   // the end of the newest step that is over, or now where more is known
    std::uint32_t model_version = 0;  // 0: no model of it was ever trained
    Duration step{};                  // of `steps`, an hour
    bool calibrated = false;          // the intervals rest on enough matured forecasts
    std::vector<SeriesForecastStep> steps;   // the long horizon, oldest first, at most 48; never empty
    Duration near_step{};                    // of `near`, the series' own
    std::vector<SeriesForecastStep> near{};  // 15 and 60 min ahead, as far as they are known
    std::array<std::optional<double>, 3> confidence{};  // 0 to 1: 15 min, 60 min and further ahead
    std::vector<ForecastEvent> events{};                // of the time that `steps` cover
};

class LatestForecasts {
  public:
    // Null: there is no such series, or too little of it is known to forecast it. The caller judges by
    // issued_at whether it is still of use.
    std::shared_ptr<const SeriesForecast> find(std::string_view series) const;

    void set(SeriesForecast forecast);
    void forget(std::string_view series);

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const SeriesForecast>, std::less<>>
        forecasts_;  // guarded by mutex_; as many as series are configured
};

}  // namespace sitepower
