#include "bench/harness/ledger.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sitepower::bench {
namespace {

class LedgerTest : public testing::Test {
  protected:
    void take(const std::string& device, int number, const std::string& id, bool backlog = false) {
        const auto topic =
            fmt::format("sitepower/v1/bench/{}device/{}/readings", backlog ? "backlog/" : "", device);
        const auto payload =
            fmt::format(R"({{"device":"{}","id":"{}","counter":{},"stamp":0}})", device, id, number);
        ledger_.receive(
            {.topic = topic, .payload = payload, .arrived = now_ += std::chrono::milliseconds(1)});
    }

    SteadyTime now_{std::chrono::hours(1)};
    Ledger ledger_;
};

TEST_F(LedgerTest, CountsWhatIsMissingAndTheLongestRunOfIt) {
    for (const int number : {1, 2, 5, 6, 10}) take("A", number, fmt::format("a{}", number));
    for (const int number : {7, 8, 10}) take("B", number, fmt::format("b{}", number));
    EXPECT_EQ(ledger_.heard(), 2U);
    EXPECT_EQ(ledger_.frames(), 8U);
    EXPECT_EQ(ledger_.lost(), 2U + 3U + 1U);
    EXPECT_EQ(ledger_.longest_gap(), 3U);
    take("A", 8, "a8", true);
    EXPECT_EQ(ledger_.lost(), 5U) << "what came as backlog is not missing";
    EXPECT_EQ(ledger_.longest_gap(), 2U);
}

TEST_F(LedgerTest, TellsRepeatedFromChanged) {
    take("A", 1, "a1");
    take("A", 1, "a1");
    EXPECT_EQ(ledger_.repeated(), 1U);
    EXPECT_EQ(ledger_.changed(), 0U);
    take("A", 2, "a1");
    EXPECT_EQ(ledger_.changed(), 1U);
}

TEST_F(LedgerTest, TimesOnlyTheBacklogOfTheOutage) {
    take("A", 1, "a1", true);
    EXPECT_EQ(ledger_.drain().frames, 0U);
    ledger_.begin_outage();
    take("A", 2, "a2", true);
    take("A", 3, "a3", true);
    EXPECT_EQ(ledger_.drain().frames, 2U);
    EXPECT_EQ(ledger_.drain().last - ledger_.drain().first, std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace sitepower::bench
