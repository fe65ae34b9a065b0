// Known events that multiply a series for a while (campaigns, maintenance, holidays): what multiplier to
// expect, how it was learnt, and what it makes of a baseline forecast. Owned by the engine, one set for each
// site; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/forecast/blob.hpp"
#include "core/forecast/residual_quantiles.hpp"

namespace sitepower::forecast {

// A multiplier's logarithm: normal, with this mean and standard deviation.
struct MultiplierBelief {
    double log_mean = 0;
    double log_sigma = 0.25;

    double multiplier() const;
    // Normal-normal update with one observed multiplier (Gelman et al., Bayesian Data Analysis, 2.5); one
    // observation is uncertain by `observation_sigma`. Not above zero or not finite: no update.
    void observe(double realised, double observation_sigma = 0.25);
};

struct EventType {
    std::string name;
    double from = 1;  // prior range of the multiplier: taken as its 95 % interval
    double to = 1;

    bool operator==(const EventType&) const = default;
};
// The types everybody has; a configuration adds its own.
std::span<const EventType> event_types();
MultiplierBelief prior_of(const EventType& type);

enum class EventStatus : std::uint8_t { scheduled, active, ended, cancelled };

struct Event {
    std::string id;
    std::string type;
    std::string name;
    std::string source;
    Time start{};
    Time end{};
    Duration ramp{};  // the multiplier grows from 1 over so long, and falls back before the end
    std::optional<double> expected_multiplier{};  // empty: what is believed of the type
    // Before its start: it never is. Later: it is over then, if it ever was.
    std::optional<Time> cancelled_at{};
    std::optional<double> realised_multiplier{};

    EventStatus status_at(Time now) const;
    // When it acts no more.
    Time over_at() const { return cancelled_at ? std::min(end, *cancelled_at) : end; }
    // Mean share (0..1) of the event's effect in force in a step of this length, more than nothing.
    double share_of(Time begin, Duration length) const;
};

// The product of several events' effects, as a factor and the standard deviation of its logarithm.
struct EventEffect {
    double multiplier = 1;
    double log_sigma = 0;
};
// A step inside an event: what came, what the baseline said of it, and the event's share of it.
struct StepInEvent {
    double actual = 0;
    double baseline = 0;
    double share = 1;
};
inline constexpr double least_multiplier = 0.05;
inline constexpr double largest_multiplier = 20;

// A baseline forecast inside an event: everything multiplied, and the interval widened by the multiplier's
// own uncertainty.
IssuedStep under(const EventEffect& effect, const IssuedStep& baseline);

class EventBook {
  public:
    static constexpr std::size_t most_events = 1000;

    EventBook();
    explicit EventBook(std::span<const EventType> types);

    // Errors: an unknown type (naming those there are), an end not after the start, a multiplier not above
    // zero, a ramp longer than half of the event, an id that is taken, a full book (ended events make room
    // first).
    Status add(Event event, Time now);
    // not_found; a cancelled event acts no more from the next forecast on, and what it is taken to have done
    // until then is nothing, until close() tells.
    Status cancel(std::string_view id, Time now);
    const Event* find(std::string_view id) const;
    std::span<const Event> events() const { return events_; }

    // What events do to the mean of a step: each by what it has realised, where that is known, else by what
    // is expected of it. Overlapping events multiply; the product stays within [0.05, 20]. Training data are
    // divided by it.
    EventEffect effect_on(Time begin, Duration length) const;
    bool covers(Time begin, Duration length) const;

    // An event is over, and this is what came in its steps. Of those that it filled the most each tells a
    // multiplier; their median is the realised one, of which the type learns, but from a cancelled event.
    // insufficient_data where no step tells; conflict when others overlapped (whose effect is whose cannot be
    // told).
    Status close(std::string_view id, std::span<const StepInEvent> steps);
    // That of a former close().
    Status close(std::string_view id, double realised_multiplier);

    MultiplierBelief belief(std::string_view type) const;

  private:
    struct Learnt {
        EventType type;
        MultiplierBelief belief;
    };
    Learnt* find_type(std::string_view name);
    const Learnt* find_type(std::string_view name) const;
    Event* find_event(std::string_view id);
    double multiplier_of(const Event& event) const;
    bool overlapped(const Event& event) const;

    std::vector<Learnt> types_;
    std::vector<Event> events_;
};

}  // namespace sitepower::forecast
