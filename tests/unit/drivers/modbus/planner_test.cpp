#include "drivers/modbus/planner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <span>

namespace sitepower::modbus::planner_test {
namespace {

RegisterPoint word(std::uint16_t address, ValueType type = ValueType::u16) {
    return {.address = address, .type = type};
}

RegisterPoint scaled(std::uint16_t address, std::uint16_t factor) {
    return {.address = address, .scale_factor = ScaleFactor{.address = factor}};
}

std::vector<ReadBlock> plan(const std::vector<RegisterPoint>& points, const UnitLimits& limits = {}) {
    auto blocks = plan_reads(points, limits);
    EXPECT_TRUE(blocks);
    return blocks ? *blocks : std::vector<ReadBlock>{};
}

TEST(Planner, ReadsNeighboursInOneRequest) {
    const auto blocks = plan({word(12), word(10), word(11)});
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks[0], (ReadBlock{Table::holding, 10, 3, {0, 1, 2}}));
}

TEST(Planner, ReadsAcrossHolesOfAtMostMaxHole) {
    UnitLimits limits{.max_hole = 8};
    EXPECT_EQ(plan({word(0), word(9)}, limits).size(), 1U);
    EXPECT_EQ(plan({word(0), word(10)}, limits).size(), 2U);
    limits.max_hole = 0;
    EXPECT_EQ(plan({word(0), word(1)}, limits).size(), 1U);
    EXPECT_EQ(plan({word(0), word(2)}, limits).size(), 2U);
}

TEST(Planner, StaysWithinMaxRegisters) {
    std::vector<RegisterPoint> points;
    for (std::uint16_t i = 0; i < 126; ++i) points.push_back(word(i));
    const auto blocks = plan(points);
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0].count, 125);
    EXPECT_EQ(blocks[1].address, 125);
    EXPECT_EQ(plan(points, {.max_registers = 26}).size(), 5U);
}

TEST(Planner, NeverDividesAPoint) {
    const auto blocks = plan({word(0, ValueType::u32), word(2, ValueType::f64)}, {.max_registers = 5});
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[1], (ReadBlock{Table::holding, 2, 4, {1}}));
}

TEST(Planner, KeepsAValueWithItsScaleFactor) {
    // The factor stands between the two halves of the map, and both need it.
    const auto blocks = plan({scaled(0, 60), scaled(120, 60), scaled(61, 60)}, {.max_registers = 80});
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0], (ReadBlock{Table::holding, 0, 62, {0, 2}}));
    EXPECT_EQ(blocks[1], (ReadBlock{Table::holding, 60, 61, {1}}));
}

TEST(Planner, DoesNotCrossBarriers) {
    const auto blocks = plan({word(9), word(10), word(11)}, {.barriers = {10}});
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0].points, std::vector<std::uint32_t>{0});
    EXPECT_EQ(blocks[1].points, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Planner, ReadsPointsOneByOneWhenTheDeviceNeedsIt) {
    // Two fields of one register are still one request.
    auto bit = word(1);
    bit.mask = 1;
    const auto blocks = plan({word(0), word(1), bit}, {.one_point_per_request = true});
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[1].points, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Planner, KeepsTablesApart) {
    auto coil = word(0, ValueType::boolean);
    coil.table = Table::coil;
    auto input = word(0);
    input.table = Table::input;
    EXPECT_EQ(plan({word(0), coil, input}).size(), 3U);
}

TEST(Planner, BitsHaveTheirOwnLimit) {
    std::vector<RegisterPoint> points;
    for (std::uint16_t i = 0; i < 2001; ++i) {
        points.push_back({.table = Table::discrete, .address = i, .type = ValueType::boolean});
    }
    EXPECT_EQ(plan(points).size(), 2U);
    EXPECT_EQ(plan(points, {.max_bits = 3000}).size(), 2U) << "the protocol allows 2000";
}

TEST(Planner, RefusesWhatCannotBeRead) {
    EXPECT_FALSE(plan_reads(std::vector{word(65535, ValueType::u32)}, {}));
    EXPECT_FALSE(plan_reads(std::vector{scaled(0, 125)}, {}));
    EXPECT_TRUE(plan_reads(std::vector{scaled(0, 124)}, {}));
    EXPECT_FALSE(plan_reads(std::vector{word(9, ValueType::u32)}, {.barriers = {10}}));
    const auto error = plan_reads(std::vector{word(1), scaled(7, 300)}, {});
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().message,
              "point 1 with its scale factor (addresses 7 to 300) is longer than one request may be");
}

TEST(Planner, NothingToReadIsNoRequest) {
    EXPECT_TRUE(plan({}).empty());
}

TEST(Planner, HalvesABlockAndTrimsTheHole) {
    const std::vector points{word(0), word(1), word(8), word(9)};
    const auto halves = split_block(plan(points).front(), points);
    ASSERT_EQ(halves.size(), 2U);
    EXPECT_EQ(halves[0], (ReadBlock{Table::holding, 0, 2, {0, 1}}));
    EXPECT_EQ(halves[1], (ReadBlock{Table::holding, 8, 2, {2, 3}}));
    const auto single = split_block(halves[0], points);
    ASSERT_EQ(single.size(), 2U);
    EXPECT_TRUE(split_block(single[0], points).empty());
}

// The rules of plan_reads for one set of points, written down independently of it.
bool may_be_one_request(const std::vector<RegisterPoint>& points, const std::vector<std::uint32_t>& chosen,
                        const UnitLimits& limits) {
    std::vector<PointSpan> spans;
    for (const auto index : chosen) spans.push_back(span_of(points[index]));
    std::ranges::sort(spans);
    const auto begin = spans.front().begin;
    auto end = begin;
    for (const auto& span : spans) {
        if (span.begin > end + static_cast<std::uint32_t>(limits.max_hole)) return false;
        end = std::max(end, span.end);
    }
    for (const std::uint32_t barrier : limits.barriers) {
        if (begin < barrier && barrier < end) return false;
    }
    return end - begin <= static_cast<std::uint32_t>(limits.max_registers);
}

using Allowed = std::function<bool(const std::vector<std::uint32_t>&)>;

// Fewest sets, by trying to put each point in every set or in a new one.
std::size_t fewest_requests(std::span<const std::uint32_t> left, const Allowed& allowed,
                            std::vector<std::vector<std::uint32_t>>& sets, std::size_t best) {
    if (sets.size() >= best) return best;
    if (left.empty()) return std::ranges::all_of(sets, allowed) ? sets.size() : best;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        sets[i].push_back(left.front());
        best = fewest_requests(left.subspan(1), allowed, sets, best);
        sets[i].pop_back();
    }
    sets.push_back({left.front()});
    best = fewest_requests(left.subspan(1), allowed, sets, best);
    sets.pop_back();
    return best;
}

std::size_t fewest_requests(const std::vector<std::uint32_t>& points, const Allowed& allowed) {
    std::vector<std::vector<std::uint32_t>> sets;
    return fewest_requests(points, allowed, sets, points.size() + 1);
}

class RandomMap {
  public:
    explicit RandomMap(unsigned seed) : random_(seed) {}

    int draw(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    UnitLimits limits() {
        UnitLimits limits{.max_registers = 6 + draw(10), .max_hole = draw(4)};
        if (draw(3) == 0) limits.barriers.push_back(static_cast<std::uint16_t>(draw(40)));
        return limits;
    }
    // Seven points that fit the limits, within 40 registers.
    std::vector<RegisterPoint> points(const UnitLimits& limits) {
        std::vector<RegisterPoint> points;
        while (points.size() < 7) {
            auto point =
                word(static_cast<std::uint16_t>(draw(40)), draw(3) == 0 ? ValueType::u32 : ValueType::u16);
            if (draw(4) == 0) {
                point.scale_factor = ScaleFactor{.address = static_cast<std::uint16_t>(draw(40))};
            }
            if (plan_reads(std::vector{point}, limits)) points.push_back(point);
        }
        return points;
    }

  private:
    std::mt19937 random_;
};

TEST(Planner, IsOptimalOnRandomMaps) {
    RandomMap map(7);
    for (int round = 0; round < 1500; ++round) {
        const auto limits = map.limits();
        const auto points = map.points(limits);
        const auto blocks = plan(points, limits);
        std::vector<bool> seen(points.size());
        for (const auto& block : blocks) {
            ASSERT_TRUE(may_be_one_request(points, block.points, limits)) << "round " << round;
            for (const auto index : block.points) {
                EXPECT_FALSE(seen[index]);
                seen[index] = true;
                const auto span = span_of(points[index]);
                EXPECT_LE(block.address, span.begin);
                EXPECT_GE(block.address + block.count, span.end);
            }
        }
        EXPECT_TRUE(std::ranges::all_of(seen, [](bool found) { return found; }));
        std::vector<std::uint32_t> all(points.size());
        std::iota(all.begin(), all.end(), 0U);
        EXPECT_EQ(
            blocks.size(),
            fewest_requests(all, [&](const auto& set) { return may_be_one_request(points, set, limits); }))
            << "round " << round;
    }
}

bool holds_whole(const ReadBlock& block, const PointSpan& span) {
    return block.address <= span.begin && span.end <= static_cast<std::uint32_t>(block.address + block.count);
}

// The span that a request for these points has.
ReadBlock request_for(const std::vector<RegisterPoint>& points, const std::vector<std::uint32_t>& chosen) {
    std::uint32_t begin = 0x10000;
    std::uint32_t end = 0;
    for (const auto index : chosen) {
        begin = std::min(begin, span_of(points[index]).begin);
        end = std::max(end, span_of(points[index]).end);
    }
    return {Table::holding, static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end - begin),
            chosen};
}

TEST(Planner, IsOptimalAroundWhatTheDeviceRefuses) {
    RandomMap map(11);
    int refused_inside = 0;
    for (int round = 0; round < 1500; ++round) {
        const auto limits = map.limits();
        const auto points = map.points(limits);
        const auto hated = span_of(points.front());
        const std::vector refused{request_for(points, {0})};
        std::vector<std::uint32_t> left;
        for (std::uint32_t i = 1; i < points.size(); ++i) left.push_back(i);
        const auto blocks = plan_reads_around(points, limits, refused);
        std::size_t covered = 0;
        for (const auto& block : blocks) {
            covered += block.points.size();
            ASSERT_TRUE(may_be_one_request(points, block.points, limits)) << "round " << round;
            const bool unavoidable = std::ranges::any_of(block.points, [&](std::uint32_t index) {
                return holds_whole(request_for(points, {index}), hated);
            });
            EXPECT_TRUE(unavoidable || !holds_whole(block, hated)) << "round " << round;
            refused_inside += unavoidable ? 1 : 0;
        }
        EXPECT_EQ(covered, left.size());
        const bool any_unavoidable = std::ranges::any_of(
            left, [&](std::uint32_t index) { return holds_whole(request_for(points, {index}), hated); });
        if (any_unavoidable) continue;
        EXPECT_EQ(blocks.size(), fewest_requests(left,
                                                 [&](const auto& set) {
                                                     return may_be_one_request(points, set, limits) &&
                                                            !holds_whole(request_for(points, set), hated);
                                                 }))
            << "round " << round;
    }
    EXPECT_GT(refused_inside, 0) << "the hard case occurs";
}

}  // namespace
}  // namespace sitepower::modbus::planner_test
