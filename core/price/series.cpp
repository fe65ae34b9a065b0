#include "core/price/series.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <span>

namespace sitepower {

namespace {

// The steps from the front of `newer` on that begin in order, as one series: the later ones count. Takes them
// off `newer`.
std::vector<PriceStep> take_run(std::span<const PriceStep>& newer) {
    std::vector<PriceStep> run;
    for (; !newer.empty(); newer = newer.subspan(1)) {
        const auto& step = newer.front();
        if (step.from >= step.to || !std::isfinite(step.value)) continue;
        if (!run.empty() && step.from < run.back().from) break;
        std::optional<PriceStep> rest;
        if (!run.empty() && run.back().to > step.from) {
            if (run.back().to > step.to) rest = PriceStep{step.to, run.back().to, run.back().value};
            run.back().to = step.from;
            if (run.back().from == run.back().to) run.pop_back();
        }
        run.push_back(step);
        if (rest) run.push_back(*rest);
    }
    return run;
}

// What `run` leaves of `old`.
std::vector<PriceStep> without(const std::vector<PriceStep>& old, const std::vector<PriceStep>& run) {
    std::vector<PriceStep> left;
    left.reserve(old.size() + run.size() + 1);
    auto next = run.begin();
    for (const auto& step : old) {
        auto from = step.from;
        while (next != run.end() && next->to <= from) ++next;
        for (auto over = next; over != run.end() && over->from < step.to; ++over) {
            if (from < over->from) left.push_back({from, over->from, step.value});
            from = over->to;
        }
        if (from < step.to) left.push_back({from, step.to, step.value});
    }
    return left;
}

}  // namespace

void PriceSeries::merge(std::span<const PriceStep> newer) {
    while (!newer.empty()) {
        const auto run = take_run(newer);
        auto merged = without(steps_, run);
        const auto kept = static_cast<std::ptrdiff_t>(merged.size());
        merged.insert(merged.end(), run.begin(), run.end());
        std::ranges::inplace_merge(merged, merged.begin() + kept, {}, &PriceStep::from);
        steps_ = std::move(merged);
    }
    if (steps_.size() > most_steps) {
        steps_.erase(steps_.begin(), steps_.end() - static_cast<std::ptrdiff_t>(most_steps));
    }
}

void PriceSeries::forget_from(Time time) {
    const auto first = std::ranges::lower_bound(steps_, time, {}, &PriceStep::from);
    steps_.erase(first, steps_.end());
    if (!steps_.empty()) steps_.back().to = std::min(steps_.back().to, time);
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
