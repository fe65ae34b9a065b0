#include "daemon/planner/past_power.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sitepower {
namespace {

using dispatch::quarter_hour;
using dispatch::QuarterHistory;

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

Time quarter_of(Time time) {
    return Time{std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<900>>>(time)};
}

std::size_t index_of(const QuarterHistory& history, Time time) {
    return static_cast<std::size_t>((time - history.first) / quarter_hour);
}

// Moves the window on: so many quarters up to `now`, the last of them not over.
void move_to(QuarterHistory& history, Time now) {
    const auto first = quarter_of(now - PastPower::memory);
    const auto count = static_cast<std::size_t>((quarter_of(now) - first) / quarter_hour) + 1;
    QuarterHistory moved{.first = first, .kw = std::vector<double>(count, no_value)};
    for (std::size_t i = 0; i < count; ++i)
        moved.kw[i] = history.at(first + static_cast<std::int64_t>(i) * quarter_hour);
    history = std::move(moved);
}

}  // namespace

Result<const QuarterHistory*> PastPower::read(History& history, const std::string& name, Time now) {
    auto& known = known_[name];
    move_to(known, now);
    // The last quarter that was read may have been written anew since.
    const auto from = std::max(known.first, known.known_until() - quarter_hour);
    const auto slash = name.find('/');
    const ValueQuestion question{.points = {{name.substr(0, slash), name.substr(slash + 1)}},
                                 .from = from,
                                 .to = now,
                                 .limit = known.kw.size() + 8,
                                 .resolution = Resolution::quarter};
    const auto found = history.values(question);
    if (!found) return found.error();
    for (const auto& row : found->rows) {
        if (row.time < known.first || row.values.empty() || !row.values.front().value) continue;
        const auto at = index_of(known, row.time);
        if (at < known.kw.size()) known.kw[at] = *row.values.front().value;
    }
    return &known;
}

Result<QuarterHistory> PastPower::sum(History& history, const MeasuredPower& power,
                                      std::optional<double> live_kw, Time now) {
    // The clock was set back: what was kept lies in the future.
    std::erase_if(known_, [&](const auto& each) { return each.second.first > now; });
    QuarterHistory sum;
    move_to(sum, now);
    std::ranges::fill(sum.kw, 0.0);
    for (const auto& name : power.names) {
        const auto one = read(history, name, now);
        if (!one) return one.error();
        for (std::size_t i = 0; i < sum.kw.size(); ++i) sum.kw[i] += (*one)->kw[i];
    }
    if (!power.names.empty() && std::isnan(sum.kw.back()) && live_kw) sum.kw.back() = *live_kw;
    return sum;
}

}  // namespace sitepower
