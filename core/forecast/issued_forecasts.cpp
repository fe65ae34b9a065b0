#include "core/forecast/issued_forecasts.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {

double as_kept(double value) {
    return static_cast<double>(static_cast<float>(value));
}

void IssuedForecasts::issue(Time issued_at, std::span<const ForecastStep> steps) {
    if (steps.empty()) return;
    const Time first = steps.front().valid_at;
    while (!issues_.empty() && issues_.back().first >= first) issues_.pop_back();
    std::erase_if(issues_, [&](const Issue& old) {
        return old.first + one_hour * static_cast<std::int64_t>(most) <= first;
    });
    Issue issue{.issued_at = issued_at, .first = first, .said = {}};
    for (const auto& step : steps.first(std::min(steps.size(), horizon))) {
        const auto& q = step.forecast.quantiles;
        issue.said.push_back(Said{static_cast<float>(step.forecast.point), static_cast<float>(q.p50),
                                  static_cast<float>(q.p90), static_cast<float>(q.p99),
                                  static_cast<float>(q.lower95), static_cast<float>(q.upper95)});
    }
    issues_.push_back(std::move(issue));
}

std::vector<IssuedStep> IssuedForecasts::said_of(Time hour, Time now) const {
    std::vector<IssuedStep> steps;
    for (const auto& issue : issues_) {
        if (hour < issue.first || issue.issued_at >= now) continue;
        const auto place = static_cast<std::size_t>((hour - issue.first) / one_hour);
        if (place >= issue.said.size()) continue;
        const auto& said = issue.said[place];
        steps.push_back(
            {.point = said[0],
             .quantiles = {
                 .p50 = said[1], .p90 = said[2], .p99 = said[3], .lower95 = said[4], .upper95 = said[5]}});
    }
    return steps;
}

void IssuedForecasts::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(issues_.size()));
    for (const auto& issue : issues_) {
        writer.put(to_ms(issue.issued_at));
        writer.put(to_ms(issue.first));
        writer.put(static_cast<std::uint64_t>(issue.said.size()));
        for (const auto& said : issue.said) writer.put_all(std::span<const float>(said));
    }
}

void IssuedForecasts::load(BlobReader& reader) {
    issues_.clear();
    const auto size = reader.get<std::uint64_t>();
    if (size > most) return reader.fail();
    for (std::uint64_t i = 0; i < size && reader.ok(); ++i) {
        Issue issue;
        issue.issued_at = from_ms(reader.get<std::int64_t>());
        issue.first = from_ms(reader.get<std::int64_t>());
        const auto steps = reader.get<std::uint64_t>();
        if (steps > horizon || (!issues_.empty() && issue.first <= issues_.back().first))
            return reader.fail();
        issue.said.resize(steps);
        for (auto& said : issue.said) reader.get_all(std::span<float>(said));
        issues_.push_back(std::move(issue));
    }
}

}  // namespace sitepower::forecast
