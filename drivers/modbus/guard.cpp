#include "drivers/modbus/guard.hpp"

#include <algorithm>

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan first_wait = 1s;
constexpr SteadySpan dead_line_pace = 500ms;
constexpr SteadySpan shortest_pause_pace = 500ms;  // on TCP each failed probe costs a connection
constexpr int cost_share = 9;  // after a failed probe the line belongs to the others for nine times its cost

}  // namespace

void Guard::add(SteadySpan response_timeout) {
    const auto cap = std::clamp<SteadySpan>(100 * response_timeout, 5s, 60s);
    units_.push_back({.backoff = Backoff(first_wait, cap, seed_ + units_.size())});
    ++well_;
}

SteadyTime Guard::allowed_at(std::size_t index, SteadyTime now) const {
    const auto& unit = units_[index];
    if (unit.well) return now;
    if (well_ > 0) return std::max(unit.next_probe, next_probe_of_any_);
    const auto longest_unasked = std::ranges::min_element(units_, {}, &Unit::next_probe);
    if (&*longest_unasked == &unit) return next_probe_of_any_;
    return std::max(now, next_probe_of_any_) + dead_line_pace;
}

std::optional<SteadyTime> Guard::pause_probe_at(std::size_t index, SteadySpan period) const {
    if (well_ == 0) return std::nullopt;
    const auto& unit = units_[index];
    const auto pace = unit.just_fell_silent ? shortest_pause_pace : std::max(period, shortest_pause_pace);
    return unit.failed_at + pace;
}

bool Guard::succeeded(std::size_t index, SteadyTime now) {
    auto& unit = units_[index];
    unit.good_polls = std::min(unit.good_polls + 1, trusted_after);
    if (unit.well) return false;
    const bool first = well_ == 0;
    unit.well = true;
    ++well_;
    unit.backoff.reset();
    if (!first) return false;
    next_probe_of_any_ = now;
    for (auto& other : units_) {
        if (other.well) continue;
        other.backoff.reset();
        other.next_probe = now;
    }
    return true;
}

bool Guard::failed(std::size_t index, SteadyTime now, SteadySpan cost) {
    auto& unit = units_[index];
    const bool last = unit.well && well_ == 1;
    if (unit.well) --well_;
    unit.just_fell_silent = unit.well;
    unit.well = false;
    unit.good_polls = 0;
    unit.failed_at = now;
    unit.next_probe = now + unit.backoff.next();
    next_probe_of_any_ = now + (well_ > 0 ? cost_share * cost : dead_line_pace);
    return last;
}

}  // namespace sitepower::modbus
