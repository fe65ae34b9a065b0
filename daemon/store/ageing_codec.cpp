#include "daemon/store/ageing_codec.hpp"

#include <algorithm>

namespace sitepower {
namespace {

// More than any battery keeps (Ageing::most_evidence): a damaged count must not ask for gigabytes.
constexpr std::uint64_t most_evidence = 1'000;

void pack(const ThermalAge::PerNode& values, ByteWriter& out) {
    for (const double value : values) out.fixed(value);
}

ThermalAge::PerNode unpack_nodes(ByteReader& in) {
    ThermalAge::PerNode values{};
    for (double& value : values) value = in.fixed<double>();
    return values;
}

}  // namespace

void pack_ageing(const AgeingMemory& memory, ByteWriter& out) {
    const ThermalAge::Memory& thermal = memory.thermal;
    out.fixed(thermal.seen_days);
    pack(thermal.age_days, out);
    for (const auto& month : thermal.recent_days) pack(month, out);
    for (const double days : thermal.recent_seen_days) out.fixed(days);
    out.varint(thermal.month);
    out.byte(memory.fused ? 1 : 0);
    if (memory.fused) {
        out.zigzag(to_ms(memory.fused->time));
        out.fixed(memory.fused->health);
        out.fixed(memory.fused->sigma);
    }
    out.varint(memory.evidence.size());
    for (const AgeingEvidence& evidence : memory.evidence) {
        out.byte(static_cast<std::uint8_t>(evidence.kind));
        out.zigzag(to_ms(evidence.time));
        out.fixed(evidence.value);
        out.fixed(evidence.sigma);
        pack(evidence.age_days, out);
        out.fixed(evidence.cycles);
    }
    out.fixed(memory.cycles.seen_days);
    out.fixed(memory.cycles.cycles);
    out.fixed(memory.cycles.recent_days);
    out.fixed(memory.cycles.recent_cycles);
}

AgeingMemory unpack_ageing(ByteReader& in, bool has_cycles) {
    AgeingMemory memory;
    memory.thermal.seen_days = in.fixed<double>();
    memory.thermal.age_days = unpack_nodes(in);
    for (auto& month : memory.thermal.recent_days) month = unpack_nodes(in);
    for (double& days : memory.thermal.recent_seen_days) days = in.fixed<double>();
    memory.thermal.month = static_cast<std::size_t>(in.varint());
    if (in.byte() != 0) {
        const Time time = from_ms(in.zigzag());
        const auto health = in.fixed<double>();
        memory.fused = HealthEvidence{time, health, in.fixed<double>()};
    }
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < std::min(count, most_evidence) && !in.failed(); ++i) {
        AgeingEvidence& evidence = memory.evidence.emplace_back();
        evidence.kind = static_cast<AgeingEvidence::Kind>(in.byte() % 4U);
        evidence.time = from_ms(in.zigzag());
        evidence.value = in.fixed<double>();
        evidence.sigma = in.fixed<double>();
        evidence.age_days = unpack_nodes(in);
        if (has_cycles) evidence.cycles = in.fixed<double>();
    }
    if (has_cycles) {
        memory.cycles.seen_days = in.fixed<double>();
        memory.cycles.cycles = in.fixed<double>();
        memory.cycles.recent_days = in.fixed<double>();
        memory.cycles.recent_cycles = in.fixed<double>();
    }
    return memory;
}

}  // namespace sitepower
