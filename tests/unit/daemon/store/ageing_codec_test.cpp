#include "daemon/store/ageing_codec.hpp"

#include <gtest/gtest.h>

#include <span>

namespace sitepower::ageing_codec_test {
namespace {

AgeingMemory some_memory() {
    AgeingMemory memory;
    ThermalAge thermal;
    for (int day = 0; day < 100; ++day) thermal.add(std::chrono::hours(24), 20 + day % 10);
    memory.thermal = thermal.memory();
    memory.evidence.push_back({AgeingEvidence::Kind::capacity, from_ms(7), 0.93, 0.02, {1, 2, 3, 4, 5}});
    memory.evidence.push_back({AgeingEvidence::Kind::ratio, from_ms(8), 1.1, 0.04, {6, 7, 8, 9, 10}});
    memory.evidence.push_back(
        {.kind = AgeingEvidence::Kind::reported, .value = 0.99, .sigma = 0.03, .cycles = -12.5});
    memory.evidence.push_back({.kind = AgeingEvidence::Kind::compared, .value = 0.95, .sigma = 0.2});
    memory.fused = HealthEvidence{from_ms(9), 0.9, 0.03};
    memory.cycles = {.seen_days = 30, .cycles = 12, .recent_days = 29, .recent_cycles = 11};
    return memory;
}

Bytes packed(const AgeingMemory& memory) {
    Bytes data;
    ByteWriter out(data);
    pack_ageing(memory, out);
    return data;
}

TEST(AgeingCodec, ComesBackAsItWas) {
    const AgeingMemory memory = some_memory();
    const Bytes data = packed(memory);
    ByteReader in(data);
    const AgeingMemory back = unpack_ageing(in);
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(back.thermal.age_days, memory.thermal.age_days);
    EXPECT_EQ(back.thermal.recent_days, memory.thermal.recent_days);
    EXPECT_EQ(back.thermal.month, memory.thermal.month);
    ASSERT_EQ(back.evidence.size(), 4U);
    EXPECT_EQ(back.evidence[3].kind, AgeingEvidence::Kind::compared);
    EXPECT_EQ(back.evidence[2].kind, AgeingEvidence::Kind::reported);
    EXPECT_EQ(back.evidence[2].cycles, -12.5);
    EXPECT_EQ(back.cycles.seen_days, 30);
    EXPECT_EQ(back.cycles.cycles, 12);
    EXPECT_EQ(back.cycles.recent_days, 29);
    EXPECT_EQ(back.cycles.recent_cycles, 11);
    EXPECT_EQ(back.evidence[1].kind, AgeingEvidence::Kind::ratio);
    EXPECT_EQ(back.evidence[1].value, 1.1);
    EXPECT_EQ(back.evidence[0].age_days, memory.evidence[0].age_days);
    ASSERT_TRUE(back.fused);
    EXPECT_EQ(back.fused->time, from_ms(9));
    EXPECT_EQ(back.fused->sigma, 0.03);
}

TEST(AgeingCodec, WhatWasPackedBeforeCyclesWereCountedIsRead) {
    AgeingMemory memory = some_memory();
    memory.evidence.clear();
    Bytes data = packed(memory);
    data.resize(data.size() - 4 * sizeof(double));
    ByteReader in(data);
    const AgeingMemory back = unpack_ageing(in, false);
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(back.thermal.age_days, memory.thermal.age_days);
    ASSERT_TRUE(back.fused);
    EXPECT_EQ(back.cycles.cycles, 0);
}

TEST(AgeingCodec, WhatIsCutShortFails) {
    const Bytes data = packed(some_memory());
    for (std::size_t length = 0; length < data.size(); ++length) {
        const std::span<const std::uint8_t> cut(data.data(), length);
        ByteReader in(cut);
        unpack_ageing(in);
        EXPECT_TRUE(in.failed()) << length;
    }
}

}  // namespace
}  // namespace sitepower::ageing_codec_test
