#include "drivers/modbus/schedule.hpp"

#include <algorithm>
#include <tuple>

namespace sitepower::modbus {

std::size_t Schedule::add(SteadySpan period, SteadyTime first) {
    entries_.push_back(
        {.period = std::max(period, SteadySpan::zero()), .deadline = first, .deferred_to = {}});
    return entries_.size() - 1;
}

std::optional<Schedule::Due> Schedule::next() const {
    if (entries_.empty()) return std::nullopt;
    const auto earliest = std::ranges::min_element(
        entries_, {}, [](const Entry& entry) { return std::tuple(entry.at(), entry.last_begun); });
    return Due{static_cast<std::size_t>(earliest - entries_.begin()), earliest->at()};
}

// How many aligned deadlines lie at or before `time`, counted from an arbitrary but fixed one.
std::int64_t Schedule::periods_before(const Entry& entry, SteadyTime time) const {
    const auto since = time.time_since_epoch() - phase_ % entry.period;
    const auto count = since / entry.period;
    return since % entry.period < SteadySpan::zero() ? count - 1 : count;
}

std::uint64_t Schedule::begin(std::size_t index, SteadyTime now) {
    auto& entry = entries_[index];
    entry.deferred_to.reset();
    entry.last_begun = ++begun_;
    if (entry.period == SteadySpan::zero()) {
        entry.deadline = now;
        return 0;
    }
    if (now < entry.deadline) return 0;
    const auto passed = periods_before(entry, now);
    // The first deadline is not aligned: a poll that begins after the next one serves both.
    const auto served = periods_before(entry, entry.deadline - SteadySpan(1)) + 1;
    entry.deadline = SteadyTime((passed + 1) * entry.period + phase_ % entry.period);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(passed - served, 0));
}

void Schedule::defer(std::size_t entry, SteadyTime until) {
    entries_[entry].deferred_to = until;
}

}  // namespace sitepower::modbus
