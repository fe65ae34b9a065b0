// One rule on one subject: hysteresis and delay. Knows nothing of alerts; says which severity holds now.
// Owned by the engine, called on the loop thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/alert/rules.hpp"

namespace sitepower {

// Something that must hold, or must have cleared, for a while before it counts.
class Latch {
  public:
    // Readings that are further apart than this do not belong together ("3 readings in 7 days").
    static constexpr Duration longest_run = std::chrono::hours(7 * 24);

    // `raises`: beyond the threshold; `keeps`: not yet back by the hysteresis.
    void update(bool raises, bool keeps, Duration delay, int readings, Time steady);
    // Forgets what was on the way, keeps what is.
    void pause() { run_ = 0; }
    void set(bool on);
    bool is_on() const { return on_; }

  private:
    Time since_{};
    std::int32_t run_ = 0;  // readings in a row that ask for a change
    bool on_ = false;
};

// A rule's thresholds for one subject at one moment: a rule may count them from something that moves.
struct Limits {
    RuleKind kind = RuleKind::above;
    std::optional<double> warning;
    std::optional<double> critical;
    double hysteresis = 0;
    Duration delay{};
    int readings = 1;
    // What the others of the string have. While that is itself within the margin of a threshold, the
    // threshold raises nothing for one of them.
    std::optional<double> of_others;
    double margin = 0;

    explicit Limits(const Rule& rule)
        : kind(rule.kind),
          warning(rule.warning),
          critical(rule.critical),
          hysteresis(rule.hysteresis),
          delay(rule.delay),
          readings(rule.readings),
          margin(rule.hysteresis) {}
    std::optional<double> of(Severity severity) const {
        return severity == Severity::critical ? critical : warning;
    }
};

class Condition {
  public:
    void update(double value, const Limits& limits, Time steady);
    void pause();
    void clear();
    // As after a restart in which an alert of this severity was open.
    void assume(Severity severity);
    std::optional<Severity> level() const;

  private:
    Latch warning_;
    Latch critical_;
};

}  // namespace sitepower
