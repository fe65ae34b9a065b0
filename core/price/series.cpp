#include "core/price/series.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sitepower {

void PriceSeries::merge(std::span<const PriceStep> newer) {
    for (const auto& step : newer) {
        if (step.from >= step.to || !std::isfinite(step.value)) continue;
        // The usual case: behind everything known.
        if (steps_.empty() || steps_.back().to <= step.from) {
            steps_.push_back(step);
            continue;
        }
        std::vector<PriceStep> kept;
        kept.reserve(steps_.size() + 2);
        for (const auto& old : steps_) {
            if (old.from < step.from) kept.push_back({old.from, std::min(old.to, step.from), old.value});
            if (old.to > step.to) kept.push_back({std::max(old.from, step.to), old.to, old.value});
        }
        kept.insert(std::ranges::upper_bound(kept, step.from, {}, &PriceStep::from), step);
        steps_ = std::move(kept);
    }
    if (steps_.size() > most_steps) {
        steps_.erase(steps_.begin(), steps_.end() - static_cast<std::ptrdiff_t>(most_steps));
    }
}

void PriceSeries::forget_before(Time time) {
    const auto first = std::ranges::upper_bound(steps_, time, {}, &PriceStep::to);
    steps_.erase(steps_.begin(), first);
}

std::optional<double> PriceSeries::at(Time time) const {
    const auto next = std::ranges::upper_bound(steps_, time, {}, &PriceStep::from);
    if (next == steps_.begin() || std::prev(next)->to <= time) return std::nullopt;
    return std::prev(next)->value;
}

std::optional<double> PriceSeries::mean(Time from, Time to) const {
    if (from >= to) return std::nullopt;
    double sum = 0;
    auto covered = from;
    auto step = std::ranges::upper_bound(steps_, from, {}, &PriceStep::to);
    for (; step != steps_.end() && covered < to; ++step) {
        if (step->from > covered) return std::nullopt;
        const auto end = std::min(step->to, to);
        sum += step->value * static_cast<double>((end - covered).count());
        covered = end;
    }
    if (covered < to) return std::nullopt;
    return sum / static_cast<double>((to - from).count());
}

Time PriceSeries::known_until(Time time) const {
    auto step = std::ranges::upper_bound(steps_, time, {}, &PriceStep::to);
    for (; step != steps_.end() && step->from <= time; ++step) time = step->to;
    return time;
}

std::optional<PriceOutlook> outlook(const PriceSeries& series, Time from, Time to) {
    if (const auto known = series.mean(from, to)) return PriceOutlook{*known, true};
    for (int back = 1; back <= 7; ++back) {
        const auto shift = std::chrono::days{back};
        if (const auto before = series.mean(from - shift, to - shift)) return PriceOutlook{*before, false};
    }
    const auto& steps = series.steps();
    const auto next = std::ranges::lower_bound(steps, to, {}, &PriceStep::from);
    if (next == steps.begin()) return std::nullopt;
    return PriceOutlook{std::prev(next)->value, false};
}

}  // namespace sitepower
