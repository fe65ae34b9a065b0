// What series remember, in plain vectors: fed with the rows that a book wants kept, as the store is.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/forecast/series_book.hpp"

namespace sitepower::support {

class FakeMemory final : public SeriesMemory {
  public:
    void keep(const ForecastRows& rows) {
        for (const auto& row : rows.steps) steps[row.series].push_back(row.step);
        for (const auto& row : rows.matched) matched.push_back(row);
        for (const auto& row : rows.states) states[row.series] = row;
        for (const auto& row : rows.models) versions[row.name] = row.versions;
        for (const auto& event : rows.events) {
            std::erase_if(events, [&](const auto& old) { return old.event.id == event.event.id; });
            events.push_back(event);
        }
        for (const auto& job : rows.jobs) {
            std::erase_if(kept_jobs, [&](const auto& old) { return old.id == job.id; });
            kept_jobs.push_back(job);
        }
    }

    Result<StoredSeries> stored_series(const std::string& series, Time from) override {
        if (series_are_unreadable) return unreadable();
        StoredSeries stored{.state = {}, .steps = series_steps(series, from, Time::max()).value()};
        if (states.contains(series)) stored.state = states.at(series);
        return stored;
    }
    Result<std::vector<forecast::ClosedStep>> series_steps(const std::string& series, Time from,
                                                           Time to) override {
        std::vector<forecast::ClosedStep> found;
        for (const auto& step : steps[series]) {
            if (step.begin >= from && step.begin < to) found.push_back(step);
        }
        return found;
    }
    Result<MatchedAnswer> matched_forecasts(const MatchedQuestion& question) override {
        MatchedAnswer answer;
        for (auto row = matched.rbegin(); row != matched.rend(); ++row) {
            const Time valid_at = row->match.said.valid_at;
            if (row->series != question.series || valid_at < question.from || valid_at >= question.to)
                continue;
            if (std::ranges::find(question.horizons, row->match.horizon) == question.horizons.end()) continue;
            ++answer.total;
            if (answer.matched.size() < question.limit) answer.matched.push_back(*row);
        }
        return answer;
    }
    Result<std::vector<forecast::ModelVersion>> models() override {
        if (models_are_unreadable) return unreadable();
        std::vector<forecast::ModelVersion> all;
        for (const auto& [name, of_name] : versions) all.insert(all.end(), of_name.begin(), of_name.end());
        return all;
    }
    Result<std::vector<SeriesEvent>> known_events() override { return events; }
    Result<std::vector<Job>> jobs(std::size_t) override { return kept_jobs; }

    static Error unreadable() {
        return {.code = ErrorCode::service_unavailable, .message = "disk I/O error", .detail = {}};
    }

    bool series_are_unreadable = false;
    bool models_are_unreadable = false;
    std::map<std::string, std::vector<forecast::ClosedStep>> steps;
    std::vector<MatchedForecastRow> matched;
    std::map<std::string, SeriesStateRow> states;
    std::map<std::string, std::vector<forecast::ModelVersion>> versions;
    std::vector<SeriesEvent> events;
    std::vector<Job> kept_jobs;
};

struct ForecastWorld {
    LatestForecasts latest;
    SeriesBook book{latest};
    FakeMemory memory;
};

}  // namespace sitepower::support
