#include "core/alert/condition.hpp"

namespace sitepower {
namespace {

bool is_shared(double threshold, const Limits& limits, bool above) {
    if (!limits.of_others) return false;
    return above ? *limits.of_others > threshold - limits.margin
                 : *limits.of_others < threshold + limits.margin;
}

void update_latch(Latch& latch, double value, std::optional<double> threshold, const Limits& limits,
                  Time steady) {
    if (!threshold) {
        latch.set(false);
        return;
    }
    const bool above = limits.kind == RuleKind::above;
    const bool raises =
        (above ? value > *threshold : value < *threshold) && !is_shared(*threshold, limits, above);
    const bool keeps =
        above ? value > *threshold - limits.hysteresis : value < *threshold + limits.hysteresis;
    latch.update(raises, keeps, limits.delay, limits.readings, steady);
}

}  // namespace

void Latch::update(bool raises, bool keeps, Duration delay, int readings, Time steady) {
    const bool asks_for_change = on_ ? !keeps : raises;
    if (!asks_for_change) {
        run_ = 0;
        return;
    }
    if (run_ == 0 || (readings > 1 && steady - since_ > longest_run)) {
        since_ = steady;
        run_ = 0;
    }
    if (run_ < readings) ++run_;
    if (run_ >= readings && steady - since_ >= delay) set(!on_);
}

void Latch::set(bool on) {
    on_ = on;
    run_ = 0;
}

void Condition::update(double value, const Limits& limits, Time steady) {
    update_latch(warning_, value, limits.warning, limits, steady);
    update_latch(critical_, value, limits.critical, limits, steady);
}

void Condition::pause() {
    warning_.pause();
    critical_.pause();
}

void Condition::clear() {
    warning_.set(false);
    critical_.set(false);
}

void Condition::assume(Severity severity) {
    warning_.set(true);
    critical_.set(severity == Severity::critical);
}

std::optional<Severity> Condition::level() const {
    if (critical_.is_on()) return Severity::critical;
    if (warning_.is_on()) return Severity::warning;
    return std::nullopt;
}

}  // namespace sitepower
