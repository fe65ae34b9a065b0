// What is kept of series: the rows that the forecast thread makes, the store writes and a restart reads.
// Values; made on the forecast thread, written on the writer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/forecast/event.hpp"
#include "core/forecast/registry.hpp"
#include "core/forecast/served_series.hpp"

namespace sitepower {

// The value of a step; the newest of the same step stays.
struct SeriesStepRow {
    std::string series;
    forecast::ClosedStep step;
};

// A forecast and what came; the newest of the same series, horizon and time stays.
struct MatchedForecastRow {
    std::string series;
    forecast::MatchedForecast match;
    std::uint32_t model_version = 0;
};

// ServedSeries::save().
struct SeriesStateRow {
    std::string series;
    std::uint32_t model_version = 0;
    Time saved_at;
    std::vector<std::byte> state;
};

// All versions that are kept of one model: they take the place of those that were.
struct ModelRows {
    std::string name;
    std::vector<forecast::ModelVersion> versions;
};

// A known event and the series that it concerns.
struct SeriesEvent {
    forecast::Event event;  // without its realised multiplier
    std::vector<std::string> series;
    std::string metadata;                    // JSON text of an object
    std::map<std::string, double> realised;  // by series
};

enum class JobStatus : std::uint8_t { queued, running, done, failed, cancelled };

constexpr std::string_view to_string(JobStatus status) {
    switch (status) {
        case JobStatus::queued:
            return "queued";
        case JobStatus::running:
            return "running";
        case JobStatus::done:
            return "done";
        case JobStatus::failed:
            return "failed";
        case JobStatus::cancelled:
            return "cancelled";
    }
    return "failed";
}

struct Job {
    std::string id;
    std::string kind;     // "retrain"
    std::string subject;  // the model
    JobStatus status = JobStatus::queued;
    std::int64_t training_days = 0;  // 0: what the model holds
    Time created_at;
    std::optional<Time> started_at{};
    std::optional<Time> ended_at{};
    std::string result;  // for people; of a failed job why
};

// What one turn of the forecast thread wants kept; one transaction.
struct ForecastRows {
    std::vector<SeriesStepRow> steps{};
    std::vector<MatchedForecastRow> matched{};
    std::vector<SeriesStateRow> states{};
    std::vector<ModelRows> models{};
    std::vector<SeriesEvent> events{};
    std::vector<Job> jobs{};

    bool empty() const {
        return steps.empty() && matched.empty() && states.empty() && models.empty() && events.empty() &&
               jobs.empty();
    }
};

// What a restart asks for.
struct StoredSeries {
    std::optional<SeriesStateRow> state;
    std::vector<forecast::ClosedStep> steps;  // oldest first, from the state on
};

// A question about matched forecasts.
struct MatchedQuestion {
    std::string series;
    std::vector<forecast::HorizonClass> horizons;
    Time from;  // valid in [from, to)
    Time to;
    std::size_t limit = 0;  // the newest of them
};

struct MatchedAnswer {
    std::uint64_t total = 0;                  // without the limit
    std::vector<MatchedForecastRow> matched;  // newest first
};

}  // namespace sitepower
