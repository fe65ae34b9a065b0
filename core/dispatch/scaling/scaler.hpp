// How many instances of a service should run: decides from forecast quantile, measured load, events and
// awarded power, gives each decision an id and a reason, and judges what came of it. One Scaler per group;
// owned by the site's engine, loop thread. The thresholds are those of the usual autoscalers (Kubernetes
// HPA's stabilisation window of 300 s and its rates).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower::dispatch {

struct ScalingRules {
    std::string group;
    int least_instances = 1;
    int most_instances = 1;
    double target_utilisation = 0.7;
    double kw_per_instance = 0;  // 0: power does not limit
    double quantile = 0.9;       // for the reason only: whoever forecasts applies it
    double down_margin = 0.1;    // need must be so far below the present count
    Duration down_window{300'000};
    Duration up_cooldown{60'000};
    Duration down_cooldown{300'000};
    double most_step_up = 1.0;  // of the present count
    double most_step_down = 0.2;
    int most_turns_per_hour = 4;  // changes of direction
    double least_confidence = 0.5;
    Duration forecast_interval{300'000};  // older than two of them is stale
    Duration verify_after{120'000};
    double utilisation_low = 0.1, utilisation_high = 0.95;  // the band that verifies a decision
};

// One metric that the group must be able to carry; the need of the group is the largest of its metrics.
struct ScalingMetric {
    std::string name;
    std::optional<double> forecast;  // quantile over the time to provide an instance
    std::optional<double> measured;  // now
    double capacity_per_instance = 1;
};

struct ScalingInput {
    std::optional<int> instances;  // running now; unknown: nothing is decided
    std::vector<ScalingMetric> metrics;
    double event_multiplier = 1;
    std::string event;      // its name, for the reason
    double confidence = 1;  // of the forecast
    Duration forecast_age{};
    std::optional<double> awarded_kw;
    std::optional<double> utilisation;  // measured, 0 to 1
};

enum class ScalingState : std::uint8_t { pending, executed, verified, failed, rolled_back };
const char* name_of(ScalingState state);

struct ScalingDecision {
    std::string id;  // stable: carrying it out twice changes nothing
    int from = 0, to = 0;
    ScalingState state = ScalingState::pending;
    bool is_rollback = false;
    bool is_manual = false;
    double confidence = 0;
    std::string reason;
    std::optional<double> demand;     // of the metric that decided
    std::optional<double> threshold;  // that `from` instances carry of it
    std::string event;                // that raised the demand; empty: none
    std::string outcome;              // how it was verified, or what went wrong
    Time created{};
    std::optional<Time> executed;
};

struct ManualOverride {
    int instances;
    Time expires;
    std::string reason;
};

class Scaler {
  public:
    explicit Scaler(ScalingRules rules) : rules_(std::move(rules)) {}

    // What was decided stays.
    void change_rules(ScalingRules rules) { rules_ = std::move(rules); }

    // A new decision, or nothing to do: see holding() for why. Due at least every minute: the way down counts
    // from after the last gap.
    std::optional<ScalingDecision> evaluate(const ScalingInput& input, Time now);
    // The actuator's answer to a decision. Unknown or repeated ids change nothing.
    void report_executed(std::string_view id, Time now);
    void report_failed(std::string_view id, const std::string& why);
    // Verifies or takes back what was executed long enough ago; the answer is the roll-back, if one is due.
    // Going back would not help where it makes the utilisation worse: after a step up only one that is too
    // low tells against it, after a step down only one that is too high. Unknown, the count alone decides.
    std::optional<ScalingDecision> verify(const ScalingInput& input, Time now);

    // Clamped to the group's limits; until it expires nothing else decides.
    void override_manually(ManualOverride manual) { manual_ = std::move(manual); }
    const std::optional<ManualOverride>& manual() const { return manual_; }

    // Goes on from what an earlier process had decided, oldest first. What was pending then has failed.
    void restore(std::vector<ScalingDecision> decisions, std::optional<ManualOverride> manual, Time now);

    // What the last evaluation found needed, within all limits, and why; empty: no metric was known.
    std::optional<int> needed() const { return needed_; }
    const std::string& need_reason() const { return need_reason_; }

    const std::deque<ScalingDecision>& decisions() const {
        return decisions_;
    }  // the newest last, at most 100
    std::string_view holding() const { return holding_; }
    bool is_flapping() const { return flapping_; }

  private:
    struct Need {
        int instances = 0;
        std::string reason;
        std::optional<double> demand{};
        double per_instance = 0;  // demand that one carries at the target
        std::string event{};
    };
    struct Seen {
        Time time;
        int need;
    };

    std::optional<Need> need_of(const ScalingInput& input, bool trusted) const;
    void clamp_to_limits(const ScalingInput& input, Need& need) const;
    std::optional<ScalingDecision> decide(int from, Need need, double confidence, Time now);
    std::optional<ScalingDecision> hold(std::string_view why);
    bool cooling(int direction, Time now) const;
    void follow_clock(Time now);
    bool turns_too_often(int direction, Time now);
    int highest_need_in_window(Time now) const;
    int limited_step(int from, int to) const;
    void forget_old_turns(Time now);
    ScalingDecision* find(std::string_view id);
    ScalingDecision& record(ScalingDecision decision);

    ScalingRules rules_;
    std::deque<ScalingDecision> decisions_;
    std::deque<Seen> seen_;
    std::optional<Time> first_seen_;
    std::deque<Time> turns_;
    int last_direction_ = 0;
    std::optional<Time> last_action_;
    std::optional<Time> last_now_;
    std::optional<Time> carried_out_;  // the last decision
    std::uint64_t sequence_ = 0;
    std::optional<ManualOverride> manual_;
    std::optional<int> needed_;
    std::string need_reason_;
    std::string_view holding_;
    bool flapping_ = false;
};

}  // namespace sitepower::dispatch
