#include "core/forecast/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Rounds down also before 1970.
std::int64_t cell_of(Time time, Duration step) {
    const std::int64_t ms = to_ms(time);
    const std::int64_t cell = ms / step.count();
    return ms % step.count() < 0 ? cell - 1 : cell;
}

Error bad_step(Duration step) {
    return {.code = ErrorCode::validation_error,
            .message = "a grid step of " + std::to_string(step.count()) +
                       " ms does not divide a day; choose for example 60000, 300000, 900000 or 3600000",
            .detail = {}};
}

struct Extent {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = std::numeric_limits<std::int64_t>::min();
};

}  // namespace

Seasons seasons_of(Duration step) {
    const auto steps = static_cast<std::size_t>(one_day / step);
    return {.day = steps, .week = 7 * steps};
}

CivilClock::CivilClock(std::vector<OffsetChange> changes) : changes_(std::move(changes)) {
    std::ranges::stable_sort(changes_, {}, &OffsetChange::from);
}

Duration CivilClock::offset_at(Time time) const {
    const auto after = std::ranges::upper_bound(changes_, time, {}, &OffsetChange::from);
    return after == changes_.begin() ? Duration{} : std::prev(after)->offset;
}

std::size_t CivilClock::week_slot(Time time, Duration step) const {
    const std::int64_t week_ms = Duration{7 * one_day}.count();
    const std::int64_t monday_ms = Duration{4 * one_day}.count();  // 1970-01-05 was the first Monday
    const std::int64_t ms = to_ms(time + offset_at(time)) - monday_ms;
    return static_cast<std::size_t>(((ms % week_ms) + week_ms) % week_ms / step.count());
}

Result<RegularSeries> to_grid(std::span<const Observation> observations, Duration step, Aggregation how,
                              double valid_from, double valid_to) {
    if (step <= Duration::zero() || one_day % step != Duration::zero()) return bad_step(step);
    const auto usable = [&](const Observation& o) {
        return std::isfinite(o.value) && o.value >= valid_from && o.value <= valid_to;
    };
    Extent extent;
    for (const auto& observation : observations) {
        if (!usable(observation)) continue;
        const std::int64_t cell = cell_of(observation.time, step);
        extent = {.first = std::min(extent.first, cell), .last = std::max(extent.last, cell)};
    }
    if (extent.first > extent.last) {
        return Error{.code = ErrorCode::insufficient_data,
                     .message = "there is no usable value in this series",
                     .detail = {}};
    }
    const auto length = static_cast<std::uint64_t>(extent.last) - static_cast<std::uint64_t>(extent.first);
    if (length >= longest_grid) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "the series spans more than " + std::to_string(longest_grid) +
                                " steps; check its time stamps or choose a longer step",
                     .detail = {}};
    }
    RegularSeries series{
        .start = from_ms(extent.first * step.count()), .step = step, .values = {}, .flags = {}};
    series.values.assign(length + 1, 0);
    series.flags.assign(length + 1, SampleFlag::missing);
    std::vector<std::uint32_t> counts(length + 1, 0);
    for (const auto& observation : observations) {
        if (!usable(observation)) continue;
        const auto index = static_cast<std::size_t>(cell_of(observation.time, step) - extent.first);
        series.values[index] += observation.value;
        ++counts[index];
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) {
            series.values[i] = missing;
            continue;
        }
        series.flags[i] = SampleFlag::observed;
        if (how == Aggregation::mean) series.values[i] /= counts[i];
    }
    return series;
}

RegularSeries coarsen(const RegularSeries& fine, std::size_t factor, Aggregation how) {
    RegularSeries coarse{.start = fine.start,
                         .step = fine.step * static_cast<std::int64_t>(factor),
                         .values = {},
                         .flags = {}};
    const std::int64_t phase =
        cell_of(fine.start, fine.step) - cell_of(fine.start, coarse.step) * static_cast<std::int64_t>(factor);
    const std::size_t skip = (factor - static_cast<std::size_t>(phase)) % factor;
    coarse.start = fine.time_at(skip);
    for (std::size_t i = skip; i + factor <= fine.size(); i += factor) {
        double sum = 0;
        std::size_t finite = 0;
        for (std::size_t j = i; j < i + factor; ++j) {
            if (!std::isfinite(fine.values[j])) continue;
            sum += fine.values[j];
            ++finite;
        }
        const bool enough = 2 * finite >= factor;
        const double mean = enough ? sum / static_cast<double>(finite) : missing;
        coarse.values.push_back(how == Aggregation::mean ? mean : mean * static_cast<double>(factor));
        coarse.flags.push_back(enough ? SampleFlag::observed : SampleFlag::missing);
    }
    return coarse;
}

void interpolate_gaps(RegularSeries& series, std::size_t longest) {
    std::size_t last = series.size();  // no value yet
    for (std::size_t i = 0; i < series.size(); ++i) {
        if (series.flags[i] == SampleFlag::missing) continue;
        const std::size_t gap = last < i ? i - last - 1 : 0;
        if (gap > 0 && gap <= longest) {
            const double from = series.values[last];
            const double slope = (series.values[i] - from) / static_cast<double>(gap + 1);
            for (std::size_t j = 1; j <= gap; ++j) {
                series.values[last + j] = from + slope * static_cast<double>(j);
                series.flags[last + j] = SampleFlag::imputed;
            }
        }
        last = i;
    }
}

}  // namespace sitepower::forecast
