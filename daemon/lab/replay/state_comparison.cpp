#include "daemon/lab/replay/state_comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sitepower::lab {
namespace {

// Of one difference in words or in what is known, beside any in numbers.
constexpr double unlike_distance = 1e9;

struct Compared {
    const Estimate BatteryState::*replayed;
    const ToldEstimate ToldBatteryState::*told;
    Difference BatteryDifference::*difference;
};
constexpr std::array estimates_of_battery{
    Compared{&BatteryState::soc_pct, &ToldBatteryState::soc_pct, &BatteryDifference::soc_pct},
    Compared{&BatteryState::soh_pct, &ToldBatteryState::soh_pct, &BatteryDifference::soh_pct},
    Compared{&BatteryState::rul_days, &ToldBatteryState::rul_days, &BatteryDifference::rul_days},
    Compared{&BatteryState::resistance_ratio, &ToldBatteryState::resistance_ratio,
             &BatteryDifference::resistance_ratio}};

bool is_alike(const Estimate& replayed, const ToldEstimate& told) {
    return replayed.value.has_value() == told.value.has_value() && replayed.status == told.status &&
           replayed.reason == told.reason;
}

bool has_same_status(const BatteryState& replayed, const ToldBatteryState& told) {
    return replayed.status == told.status && replayed.status_reason == told.status_reason;
}

double distance_between(const BatteryState& replayed, const ToldBatteryState& told) {
    double distance = has_same_status(replayed, told) ? 0 : unlike_distance;
    for (const Compared& each : estimates_of_battery) {
        const Estimate& here = replayed.*each.replayed;
        const ToldEstimate& there = told.*each.told;
        if (!is_alike(here, there)) {
            distance += unlike_distance;
        } else if (here.value) {
            distance += std::min(std::abs(*here.value - *there.value), unlike_distance);
        }
    }
    return distance;
}

bool may_be_the_same(const BatteryState& replayed, const ToldBatteryState& told) {
    if (replayed.soc_pct.value && told.soc_pct.value) return replayed.soc_pct.as_of == told.soc_pct.as_of;
    return std::chrono::abs(replayed.time - told.time) <= StateComparison::tolerance;
}

}  // namespace

void Difference::add(const Estimate& replayed, const ToldEstimate& told) {
    if (!is_alike(replayed, told)) {
        ++unlike;
        return;
    }
    ++compared;
    if (replayed.value) largest = std::max(largest, std::abs(*replayed.value - *told.value));
}

void StateComparison::expect(std::vector<ToldBatteryState> told) {
    for (ToldBatteryState& state : told) waiting_.push_back({.told = std::move(state), .closest = {}});
}

void StateComparison::begin(Time first_frame) {
    while (!waiting_.empty() && waiting_.front().told.time < first_frame) {
        finish(waiting_.front());
        waiting_.pop_front();
    }
    first_frame_ = first_frame;
}

void StateComparison::look(const BatteryState& replayed, Time now) {
    looked_at_ = now;
    while (!waiting_.empty() && waiting_.front().told.time + tolerance < replayed.time) {
        finish(waiting_.front());
        waiting_.pop_front();
    }
    for (Waiting& waiting : waiting_) {
        // Told long after its frame was made; no queue is longer.
        if (waiting.told.time > now + tolerance) break;
        const bool is_found = waiting.closest && waiting.distance == 0;
        if (is_found || !may_be_the_same(replayed, waiting.told)) continue;
        const double distance = distance_between(replayed, waiting.told);
        if (waiting.closest && waiting.distance <= distance) continue;
        waiting.closest = replayed;
        waiting.distance = distance;
    }
}

void StateComparison::end() {
    for (const Waiting& waiting : waiting_) finish(waiting);
    waiting_.clear();
}

void StateComparison::finish(const Waiting& waiting) {
    const bool alike = waiting.closest && waiting.distance < unlike_distance;
    const bool is_of_this_start =
        first_frame_ && waiting.told.time >= *first_frame_ && waiting.told.time <= looked_at_;
    if (!alike && !is_of_this_start) return;
    ++difference_.compared;
    if (!alike) ++difference_.unlike;
    if (!waiting.closest) return;
    for (const Compared& each : estimates_of_battery) {
        (difference_.*each.difference).add((*waiting.closest).*each.replayed, waiting.told.*each.told);
    }
}

}  // namespace sitepower::lab
