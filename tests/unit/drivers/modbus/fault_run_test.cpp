// Random faults on every kind of link: whatever the device does, no frame may hold anything but the answer to
// the question that was asked for it. SITEPOWER_FAULT_READS sets how many requests each run makes (default
// 6000); `./dev bench faults` makes a million.
#include "tests/support/fault_run.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sitepower::support::fault_run_test {
namespace {

using namespace std::chrono_literals;

std::uint64_t reads_to_make() {
    const char* text = std::getenv("SITEPOWER_FAULT_READS");
    return text == nullptr ? 6000 : std::stoull(text);
}

class FaultRun : public testing::TestWithParam<Wire> {};

INSTANTIATE_TEST_SUITE_P(Wires, FaultRun, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(FaultRun, NoFrameHoldsAnythingButItsOwnAnswer) {
    const auto reads = reads_to_make();
    const auto result = run_faults(
        {.wire = GetParam(), .reads = reads, .lines = 4, .units = 40, .one_in = 15, .seed = 20261122}, 100s);
    EXPECT_EQ(result.wrong, 0U) << result.example;
    EXPECT_GE(result.reads, reads);
    EXPECT_GE(result.values, reads * 8 / 2);
    EXPECT_GT(result.faults, reads / 30);
    EXPECT_GT(result.counters.timeouts, 0U);
    EXPECT_GT(result.counters.bad_frames, 0U);
    EXPECT_GT(result.counters.exceptions, 0U);
    EXPECT_EQ(result.counters.quarantines > 0, GetParam() != Wire::tcp);
}

// The run is worth something only if it finds a defect: the same faults, and nothing is quarantined.
TEST(FaultRunWithoutQuarantine, PublishesWrongValuesOnRtu) {
    for (const Wire wire : {Wire::rtu_over_tcp, Wire::serial}) {
        const auto result = run_faults({.wire = wire,
                                        .reads = 6000,
                                        .lines = 4,
                                        .units = 4,
                                        .one_in = 15,
                                        .seed = 20261122,
                                        .quarantine = false},
                                       60s);
        EXPECT_GT(result.wrong, 0U);
        EXPECT_FALSE(result.example.empty());
        EXPECT_EQ(result.counters.quarantines, 0U);
    }
}

}  // namespace
}  // namespace sitepower::support::fault_run_test
