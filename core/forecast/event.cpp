#include "core/forecast/event.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr double sigmas_of_95 = 1.959964;
constexpr double least_sigma = 0.02;
// What an event did to a step that it hardly touched drowns in the step's own error.
constexpr double least_share_to_learn = 0.25;

Error invalid(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

Error unknown_event(std::string_view id) {
    return {.code = ErrorCode::not_found, .message = "there is no event " + std::string(id), .detail = {}};
}

}  // namespace

double MultiplierBelief::multiplier() const {
    return std::exp(log_mean);
}

void MultiplierBelief::observe(double realised, double observation_sigma) {
    if (!(realised > 0) || !std::isfinite(realised) || !(observation_sigma > 0)) return;
    const double prior_precision = 1 / (log_sigma * log_sigma);
    const double precision = 1 / (observation_sigma * observation_sigma);
    log_mean = (log_mean * prior_precision + std::log(realised) * precision) / (prior_precision + precision);
    log_sigma = std::max(least_sigma, std::sqrt(1 / (prior_precision + precision)));
}

std::span<const EventType> event_types() {
    static const std::vector<EventType> types{
        {.name = "marketing_campaign", .from = 1.5, .to = 3},
        {.name = "product_launch", .from = 2, .to = 5},
        {.name = "flash_sale", .from = 3, .to = 10},
        {.name = "scheduled_maintenance", .from = 0.1, .to = 0.5},
        {.name = "holiday", .from = 0.5, .to = 0.8},
        {.name = "partnership_announcement", .from = 1.3, .to = 2},
    };
    return types;
}

MultiplierBelief prior_of(const EventType& type) {
    const double low = std::log(type.from);
    const double high = std::log(type.to);
    return {.log_mean = (low + high) / 2,
            .log_sigma = std::max(least_sigma, (high - low) / (2 * sigmas_of_95))};
}

EventStatus Event::status_at(Time now) const {
    if (cancelled_at) return EventStatus::cancelled;
    if (now < start) return EventStatus::scheduled;
    return now < end ? EventStatus::active : EventStatus::ended;
}

// The integral of its weight, which rises over the ramp and falls before the end, over the step.
double Event::share_of(Time begin, Duration length) const {
    const auto whole = static_cast<double>((end - start).count());
    const auto rise = static_cast<double>(ramp.count());
    const auto until = [&](Time time) {
        const auto past =
            std::clamp(static_cast<double>((std::min(time, over_at()) - start).count()), 0.0, whole);
        if (rise <= 0) return past;
        const double rising = std::min(past, rise);
        const double falling = std::max(past - (whole - rise), 0.0);
        return past - rising + rising * rising / (2 * rise) - falling * falling / (2 * rise);
    };
    return (until(begin + length) - until(begin)) / static_cast<double>(length.count());
}

IssuedStep under(const EventEffect& effect, const IssuedStep& baseline) {
    IssuedStep step = baseline;
    step.point *= effect.multiplier;
    auto& q = step.quantiles;
    for (double* value : {&q.p50, &q.p90, &q.p99, &q.lower95, &q.upper95}) *value *= effect.multiplier;
    // Two independent errors add in squares: the baseline's half-width, and the multiplier's about the
    // middle.
    const auto widen = [&](double& bound, double sigmas) {
        const double own = bound - q.p50;
        const double multiplier_width = std::abs(q.p50) * std::expm1(sigmas * effect.log_sigma);
        const double width = std::hypot(own, multiplier_width);
        bound = q.p50 + (sigmas > 0 ? width : -width);
    };
    widen(q.p90, 1.2816);
    widen(q.p99, 2.3263);
    widen(q.upper95, sigmas_of_95);
    widen(q.lower95, -sigmas_of_95);
    if (baseline.quantiles.lower95 >= 0) q.lower95 = std::max(q.lower95, 0.0);
    return step;
}

EventBook::EventBook() : EventBook(event_types()) {}

EventBook::EventBook(std::span<const EventType> types) {
    for (const EventType& type : types) types_.push_back({.type = type, .belief = prior_of(type)});
}

EventBook::Learnt* EventBook::find_type(std::string_view name) {
    const auto found = std::ranges::find(
        types_, name, [](const Learnt& learnt) -> std::string_view { return learnt.type.name; });
    return found == types_.end() ? nullptr : &*found;
}

const EventBook::Learnt* EventBook::find_type(std::string_view name) const {
    return const_cast<EventBook*>(this)->find_type(name);
}

Event* EventBook::find_event(std::string_view id) {
    const auto found = std::ranges::find(events_, id, &Event::id);
    return found == events_.end() ? nullptr : &*found;
}

const Event* EventBook::find(std::string_view id) const {
    return const_cast<EventBook*>(this)->find_event(id);
}

Status EventBook::add(Event event, Time now) {
    if (find_type(event.type) == nullptr) {
        std::string known;
        for (const auto& learnt : types_) known += (known.empty() ? "" : ", ") + learnt.type.name;
        return invalid("there is no event type \"" + event.type + "\"; there are " + known);
    }
    if (event.end <= event.start) return invalid("an event must end after it starts");
    if (event.ramp < Duration::zero() || 2 * event.ramp > event.end - event.start) {
        return invalid("the ramp of an event must be between nothing and half of its length");
    }
    const auto& expected = event.expected_multiplier;
    if (expected && !(*expected > 0 && std::isfinite(*expected))) {
        return invalid("expected_impact_multiplier must be a number above zero");
    }
    if (find(event.id) != nullptr) {
        return Error{
            .code = ErrorCode::conflict, .message = "there already is an event " + event.id, .detail = {}};
    }
    if (events_.size() >= most_events) {
        std::erase_if(events_, [&](const Event& e) {
            const auto status = e.status_at(now);
            return status == EventStatus::ended || status == EventStatus::cancelled;
        });
    }
    if (events_.size() >= most_events) {
        return Error{.code = ErrorCode::conflict,
                     .message = "there are " + std::to_string(most_events) +
                                " events that have not ended; cancel some first",
                     .detail = {}};
    }
    events_.push_back(std::move(event));
    return Done{};
}

Status EventBook::cancel(std::string_view id, Time now) {
    Event* event = find_event(id);
    if (event == nullptr) return unknown_event(id);
    event->cancelled_at = now;
    return Done{};
}

double EventBook::multiplier_of(const Event& event) const {
    if (event.realised_multiplier) return *event.realised_multiplier;
    if (event.cancelled_at) return 1;
    return event.expected_multiplier.value_or(belief(event.type).multiplier());
}

// In pieces between which events begin, end or change: of two that ramp at once the product is taken at the
// middle of a piece.
EventEffect EventBook::effect_on(Time begin, Duration length) const {
    std::vector<const Event*> acting;
    std::vector<Time> borders{begin, begin + length};
    double variance = 0;
    for (const Event& event : events_) {
        const double share = event.share_of(begin, length);
        if (share <= 0) continue;
        acting.push_back(&event);
        for (const Time border :
             {event.start, event.start + event.ramp, event.end - event.ramp, event.over_at()})
            borders.push_back(std::clamp(border, begin, begin + length));
        // By how much the logarithm of the step's factor grows with that of the multiplier.
        const double multiplier = multiplier_of(event);
        const double part = share * multiplier / (1 + share * (multiplier - 1));
        const double sigma = part * belief(event.type).log_sigma;
        variance += sigma * sigma;
    }
    if (acting.empty()) return {};
    std::ranges::sort(borders);
    double sum = 0;
    for (std::size_t i = 1; i < borders.size(); ++i) {
        const Duration piece = borders[i] - borders[i - 1];
        if (piece <= Duration::zero()) continue;
        double factor = 1;
        for (const Event* event : acting)
            factor *= 1 + event->share_of(borders[i - 1], piece) * (multiplier_of(*event) - 1);
        sum += std::clamp(factor, least_multiplier, largest_multiplier) * static_cast<double>(piece.count());
    }
    return {.multiplier = sum / static_cast<double>(length.count()), .log_sigma = std::sqrt(variance)};
}

bool EventBook::covers(Time begin, Duration length) const {
    return std::ranges::any_of(events_,
                               [&](const Event& event) { return event.share_of(begin, length) > 0; });
}

bool EventBook::overlapped(const Event& event) const {
    return std::ranges::any_of(events_, [&](const Event& other) {
        return other.id != event.id &&
               std::max(other.start, event.start) < std::min(other.over_at(), event.over_at());
    });
}

Status EventBook::close(std::string_view id, std::span<const StepInEvent> steps) {
    const Event* event = find(id);
    if (event == nullptr) return unknown_event(id);
    double most = least_share_to_learn;
    for (const auto& step : steps) most = std::max(most, step.share);
    std::vector<double> told;
    for (const auto& step : steps) {
        const double multiplier = 1 + (step.actual / step.baseline - 1) / step.share;
        if (step.share > most - 1e-9 && multiplier > 0 && std::isfinite(multiplier))
            told.push_back(multiplier);
    }
    if (told.empty()) {
        return Error{
            .code = ErrorCode::insufficient_data,
            .message = "no actual value of event " + std::string(id) + " can be compared with a baseline",
            .detail = {}};
    }
    if (overlapped(*event)) {
        return Error{.code = ErrorCode::conflict,
                     .message = "event " + std::string(id) +
                                " overlapped with another; whose effect was whose cannot be told",
                     .detail = {}};
    }
    std::ranges::sort(told);
    return close(id, (told[(told.size() - 1) / 2] + told[told.size() / 2]) / 2);
}

Status EventBook::close(std::string_view id, double realised_multiplier) {
    Event* event = find_event(id);
    if (event == nullptr) return unknown_event(id);
    event->realised_multiplier = std::clamp(realised_multiplier, least_multiplier, largest_multiplier);
    // One that was called off is no example of its type.
    Learnt* learnt = event->cancelled_at ? nullptr : find_type(event->type);
    if (learnt != nullptr) learnt->belief.observe(*event->realised_multiplier);
    return Done{};
}

MultiplierBelief EventBook::belief(std::string_view type) const {
    const Learnt* learnt = find_type(type);
    return learnt == nullptr ? MultiplierBelief{} : learnt->belief;
}

}  // namespace sitepower::forecast
