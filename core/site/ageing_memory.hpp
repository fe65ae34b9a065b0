// What is kept of a battery's ageing over a restart: its heat so far, and the evidence from which its health
// and life are worked out again. Plain values; stored by the daemon.
#pragma once

#include <optional>
#include <vector>

#include "core/battery/rul/particle/thermal_age.hpp"
#include "core/battery/rul/trajectory/cycle_age.hpp"
#include "core/battery/soh/evidence.hpp"

namespace sitepower {

struct AgeingEvidence {
    // Of `reported`, the battery's own electronics are the witness. `compared` is no evidence: what they said
    // when the capacity was tested, with how far from the test that was as sigma.
    enum class Kind : std::uint8_t { capacity = 0, ratio = 1, reported = 2, compared = 3 };
    Kind kind{};
    Time time{};
    double value = 0;  // health, or resistance over its baseline
    double sigma = 0;
    ThermalAge::PerNode age_days{};  // of the battery at that time
    double cycles = 0;               // seen until then (CycleAge); negative before the first that was seen
};

struct AgeingMemory {
    ThermalAge::Memory thermal;
    std::vector<AgeingEvidence> evidence;  // oldest first
    std::optional<HealthEvidence> fused;   // of a battery without a model of its ageing
    CycleAge::Memory cycles;               // of a lithium battery
};

}  // namespace sitepower
