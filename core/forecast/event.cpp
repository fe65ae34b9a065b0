#include "core/forecast/event.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr double sigmas_of_95 = 1.959964;
constexpr double least_sigma = 0.02;

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
    if (cancelled) return EventStatus::cancelled;
    if (now < start) return EventStatus::scheduled;
    return now < end ? EventStatus::active : EventStatus::ended;
}

double Event::weight_at(Time time) const {
    if (cancelled || time < start || time >= end) return 0;
    if (ramp <= Duration::zero()) return 1;
    const auto edge = std::min(time - start, end - time);
    return std::min(1.0, static_cast<double>(edge.count()) / static_cast<double>(ramp.count()));
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

Status EventBook::cancel(std::string_view id) {
    Event* event = find_event(id);
    if (event == nullptr) return unknown_event(id);
    event->cancelled = true;
    return Done{};
}

EventEffect EventBook::effect_at(Time time) const {
    double log_multiplier = 0;
    double variance = 0;
    for (const Event& event : events_) {
        const double weight = event.weight_at(time);
        if (weight <= 0) continue;
        const MultiplierBelief believed = belief(event.type);
        log_multiplier +=
            std::log(1 + weight * (event.expected_multiplier.value_or(believed.multiplier()) - 1));
        variance += weight * weight * believed.log_sigma * believed.log_sigma;
    }
    return {.multiplier = std::clamp(std::exp(log_multiplier), least_multiplier, largest_multiplier),
            .log_sigma = std::sqrt(variance)};
}

bool EventBook::covers(Time time) const {
    return std::ranges::any_of(events_, [&](const Event& event) { return event.weight_at(time) > 0; });
}

// By what was realised, where that is known, else by what was expected.
double EventBook::clean_factor_at(Time time) const {
    double factor = 1;
    for (const Event& event : events_) {
        const double weight = event.weight_at(time);
        if (weight <= 0) continue;
        const double multiplier = event.realised_multiplier.value_or(
            event.expected_multiplier.value_or(belief(event.type).multiplier()));
        factor *= 1 + weight * (multiplier - 1);
    }
    return std::clamp(factor, least_multiplier, largest_multiplier);
}

bool EventBook::overlapped(const Event& event) const {
    return std::ranges::any_of(events_, [&](const Event& other) {
        return other.id != event.id && !other.cancelled && other.start < event.end && event.start < other.end;
    });
}

Status EventBook::close(std::string_view id, std::span<const double> actual,
                        std::span<const double> baseline) {
    Event* event = find_event(id);
    if (event == nullptr) return unknown_event(id);
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(actual.size(), baseline.size()); ++i) {
        const double ratio = actual[i] / baseline[i];
        if (std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
    }
    if (ratios.empty()) {
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
    const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
    std::ranges::nth_element(ratios, middle);
    event->realised_multiplier = std::clamp(*middle, least_multiplier, largest_multiplier);
    if (Learnt* learnt = find_type(event->type)) learnt->belief.observe(*event->realised_multiplier);
    return Done{};
}

MultiplierBelief EventBook::belief(std::string_view type) const {
    const Learnt* learnt = find_type(type);
    return learnt == nullptr ? MultiplierBelief{} : learnt->belief;
}

}  // namespace sitepower::forecast
