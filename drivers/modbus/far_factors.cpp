#include "drivers/modbus/far_factors.hpp"

#include <algorithm>
#include <array>

namespace sitepower::modbus {
namespace {

bool fits_one_request(const RegisterPoint& point, const UnitLimits& limits) {
    return static_cast<bool>(plan_reads({&point, 1}, limits));
}

// The decoder of a point whose factor is put right behind its own words.
PointDecoder decoder_of(RegisterPoint point) {
    point.scale_factor->address = static_cast<std::uint16_t>(point.address + point.registers());
    return {point, point.address};
}

RegisterPoint factor_of(const RegisterPoint& point) {
    return {.table = point.table, .address = point.scale_factor->address};
}

}  // namespace

FarFactors::FarFactors(std::span<const RegisterPoint> points, const UnitLimits& limits,
                       const std::set<std::uint32_t>& apart)
    : points_(points.begin(), points.end()) {
    std::vector<RegisterPoint> factors;
    std::vector<std::uint32_t> needed_by;
    for (std::uint32_t i = 0; i < points_.size(); ++i) {
        const auto& point = points_[i];
        if (!point.scale_factor || is_bit_table(point.table)) continue;
        if (fits_one_request(point, limits) && !apart.contains(i)) continue;
        auto alone = point;
        alone.scale_factor.reset();
        // What does not fit by itself either is the planner's to refuse.
        if (!fits_one_request(alone, limits)) continue;
        far_.emplace(i, Far{decoder_of(point), point.table, point.scale_factor->address,
                            static_cast<std::size_t>(point.registers())});
        factors.push_back(factor_of(point));
        needed_by.push_back(i);
    }
    if (far_.empty()) return;
    auto planned = plan_reads(factors, limits);
    if (!planned) return;  // cannot be: each is one register
    blocks_ = std::move(*planned);
    for (auto& block : blocks_) {
        for (auto& point : block.points) point = needed_by[point];
    }
}

std::vector<RegisterPoint> FarFactors::near() const {
    auto points = points_;
    for (const auto& [index, far] : far_) points[index].scale_factor.reset();
    return points;
}

void FarFactors::before(const ReadBlock& block, std::span<const std::uint16_t> words) {
    for (const auto point : block.points) {
        const auto& far = far_.at(point);
        seen_[{far.table, far.address}] = {words[far.address - block.address], false};
    }
}

void FarFactors::after(const ReadBlock& block, std::span<const std::uint16_t> words) {
    for (const auto point : block.points) {
        const auto& far = far_.at(point);
        const auto found = seen_.find({far.table, far.address});
        if (found == seen_.end()) continue;
        found->second.confirmed = found->second.word == words[far.address - block.address];
    }
}

std::optional<FarFactors::Seen> FarFactors::seen(const Far& far) const {
    const auto found = seen_.find({far.table, far.address});
    return found == seen_.end() ? std::nullopt : std::optional(found->second);
}

Reading FarFactors::decode(std::uint32_t point, std::span<const std::uint16_t> words) const {
    const auto& far = far_.at(point);
    const auto factor = seen(far);
    if (!factor) return {0, Quality::comm_error};
    std::array<std::uint16_t, 5> with_factor{};
    std::copy_n(words.begin(), far.registers, with_factor.begin());
    with_factor[far.registers] = factor->word;
    return far.decoder.decode(with_factor);
}

bool FarFactors::is_certain(std::uint32_t point) const {
    const auto factor = seen(far_.at(point));
    return factor && factor->confirmed;
}

}  // namespace sitepower::modbus
