// The series of a site as its configuration declares them. Made when a configuration is loaded, immutable
// afterwards; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/forecast/counter.hpp"
#include "core/forecast/day_ahead/setup.hpp"
#include "core/forecast/event.hpp"
#include "core/forecast/grid.hpp"
#include "core/forecast/series_kind.hpp"
#include "core/site/model.hpp"

namespace sitepower {

namespace forecast {
struct PriorLibrary;
}

// Where the values of a covariate come from: a point, or a metric.
struct CovariateSource {
    std::optional<PointRef> point{};
    std::string metric;
};

struct SeriesSettings {
    std::string id;
    forecast::SeriesKind kind = forecast::SeriesKind::consumption;
    std::string unit;
    Duration step{900'000};
    bool non_negative = true;
    double resolution = 0;
    forecast::CivilClock clock;  // of the place
    std::optional<forecast::CounterSettings> counter{};
    std::optional<PointRef> point{};  // where its values come from: a point of a device,
    std::string price;                // a price series,
    std::string metric;               // or "service/name" of an MQTT topic
    std::uint64_t fingerprint = 0;    // of all that its state depends on
    std::vector<forecast::Covariate> covariates{};
    std::vector<CovariateSource> covariate_sources{};  // beside them
};

// Readings of a register times this count the amount of a step as a rate by the hour; 1 for what is measured.
inline double rate_factor(const SeriesSettings& series) {
    return series.counter ? static_cast<double>(one_hour / series.step) : 1;
}

// The name of its rows in the store: a series that is declared anew, of another point or step, begins anew,
// for the steps before are not its own.
std::string stored_name(const SeriesSettings& series);

struct ForecastSettings {
    std::vector<SeriesSettings> series;
    // From a file that the configuration names; null: purely local.
    std::shared_ptr<const forecast::PriorLibrary> prior;
    std::vector<forecast::EventType> event_types{};  // beside those that everybody has
};

}  // namespace sitepower
