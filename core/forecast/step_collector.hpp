// Collects the values of a point into the steps of a series: means of measured values, amounts of a register
// that counts up. Each step is closed once; what comes for a closed one is late and may correct what the step
// was. Owned by a ServedSeries; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/forecast/blob.hpp"
#include "core/forecast/counter.hpp"

namespace sitepower::forecast {

struct ClosedStep {
    Time begin;
    double value = 0;
    bool observed = true;  // false: a share of what a counter counted in a gap
};

// A closed step whose mean is another since a late value came.
struct CorrectedStep {
    ClosedStep step;
    std::optional<double> before;  // nothing: no value had come for it
};

// Steps that were measured: the sum of their means, and how many.
struct MeasuredSteps {
    double sum = 0;
    std::uint32_t count = 0;
};

class StepCollector {
  public:
    // So many closed steps can be corrected.
    static constexpr std::size_t kept_steps = 96;
    // How much is expected of the step that begins then, relative to others; not negative.
    using Profile = std::function<double(Time)>;
    // After a longer gap a counter begins anew: what it counted meanwhile belongs to no step.
    static constexpr Duration longest_gap{std::chrono::hours{7 * 24}};

    // `step` divides a day. `counter`: the values are readings of a register.
    StepCollector(Duration step, const std::optional<CounterSettings>& counter);

    // Of a counter: as of CounterSettings.
    void set_largest_rate(double per_second) {
        if (counter_) counter_->set_largest_rate(per_second);
    }

    // A value; steps that are over by it are appended to `closed`. One of a step between the newest closed
    // one and the open one, for which nothing had come, closes it at once. False: it was left out, for it is
    // not finite, belongs to a closed step, or is no newer than a counter's last reading. What a counter
    // counted in a gap (more than two steps) is spread over it in proportion to `profile`, so that none is
    // lost.
    bool value(Time time, double value, const Profile& profile, std::vector<ClosedStep>& closed);
    // A measured value that value() refused because its step is closed. One of the very time of the step's
    // newest value takes its place. nullopt: nothing is changed, for the step is too old, was closed before a
    // restart, or is a counter's.
    std::optional<CorrectedStep> correct(Time time, double value);
    // Of the closed steps in [from, to); nothing where they are no longer all kept.
    std::optional<MeasuredSteps> measured(Time from, Time to) const;
    // Nothing has come for a while: closes a step that is over. A counter's step waits for the next reading,
    // which says what it held.
    void tick(Time now, std::vector<ClosedStep>& closed);
    // A step that was closed before a restart: what a counter's next reading counts of it is known already.
    void skip(const ClosedStep& step);

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    // Of a measured step: its values, so that late ones can join them.
    struct Kept {
        Time begin;
        double sum = 0;
        std::uint32_t values = 0;
        Time newest;
        double newest_value = 0;
    };
    void keep(const Kept& step);
    bool count(Time time, double reading, const Profile& profile, std::vector<ClosedStep>& closed);
    void add_amount(Time from, Time to, double amount, const Profile& profile,
                    std::vector<ClosedStep>& closed);
    void close(std::vector<ClosedStep>& closed);
    void open(Time step);
    Time step_of(Time time) const;

    Duration step_;
    std::optional<Counter> counter_;
    std::optional<Time> open_;  // the step that values are collected for
    std::optional<Time> closed_until_;
    double sum_ = 0;
    std::uint32_t values_ = 0;
    Time newest_;  // value of the open step
    double newest_value_ = 0;
    std::deque<Kept> kept_;          // by time; those that nothing came for are missing
    std::optional<Time> kept_from_;  // before it nobody knows what is missing
    Duration covered_{};             // of the open step, by a counter's intervals,
    Duration in_gap_{};              // and of that, by those that are a gap
    double skipped_ = 0;             // amount of the skipped steps since a counter's last reading,
    Duration skipped_length_{};      // and how much of the time since then they are
};

}  // namespace sitepower::forecast
