#include "core/forecast/horizon_forecaster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/forecast/combination.hpp"
#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

namespace sitepower::forecast {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
// Errors of regressions differ by a few percent, those of naive ones by tens. Flat between 3 and 16 on the
// first 60 % of the development traces.
constexpr double weight_power = 10;
constexpr double memory_days = 3.5;  // exponential memory of errors: a week is what it covers
constexpr double least_matured = 30;
constexpr std::size_t least_ring = 1024;
constexpr std::size_t week_of_days = 7;

constexpr std::array naive_names{"last_value", "seasonal_naive.day", "seasonal_naive.week"};

}  // namespace

void HorizonForecaster::Error::add(double error, double memory) {
    if (!std::isfinite(error)) return;
    count += 1;
    mean += std::max(memory, 1 / count) * (error - mean);
}

HorizonForecaster::HorizonForecaster(const Seasons& seasons, std::size_t horizon, bool non_negative)
    : seasons_(seasons),
      horizon_(horizon),
      non_negative_(non_negative),
      members_(naive_members + regressor_sets().size()),
      pending_(horizon),
      safeguard_(naive_members, memory_days * static_cast<double>(seasons.day), least_matured),
      quantiles_({.ring = std::max(week_of_days * seasons.day, least_ring),
                  .day = seasons.day,
                  .non_negative = non_negative}) {
    for (const RegressorSet& set : regressor_sets()) regressions_.emplace_back(set, seasons.day, horizon);
}

void HorizonForecaster::push(const TwoDomains& history, const Transform& transform) {
    const std::size_t n = history.raw.size();
    const double newest = history.raw.values[n - 1];
    if (history.raw.learnable[n - 1] != 0) {
        Pending& matured = pending_[next_];
        if (matured.issued) mature(matured, newest);
        if (n > 1) first_difference_.add(std::abs(newest - history.raw.values[n - 2]), 0.01);
        for (auto& regression : regressions_) {
            const bool whole = n > horizon_ && history.raw.learnable[n - 1 - horizon_] != 0;
            if (whole) regression.absorb(history.transformed.values);
        }
    }
    quantiles_.set_fallback_scale(first_difference_.mean * std::sqrt(static_cast<double>(horizon_)));
    issue(history, transform);
}

void HorizonForecaster::issue(const TwoDomains& history, const Transform& transform) {
    Pending& issued = pending_[next_];
    next_ = (next_ + 1) % horizon_;
    speak(history, transform, issued.members);
    issued.combined = combine(issued.members);
    const double point = safeguard_.engaged() ? issued.members[safeguard_.best_naive()] : issued.combined;
    issued.forecast = {.point = point, .quantiles = quantiles_.about(point)};
    issued.issued = true;
    current_ = issued.forecast;
}

void HorizonForecaster::mature(const Pending& pending, double actual) {
    const double memory = 1 / (memory_days * static_cast<double>(seasons_.day));
    for (std::size_t m = 0; m < members_; ++m) errors_[m].add(std::abs(actual - pending.members[m]), memory);
    std::array<double, naive_members> naive_errors{};
    for (std::size_t m = 0; m < naive_members; ++m) naive_errors[m] = std::abs(actual - pending.members[m]);
    safeguard_.mature(std::abs(actual - pending.combined), naive_errors);
    quantiles_.mature(pending.forecast.point, pending.forecast.quantiles, actual);
}

void HorizonForecaster::speak(const TwoDomains& history, const Transform& transform,
                              MemberValues& values) const {
    values.fill(nothing);
    const History& raw = history.raw;
    const std::size_t target = raw.size() - 1 + horizon_;
    values[0] = raw.values.back();
    if (target >= seasons_.day * ((horizon_ - 1) / seasons_.day + 1)) {
        values[1] = raw.values[seasonal_index(raw, target, seasons_.day)];
    }
    if (raw.size() >= seasons_.week) values[2] = raw.values[seasonal_index(raw, target, seasons_.week)];
    for (std::size_t r = 0; r < regressions_.size(); ++r) {
        const auto said = regressions_[r].predict(history.transformed.values);
        if (said) values[naive_members + r] = transform.inverse(*said);
    }
}

// A member that has not yet shown what it can does not vote, but where nobody has: then the last value does.
void HorizonForecaster::weigh(const MemberValues& values, MemberValues& weights) const {
    weights.fill(0);
    double least = std::numeric_limits<double>::infinity();
    const auto able = [&](std::size_t m) {
        return std::isfinite(values[m]) && errors_[m].count >= least_matured;
    };
    for (std::size_t m = 0; m < members_; ++m) {
        if (able(m)) least = std::min(least, errors_[m].mean);
    }
    for (std::size_t m = 0; m < members_; ++m) {
        if (!able(m)) continue;
        weights[m] = errors_[m].mean <= least ? 1 : std::pow(least / errors_[m].mean, weight_power);
    }
    if (!std::isfinite(least)) weights[0] = 1;
}

double HorizonForecaster::combine(const MemberValues& values) const {
    MemberValues weights;
    weigh(values, weights);
    std::array<WeightedValue, most_members> votes;
    for (std::size_t m = 0; m < members_; ++m) votes[m] = {.value = values[m], .weight = weights[m]};
    const double combined = weighted_midmean(std::span(votes).first(members_));
    return non_negative_ ? std::max(combined, 0.0) : combined;
}

void HorizonForecaster::settle() {
    for (auto& regression : regressions_) regression.settle();
}

void HorizonForecaster::relearn(const History& transformed) {
    regressions_.clear();
    for (const RegressorSet& set : regressor_sets()) regressions_.emplace_back(set, seasons_.day, horizon_);
    for (std::size_t n = horizon_ + 1; n <= transformed.size(); ++n) {
        if (transformed.learnable[n - 1] != 0 && transformed.learnable[n - 1 - horizon_] != 0) {
            for (auto& regression : regressions_) regression.absorb(transformed.values.first(n));
        }
        if (n % seasons_.day == 0) settle();
    }
    settle();
}

void HorizonForecaster::issue_again(const TwoDomains& history, const Transform& transform) {
    if (!current_) return;
    next_ = (next_ + horizon_ - 1) % horizon_;
    issue(history, transform);
}

std::vector<HorizonForecaster::Share> HorizonForecaster::shares() const {
    MemberValues weights{};
    weights[0] = 1;
    if (current_) weigh(pending_[(next_ + horizon_ - 1) % horizon_].members, weights);
    double total = 0;
    for (std::size_t m = 0; m < members_; ++m) total += weights[m];
    std::vector<Share> shares;
    for (std::size_t m = 0; m < members_; ++m) {
        const std::string_view name =
            m < naive_members ? naive_names[m] : regressor_sets()[m - naive_members].name;
        shares.push_back({.name = name, .weight = weights[m] / total, .error = errors_[m].mean});
    }
    return shares;
}

void HorizonForecaster::save(BlobWriter& writer) const {
    for (const auto& regression : regressions_) regression.save(writer);
    for (const auto& pending : pending_) {
        writer.put(pending.issued);
        writer.put_all(std::span<const double>(pending.members));
        writer.put(pending.combined);
        put(writer, pending.forecast);
    }
    writer.put(static_cast<std::uint64_t>(next_));
    for (const auto& error : errors_) {
        writer.put(error.mean);
        writer.put(error.count);
    }
    writer.put(first_difference_.mean);
    writer.put(first_difference_.count);
    safeguard_.save(writer);
    quantiles_.save(writer);
    writer.put(current_.has_value());
    put(writer, current_.value_or(IssuedStep{}));
}

void HorizonForecaster::load(BlobReader& reader) {
    for (auto& regression : regressions_) regression.load(reader);
    for (auto& pending : pending_) {
        pending.issued = reader.get<std::uint8_t>() != 0;
        reader.get_all(std::span<double>(pending.members));
        reader.get(pending.combined);
        get(reader, pending.forecast);
    }
    next_ = reader.get<std::uint64_t>();
    if (next_ >= horizon_) reader.fail();
    if (!reader.ok()) next_ = 0;
    for (auto& error : errors_) {
        reader.get(error.mean);
        reader.get(error.count);
    }
    reader.get(first_difference_.mean);
    reader.get(first_difference_.count);
    safeguard_.load(reader);
    quantiles_.load(reader);
    const bool issued = reader.get<std::uint8_t>() != 0;
    IssuedStep forecast;
    get(reader, forecast);
    current_ = issued ? std::optional(forecast) : std::nullopt;
}

}  // namespace sitepower::forecast
