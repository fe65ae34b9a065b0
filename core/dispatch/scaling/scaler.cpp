#include "core/dispatch/scaling/scaler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/number.hpp"

namespace sitepower::dispatch {
namespace {

constexpr std::size_t most_decisions = 100;
constexpr std::size_t most_seen = 1'000;
// Without an evaluation for so long nobody knows what was needed meanwhile.
constexpr Duration longest_unseen{60'000};
constexpr double most_instances_ever = 1e6;  // beyond it a need is a wrong number, not a plan

struct Demand {
    double value = 0;
    bool is_forecast = false;
};

std::optional<double> finite(const std::optional<double>& value) {
    return value && std::isfinite(*value) ? value : std::nullopt;
}

// By a forecast that can be trusted, and never less than the load that is there already.
std::optional<Demand> demand_of(const ScalingMetric& metric, const ScalingInput& input, bool trusted) {
    const auto forecast = trusted ? finite(metric.forecast) : std::nullopt;
    const auto measured = finite(metric.measured);
    if (forecast) {
        const double expected = *forecast * input.event_multiplier;
        if (!measured || *measured <= expected) return Demand{expected, true};
    }
    return measured ? std::optional(Demand{*measured, false}) : std::nullopt;
}

}  // namespace

const char* name_of(ScalingState state) {
    switch (state) {
        case ScalingState::pending:
            return "pending";
        case ScalingState::executed:
            return "executed";
        case ScalingState::verified:
            return "verified";
        case ScalingState::failed:
            return "failed";
        case ScalingState::rolled_back:
            break;
    }
    return "rolled_back";
}

// The largest need of all metrics.
std::optional<Scaler::Need> Scaler::need_of(const ScalingInput& input, bool trusted) const {
    std::optional<Need> need;
    for (const ScalingMetric& metric : input.metrics) {
        const auto found = demand_of(metric, input, trusted);
        if (!found) continue;
        const auto [demand, forecast] = *found;
        const double instances =
            std::ceil(demand / (metric.capacity_per_instance * rules_.target_utilisation) - 1e-9);
        if (!(instances >= 0 && instances <= most_instances_ever)) continue;
        if (need && instances <= need->instances) continue;
        need = Need{.instances = static_cast<int>(instances),
                    .reason = metric.name + " of " + digit_text(demand, 4),
                    .demand = demand,
                    .per_instance = metric.capacity_per_instance * rules_.target_utilisation,
                    .event = forecast ? input.event : std::string()};
        if (forecast) need->reason += " (p" + digit_text(100 * rules_.quantile, 4) + " forecast)";
        if (!forecast) need->reason += " (measured)";
        if (forecast && !input.event.empty()) {
            need->reason += " with " + input.event;
            if (input.event_multiplier != 1) need->reason += " x" + digit_text(input.event_multiplier, 4);
        }
        need->reason += " at " + digit_text(metric.capacity_per_instance, 4) + " per instance and " +
                        digit_text(100 * rules_.target_utilisation, 4) + " % needs " +
                        std::to_string(need->instances);
    }
    return need;
}

void Scaler::clamp_to_limits(const ScalingInput& input, Need& need) const {
    const auto limit = [&](int value, const std::string& why) {
        if (need.instances == value) return;
        need.instances = value;
        need.reason += "; limited to " + std::to_string(value) + " by " + why;
    };
    if (need.instances > rules_.most_instances) limit(rules_.most_instances, "the maximum");
    if (input.awarded_kw && rules_.kw_per_instance > 0) {
        const double carried = std::floor(std::max(*input.awarded_kw, 0.0) / rules_.kw_per_instance + 1e-9);
        if (carried < need.instances)
            limit(static_cast<int>(carried), "the awarded " + digit_text(*input.awarded_kw, 4) + " kW");
    }
    if (need.instances < rules_.least_instances) limit(rules_.least_instances, "the minimum");
}

std::optional<ScalingDecision> Scaler::hold(std::string_view why) {
    holding_ = why;
    return std::nullopt;
}

// What was measured in wall time goes back with the clock: else everything would wait until it is that late
// again.
void Scaler::follow_clock(Time now) {
    const Duration back = last_now_ && now < *last_now_ ? *last_now_ - now : Duration::zero();
    last_now_ = now;
    if (back == Duration::zero()) return;
    for (Seen& seen : seen_) seen.time -= back;
    for (Time& turn : turns_) turn -= back;
    if (first_seen_) *first_seen_ -= back;
    if (last_action_) *last_action_ -= back;
    if (carried_out_) *carried_out_ -= back;
}

std::optional<ScalingDecision> Scaler::evaluate(const ScalingInput& input, Time now) {
    follow_clock(now);
    holding_ = {};
    forget_old_turns(now);
    if (manual_ && now >= manual_->expires) manual_.reset();
    const bool trusted =
        input.confidence >= rules_.least_confidence && input.forecast_age <= 2 * rules_.forecast_interval;
    auto need = need_of(input, trusted);
    if (need) clamp_to_limits(input, *need);
    needed_ = need ? std::optional(need->instances) : std::nullopt;
    need_reason_ = need ? need->reason : std::string();
    if (manual_) {
        needed_ = std::clamp(manual_->instances, rules_.least_instances, rules_.most_instances);
        need_reason_ = "set by hand: " + manual_->reason;
    }
    if (!input.instances) return hold("the present number of instances is unknown");
    const int current = *input.instances;
    if (manual_) {
        if (*needed_ == current) return hold("set by hand");
        return decide(current, {.instances = *needed_, .reason = need_reason_}, 1, now);
    }
    if (!need) return hold("no metric is known");
    if (seen_.empty() || now - seen_.back().time > longest_unseen) {
        seen_.clear();
        first_seen_ = now;
    }
    seen_.push_back({now, need->instances});
    while (seen_.front().time < now - rules_.down_window || seen_.size() > most_seen) seen_.pop_front();

    if (need->instances > current) {
        need->instances = limited_step(current, need->instances);
        return decide(current, *need, input.confidence, now);
    }
    if (!trusted) return hold("the forecast is stale or uncertain: never down on it");
    const bool all_known = std::ranges::all_of(
        input.metrics, [&](const auto& metric) { return demand_of(metric, input, trusted).has_value(); });
    if (!all_known) return hold("a metric is not known: never down without it");
    const int highest = highest_need_in_window(now);
    if (highest >= current || highest > current * (1 - rules_.down_margin)) return hold("within the margin");
    if (now - *first_seen_ < rules_.down_window) return hold("the window of the way down is not full yet");
    need->instances = limited_step(current, highest);
    need->reason += "; the most of the last " + std::to_string(rules_.down_window.count() / 1000) + " s is " +
                    std::to_string(highest);
    return decide(current, *need, input.confidence, now);
}

int Scaler::highest_need_in_window(Time now) const {
    int highest = 0;
    for (const Seen& seen : seen_) {
        if (seen.time >= now - rules_.down_window) highest = std::max(highest, seen.need);
    }
    return highest;
}

// One instance may always be added or taken.
int Scaler::limited_step(int from, int to) const {
    const int up = from + std::max(1, static_cast<int>(std::floor(from * rules_.most_step_up)));
    const int down = from - std::max(1, static_cast<int>(std::floor(from * rules_.most_step_down)));
    return std::clamp(to, down, up);
}

bool Scaler::cooling(int direction, Time now) const {
    return last_action_ && now - *last_action_ < (direction > 0 ? rules_.up_cooldown : rules_.down_cooldown);
}

void Scaler::forget_old_turns(Time now) {
    while (!turns_.empty() && turns_.front() <= now - one_hour) turns_.pop_front();
    if (static_cast<int>(turns_.size()) < rules_.most_turns_per_hour) flapping_ = false;
}

bool Scaler::turns_too_often(int direction, Time now) {
    forget_old_turns(now);
    const bool turns = last_direction_ != 0 && direction != last_direction_;
    return turns && static_cast<int>(turns_.size()) >= rules_.most_turns_per_hour;
}

std::optional<ScalingDecision> Scaler::decide(int from, Need need, double confidence, Time now) {
    const int direction = need.instances > from ? 1 : -1;
    if (!decisions_.empty() && decisions_.back().state == ScalingState::pending)
        return hold("a decision is pending");
    auto* last = decisions_.empty() ? nullptr : &decisions_.back();
    const bool unverified = last != nullptr && last->state == ScalingState::executed;
    if (unverified && last->to == need.instances) return hold("a decision is under way");
    if (cooling(direction, now)) return hold("cooling down");
    flapping_ = turns_too_often(direction, now);
    if (flapping_) return hold("too many changes of direction in an hour");
    if (last_direction_ != 0 && direction != last_direction_) turns_.push_back(now);
    if (unverified) {
        // Nobody will look at it any more.
        last->state = last->to == from ? ScalingState::verified : ScalingState::failed;
        last->outcome = std::to_string(from) + " instances run, and another decision follows";
    }
    last_direction_ = direction;
    last_action_ = now;
    return record({.from = from,
                   .to = need.instances,
                   .is_manual = manual_.has_value(),
                   .confidence = confidence,
                   .reason = std::move(need.reason),
                   .demand = need.demand,
                   .threshold = need.demand ? std::optional(from * need.per_instance) : std::nullopt,
                   .event = std::move(need.event),
                   .created = now});
}

ScalingDecision& Scaler::record(ScalingDecision decision) {
    ++sequence_;
    if (decision.id.empty()) {
        decision.id =
            rules_.group + "-" + std::to_string(to_ms(decision.created)) + "-" + std::to_string(sequence_);
    }
    decisions_.push_back(std::move(decision));
    if (decisions_.size() > most_decisions) decisions_.pop_front();
    return decisions_.back();
}

ScalingDecision* Scaler::find(std::string_view id) {
    const auto found = std::ranges::find(decisions_, id, &ScalingDecision::id);
    return found == decisions_.end() ? nullptr : &*found;
}

void Scaler::report_executed(std::string_view id, Time now) {
    ScalingDecision* decision = find(id);
    if (decision == nullptr || decision->state != ScalingState::pending) return;
    decision->state = ScalingState::executed;
    decision->executed = now;
    carried_out_ = now;
}

void Scaler::report_failed(std::string_view id, const std::string& why) {
    ScalingDecision* decision = find(id);
    if (decision == nullptr || decision->state != ScalingState::pending) return;
    decision->state = ScalingState::failed;
    decision->outcome = why;
}

void Scaler::restore(std::vector<ScalingDecision> decisions, std::optional<ManualOverride> manual, Time now) {
    if (manual && manual->expires > now) manual_ = std::move(manual);
    for (auto& decision : decisions) {
        if (decision.created > now) continue;  // of a clock that was wrong
        record(std::move(decision));
        auto& last = decisions_.back();
        last_action_ = std::max(last.created, last_action_.value_or(last.created));
        if (!last.is_rollback) {
            const int direction = last.to > last.from ? 1 : -1;
            if (last_direction_ != 0 && direction != last_direction_) turns_.push_back(last.created);
            last_direction_ = direction;
        }
        report_failed(last.id, "sitepowerd was started anew before it was carried out");
    }
}

std::optional<ScalingDecision> Scaler::verify(const ScalingInput& input, Time now) {
    follow_clock(now);
    if (decisions_.empty()) return std::nullopt;
    ScalingDecision& last = decisions_.back();
    if (last.state != ScalingState::executed ||
        now - carried_out_.value_or(*last.executed) < rules_.verify_after)
        return std::nullopt;
    if (!input.instances) return std::nullopt;  // unknown tells nothing against it
    const bool reached = *input.instances == last.to;
    const bool wasted = last.to > last.from && input.utilisation < rules_.utilisation_low;
    const bool overrun = last.to < last.from && input.utilisation > rules_.utilisation_high;
    const std::string used =
        input.utilisation ? "the utilisation is " + digit_text(100 * *input.utilisation, 4) + " %" : "";
    if (reached && !(input.utilisation && (wasted || overrun))) {
        last.state = ScalingState::verified;
        last.outcome = std::to_string(last.to) + " instances run" + (used.empty() ? "" : ", ") + used;
        return std::nullopt;
    }
    last.outcome =
        reached ? used + ", out of its band" : std::to_string(*input.instances) + " instances run instead";
    // A roll-back that does not work either is not tried again.
    if (last.is_rollback) {
        last.state = ScalingState::failed;
        return std::nullopt;
    }
    last.state = ScalingState::rolled_back;
    last_action_ = now;
    return record({.from = last.to,
                   .to = last.from,
                   .is_rollback = true,
                   .confidence = last.confidence,
                   .reason = "taken back: " + last.outcome,
                   .created = now});
}

}  // namespace sitepower::dispatch
