// The roll-up of one stream over one interval (a minute, a quarter of an hour): per point the smallest, the
// largest and the last good value, their sum and count. Pure values; used by the writer and by Readers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/frame.hpp"
#include "daemon/store/bytes.hpp"

namespace sitepower {

struct PointRollup {
    std::uint32_t count = 0;  // of good values; the rest means nothing while it is 0
    double min = 0;
    double max = 0;
    double sum = 0;
    double last = 0;
    Time last_time{};

    double mean() const { return sum / count; }
};

struct Rollup {
    explicit Rollup(std::size_t count = 0) : points(count) {}
    std::vector<PointRollup> points;  // as in the layout

    // A frame of that layout, in any order of times.
    void add(Time time, std::span<const double> values, std::span<const Quality> quality);
    // Another part of the same interval and layout.
    void merge(const Rollup& other);
};

// `start` is that of the interval. Values on a point's grid are kept exactly, as small integers.
Bytes pack_rollup(const Rollup& rollup, const Layout& layout, Time start);
// nullopt: the bytes are not a roll-up of this layout.
std::optional<Rollup> unpack_rollup(std::span<const std::uint8_t> data, const Layout& layout, Time start);

}  // namespace sitepower
