// What the forecast thread tells the loop: values that become messages, rows and alerts there. Made on the
// forecast thread, immutable from then on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/forecast/rows.hpp"

namespace sitepower {

constexpr std::string_view to_string(forecast::HorizonClass horizon) {
    switch (horizon) {
        case forecast::HorizonClass::short_15min:
            return "short";
        case forecast::HorizonClass::medium_60min:
            return "medium";
        case forecast::HorizonClass::long_48h:
            return "long";
    }
    return "long";
}

constexpr int minutes_of(forecast::HorizonClass horizon) {
    switch (horizon) {
        case forecast::HorizonClass::short_15min:
            return 15;
        case forecast::HorizonClass::medium_60min:
            return 60;
        case forecast::HorizonClass::long_48h:
            return 48 * 60;
    }
    return 0;
}

constexpr std::string_view to_string(forecast::SeriesKind kind) {
    switch (kind) {
        case forecast::SeriesKind::consumption:
            return "consumption";
        case forecast::SeriesKind::price:
            return "price";
        case forecast::SeriesKind::service:
            return "service";
    }
    return "service";
}

struct HorizonReport {
    std::vector<forecast::ForecastStep> steps;  // empty: `reason` says why
    std::string reason;
    std::optional<double> confidence;  // 0..1; empty below thirty matched forecasts
};

// All that is forecast of a series at one moment.
struct SeriesReport {
    std::string series;
    forecast::SeriesKind kind{};
    std::string unit;
    Duration step{};
    Time made_at;
    std::optional<Time> issued_at;    // the end of the newest step that is over; empty: there is none yet
    std::optional<Time> known_until;  // steps of the long horizon before it are published, not forecast
    std::uint32_t model_version = 0;
    std::vector<std::string> features;        // what the forecasts were made from
    std::string method;                       // method_of()
    bool degraded = false;                    // much of the last week was filled in
    bool safeguarded = false;                 // a naive forecast stands in
    bool covariate_substituted = false;       // one was not known for some hour, and made up
    std::array<HorizonReport, 3> by_horizon;  // in the order of HorizonClass

    const HorizonReport& of(forecast::HorizonClass horizon) const {
        return by_horizon[static_cast<std::size_t>(horizon)];
    }
};

struct AnomalyReport {
    std::string series;
    std::string unit;
    Time time;  // of the step
    double actual = 0;
    std::optional<double> expected;
    double severity = 0;  // -log10 of how rare its error is: 3 is one in a thousand
};

struct DriftReport {
    std::string series;
    forecast::Drift kind{};
    bool level_shift = false;
    Time time;
};

// A refit that has ended.
struct RetrainReport {
    forecast::ModelVersion version;
    bool in_force = false;
    std::string why;  // "nightly", "drift", "young", "request"
};

struct ForecastEffects {
    ForecastRows rows;
    std::vector<SeriesReport> reports;
    std::vector<AnomalyReport> anomalies;
    std::vector<DriftReport> drifts;
    std::vector<RetrainReport> retrained;
    std::vector<std::string> removed;  // series that are no more
    std::uint64_t late = 0;            // values that came too late for their step
    // Series that are anomalous now; empty: nothing has changed.
    std::optional<std::vector<std::string>> anomalous;
    std::vector<std::string> troubles;  // for the journal: a stored state that is of no use, ...
};

}  // namespace sitepower
