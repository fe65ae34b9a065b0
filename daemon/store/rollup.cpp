#include "daemon/store/rollup.hpp"

#include <algorithm>
#include <cmath>

#include "daemon/store/frame_codec.hpp"

namespace sitepower {

namespace {

constexpr std::uint8_t rollup_version = 1;
constexpr double grid_limit = 9007199254740992.0;  // 2^53

// The numbers of a point as integers on its grid.
struct GridRollup {
    std::int64_t last = 0;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::int64_t sum = 0;
};

std::optional<GridRollup> to_grid(const PointRollup& rollup, const LayoutPoint& point) {
    const Scaling scaling(point.scale, point.offset);
    const auto last = grid_index(rollup.last, scaling);
    const auto min = grid_index(rollup.min, scaling);
    const auto max = grid_index(rollup.max, scaling);
    if (!last || !min || !max || *min > *last || *last > *max) return std::nullopt;
    const double sum = (rollup.sum - rollup.count * point.offset) / point.scale;
    // The sum of doubles is off by its rounding; a hundredth of a step means that it is the sum of grid
    // values.
    if (!(std::abs(sum) < grid_limit) || std::abs(sum - std::nearbyint(sum)) > 0.01) return std::nullopt;
    return GridRollup{*last, *min, *max, static_cast<std::int64_t>(std::nearbyint(sum))};
}

void pack_point(const PointRollup& rollup, const LayoutPoint& point, Time start, ByteWriter& out) {
    const auto grid = rollup.count > 0 ? to_grid(rollup, point) : std::nullopt;
    out.varint(std::uint64_t{rollup.count} << 1 | (grid ? 1 : 0));
    if (rollup.count == 0) return;
    out.zigzag((rollup.last_time - start).count());
    if (!grid) {
        for (const double value : {rollup.min, rollup.max, rollup.sum, rollup.last}) out.fixed(value);
        return;
    }
    out.zigzag(grid->last);
    out.varint(static_cast<std::uint64_t>(grid->last - grid->min));
    out.varint(static_cast<std::uint64_t>(grid->max - grid->last));
    // Modulo 2^64, so that a wild sum cannot overflow.
    out.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(grid->sum) -
                                         static_cast<std::uint64_t>(grid->last) * rollup.count));
}

PointRollup unpack_point(ByteReader& in, const LayoutPoint& point, Time start) {
    PointRollup rollup;
    const auto head = in.varint();
    rollup.count = static_cast<std::uint32_t>(head >> 1);
    if (rollup.count == 0) return rollup;
    rollup.last_time = start + Duration{in.zigzag()};
    if ((head & 1) == 0) {
        for (double* value : {&rollup.min, &rollup.max, &rollup.sum, &rollup.last})
            *value = in.fixed<double>();
        return rollup;
    }
    const auto last = static_cast<std::uint64_t>(in.zigzag());
    const auto min = last - in.varint();
    const auto max = last + in.varint();
    const auto sum = static_cast<std::uint64_t>(in.zigzag()) + last * rollup.count;
    const Scaling scaling(point.scale, point.offset);
    const auto value = [&scaling](std::uint64_t index) {
        return scaling.value(static_cast<double>(static_cast<std::int64_t>(index)));
    };
    rollup.last = value(last);
    rollup.min = std::min(value(min), value(max));  // a negative scale turns the order round
    rollup.max = std::max(value(min), value(max));
    rollup.sum = value(sum) + (rollup.count - 1) * point.offset;
    return rollup;
}

}  // namespace

void Rollup::add(Time time, std::span<const double> values, std::span<const Quality> quality) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (quality[i] != Quality::good) continue;
        auto& point = points[i];
        const double value = values[i];
        const bool first = point.count++ == 0;
        point.min = first ? value : std::min(point.min, value);
        point.max = first ? value : std::max(point.max, value);
        point.sum += value;
        if (first || time >= point.last_time) {
            point.last = value;
            point.last_time = time;
        }
    }
}

void Rollup::merge(const Rollup& other) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        auto& into = points[i];
        const auto& from = other.points[i];
        if (from.count == 0) continue;
        if (into.count == 0) {
            into = from;
            continue;
        }
        into.count += from.count;
        into.min = std::min(into.min, from.min);
        into.max = std::max(into.max, from.max);
        into.sum += from.sum;
        if (from.last_time >= into.last_time) {
            into.last = from.last;
            into.last_time = from.last_time;
        }
    }
}

Bytes pack_rollup(const Rollup& rollup, const Layout& layout, Time start) {
    Bytes data;
    ByteWriter out(data);
    out.byte(rollup_version);
    for (std::size_t i = 0; i < rollup.points.size(); ++i) {
        pack_point(rollup.points[i], layout.points[i], start, out);
    }
    return data;
}

std::optional<Rollup> unpack_rollup(std::span<const std::uint8_t> data, const Layout& layout, Time start) {
    ByteReader in(data);
    if (in.byte() != rollup_version) return std::nullopt;
    Rollup rollup(layout.points.size());
    for (std::size_t i = 0; i < rollup.points.size(); ++i) {
        rollup.points[i] = unpack_point(in, layout.points[i], start);
    }
    return in.at_end() ? std::optional(std::move(rollup)) : std::nullopt;
}

}  // namespace sitepower
