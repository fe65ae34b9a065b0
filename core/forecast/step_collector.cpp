#include "core/forecast/step_collector.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower::forecast {
namespace {

// A counter's step that was watched for less is missing; of a little less, the amount is scaled up.
constexpr double least_covered = 0.9;
constexpr int gap_steps = 2;

}  // namespace

StepCollector::StepCollector(Duration step, const std::optional<CounterSettings>& counter) : step_(step) {
    if (counter) counter_.emplace(*counter);
}

Time StepCollector::step_of(Time time) const {
    return floor_to(time, step_);
}

void StepCollector::open(Time step) {
    open_ = step;
    sum_ = 0;
    values_ = 0;
    covered_ = in_gap_ = Duration::zero();
}

void StepCollector::close(std::vector<ClosedStep>& closed) {
    if (!open_) return;
    const double share = static_cast<double>(covered_.count()) / static_cast<double>(step_.count());
    if (counter_ && share >= least_covered) {
        closed.push_back({.begin = *open_, .value = sum_ / share, .observed = 2 * in_gap_ <= step_});
    } else if (!counter_ && values_ > 0) {
        closed.push_back({.begin = *open_, .value = sum_ / values_});
        keep({*open_, sum_, values_, newest_, newest_value_});
    }
    closed_until_ = *open_ + step_;
    open_.reset();
}

bool StepCollector::value(Time time, double value, const Profile& profile, std::vector<ClosedStep>& closed) {
    if (!std::isfinite(value)) return false;
    if (counter_) return count(time, value, profile, closed);
    const Time step = step_of(time);
    const bool is_between = open_ && step < *open_ && kept_from_ && step >= *kept_from_ &&
                            (!closed_until_ || step >= *closed_until_);
    if (is_between) {
        closed.push_back({.begin = step, .value = value});
        keep({step, value, 1, time, value});
        closed_until_ = step + step_;
        return true;
    }
    if ((open_ && step < *open_) || (closed_until_ && step < *closed_until_)) return false;
    if (open_ && step > *open_) close(closed);
    if (!open_) open(step);
    if (!kept_from_) kept_from_ = step;
    sum_ += value;
    ++values_;
    newest_ = time;
    newest_value_ = value;
    return true;
}

void StepCollector::keep(const Kept& step) {
    const auto place = std::ranges::lower_bound(kept_, step.begin, {}, &Kept::begin);
    kept_.insert(place, step);
    if (kept_.size() <= kept_steps) return;
    kept_.pop_front();
    kept_from_ = kept_.front().begin;
}

std::optional<CorrectedStep> StepCollector::correct(Time time, double value) {
    const Time begin = step_of(time);
    const bool is_closed = closed_until_ && begin < *closed_until_;
    if (counter_ || !std::isfinite(value) || !is_closed || !kept_from_ || begin < *kept_from_)
        return std::nullopt;
    const auto place = std::ranges::lower_bound(kept_, begin, {}, &Kept::begin);
    if (place == kept_.end() || place->begin != begin) {
        keep({begin, value, 1, time, value});
        return CorrectedStep{.step = {.begin = begin, .value = value}, .before = {}};
    }
    const double before = place->sum / place->values;
    if (time == place->newest) {
        if (value == place->newest_value) return std::nullopt;
        place->sum += value - place->newest_value;
        place->newest_value = value;
    } else {
        place->sum += value;
        ++place->values;
        if (time > place->newest) {
            place->newest = time;
            place->newest_value = value;
        }
    }
    return CorrectedStep{.step = {.begin = begin, .value = place->sum / place->values}, .before = before};
}

std::optional<MeasuredSteps> StepCollector::measured(Time from, Time to) const {
    if (!kept_from_ || from < *kept_from_ || !closed_until_ || to > *closed_until_) return std::nullopt;
    MeasuredSteps steps;
    for (const auto& step : kept_) {
        if (step.begin < from || step.begin >= to) continue;
        steps.sum += step.sum / step.values;
        ++steps.count;
    }
    return steps;
}

bool StepCollector::count(Time time, double reading, const Profile& profile,
                          std::vector<ClosedStep>& closed) {
    if (closed_until_ && time < *closed_until_) return false;
    const auto counted = counter_->read(time, reading);
    if (counted.kind == CounterStep::ignored) return false;
    const double known = std::exchange(skipped_, 0);
    const Duration known_length = std::exchange(skipped_length_, Duration::zero());
    const Time from = std::max(time - counted.over, closed_until_.value_or(Time::min()));
    const bool anew = !counted.amount || time - from > longest_gap;
    if (!anew) {
        // Steps that are closed have their share; of what is left, closed ones that nobody knows take theirs.
        const double rest = std::max(*counted.amount - known, 0.0);
        const Duration unknown = counted.over - known_length;
        const double share = known_length == Duration::zero() || unknown <= Duration::zero()
                                 ? 1
                                 : std::min(1.0, static_cast<double>((time - from).count()) /
                                                     static_cast<double>(unknown.count()));
        add_amount(from, time, rest * share, profile, closed);
        return true;
    }
    if (open_ && step_of(time) > *open_) close(closed);
    if (!open_) open(step_of(time));
    return true;
}

// The pieces of (from, to] by step; each is closed when its end is reached.
void StepCollector::add_amount(Time from, Time to, double amount, const Profile& profile,
                               std::vector<ClosedStep>& closed) {
    const bool gap = to - from > gap_steps * step_;
    std::vector<double> lengths;
    std::vector<double> weights;
    for (Time begin = from; begin < to;) {
        const Time end = std::min(step_of(begin) + step_, to);
        lengths.push_back(static_cast<double>((end - begin).count()));
        weights.push_back(gap ? lengths.back() * std::max(profile(step_of(begin)), 0.0) : 0);
        begin = end;
    }
    const bool nothing_expected = std::ranges::all_of(weights, [](double weight) { return !(weight > 0); });
    const auto pieces = spread(amount, nothing_expected ? lengths : weights);
    Time begin = from;
    for (const double piece : pieces) {
        const Time step = step_of(begin);
        const Time end = std::min(step + step_, to);
        if (open_ && *open_ < step) close(closed);
        if (!open_) open(step);
        sum_ += piece;
        covered_ += end - begin;
        if (gap) in_gap_ += end - begin;
        if (end == step + step_) close(closed);
        begin = end;
    }
}

void StepCollector::tick(Time now, std::vector<ClosedStep>& closed) {
    if (counter_ || !open_ || now < *open_ + step_) return;
    close(closed);
}

void StepCollector::skip(const ClosedStep& step) {
    const Time end = step.begin + step_;
    if (closed_until_ && end <= *closed_until_) return;
    const bool counted_in_part = open_ && *open_ == step.begin;
    skipped_ += step.value - (counted_in_part ? sum_ : 0);
    skipped_length_ += step_ - (counted_in_part ? covered_ : Duration::zero());
    closed_until_ = end;
    if (open_ && *open_ < end) open_.reset();
    kept_.clear();
    kept_from_ = end;
}

void StepCollector::save(BlobWriter& writer) const {
    for (const auto& time : {open_, closed_until_, kept_from_}) {
        writer.put(time.has_value());
        writer.put(to_ms(time.value_or(Time{})));
    }
    writer.put(sum_);
    writer.put(values_);
    writer.put(static_cast<std::int64_t>(covered_.count()));
    writer.put(static_cast<std::int64_t>(in_gap_.count()));
    writer.put(skipped_);
    writer.put(static_cast<std::int64_t>(skipped_length_.count()));
    writer.put(to_ms(newest_));
    writer.put(newest_value_);
    writer.put(static_cast<std::uint64_t>(kept_.size()));
    for (const auto& step : kept_) {
        writer.put(to_ms(step.begin));
        writer.put(step.sum);
        writer.put(step.values);
        writer.put(to_ms(step.newest));
        writer.put(step.newest_value);
    }
    writer.put(counter_.has_value());
    if (counter_) counter_->save(writer);
}

void StepCollector::load(BlobReader& reader) {
    for (auto* time : {&open_, &closed_until_, &kept_from_}) {
        const bool known = reader.get<std::uint8_t>() != 0;
        const auto ms = reader.get<std::int64_t>();
        *time = known ? std::optional(from_ms(ms)) : std::nullopt;
    }
    reader.get(sum_);
    reader.get(values_);
    covered_ = Duration{reader.get<std::int64_t>()};
    in_gap_ = Duration{reader.get<std::int64_t>()};
    reader.get(skipped_);
    skipped_length_ = Duration{reader.get<std::int64_t>()};
    newest_ = from_ms(reader.get<std::int64_t>());
    reader.get(newest_value_);
    kept_.clear();
    const auto kept = reader.get<std::uint64_t>();
    if (kept > kept_steps) return reader.fail();
    for (std::uint64_t i = 0; i < kept && reader.ok(); ++i) {
        Kept step;
        step.begin = from_ms(reader.get<std::int64_t>());
        reader.get(step.sum);
        reader.get(step.values);
        step.newest = from_ms(reader.get<std::int64_t>());
        reader.get(step.newest_value);
        if (step.values == 0 || (!kept_.empty() && step.begin <= kept_.back().begin)) return reader.fail();
        kept_.push_back(step);
    }
    if ((reader.get<std::uint8_t>() != 0) != counter_.has_value()) reader.fail();
    if (counter_) counter_->load(reader);
}

}  // namespace sitepower::forecast
