#include "core/site/telling.hpp"

#include <gtest/gtest.h>

namespace sitepower::telling_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

class TellingTest : public testing::Test {
  protected:
    TellingTest() {
        state_.time = start;
        state_.voltage_v = {13.65, "", start};
        state_.status = HealthStatus::healthy;
    }
    std::size_t consider(Time at) {
        std::vector<BatteryState> out;
        telling_.consider(0, state_, Moment{at, at, at, 0}, out);
        return out.size();
    }

    Telling<BatteryState> telling_{1, SiteSettings{}};  // 60 s, 15 min
    BatteryState state_;
};

TEST_F(TellingTest, TellsTheFirstStateAndRepeatsAnUnchangedOne) {
    EXPECT_EQ(consider(start), 1U);
    EXPECT_EQ(consider(start + minutes(15) - seconds(1)), 0U);
    EXPECT_EQ(consider(start + minutes(15)), 1U);
    EXPECT_EQ(consider(start + minutes(16)), 0U);
}

TEST_F(TellingTest, TellsAMovedNumberAtMostEveryInterval) {
    consider(start);
    state_.voltage_v.value = 13.2;
    EXPECT_EQ(consider(start + seconds(59)), 0U);
    EXPECT_EQ(consider(start + seconds(60)), 1U);
    state_.voltage_v.value = 13.21;
    EXPECT_EQ(consider(start + minutes(5)), 0U) << "within the noise";
}

TEST_F(TellingTest, TellsAChangeOfKindAtOnce) {
    consider(start);
    state_.status = HealthStatus::warning;
    EXPECT_EQ(consider(start + seconds(1)), 1U);
    state_.active_alerts = 2;
    EXPECT_EQ(consider(start + seconds(2)), 1U);
    state_.voltage_v = {std::nullopt, "stale_input", start};
    EXPECT_EQ(consider(start + seconds(3)), 1U);
    state_.voltage_v.reason = "out_of_range";
    EXPECT_EQ(consider(start + seconds(4)), 1U) << "unknown for another reason";
    state_.soc_pct.status = EstimateStatus::degraded;
    EXPECT_EQ(consider(start + seconds(5)), 1U);
    EXPECT_EQ(consider(start + seconds(6)), 0U);
}

TEST_F(TellingTest, ABlankStateWaitsButIsToldInTheEnd) {
    state_ = {};
    EXPECT_EQ(consider(start), 0U);
    EXPECT_EQ(consider(start + seconds(59)), 0U);
    EXPECT_EQ(consider(start + seconds(60)), 1U);
    EXPECT_EQ(consider(start + seconds(61)), 0U);
}

TEST_F(TellingTest, TellsAgainAfterTheClockWasSetBack) {
    consider(start);
    EXPECT_EQ(consider(start - minutes(60)), 1U);
    EXPECT_EQ(consider(start - minutes(59)), 0U);
}

TEST(Telling, StringsAndUpsesChangeInKindToo) {
    StringState a;
    StringState b = a;
    EXPECT_FALSE(differs_in_kind(a, b));
    b.weakest = BatteryIndex{3};
    EXPECT_TRUE(differs_in_kind(a, b));
    a.weakest = BatteryIndex{4};
    EXPECT_FALSE(differs_in_kind(a, b)) << "which one is the weakest is a number";
    EXPECT_TRUE(differs_in_number(a, b));
    UpsState on_mains;
    on_mains.on_battery = false;
    UpsState on_battery = on_mains;
    EXPECT_FALSE(differs_in_kind(on_mains, on_battery));
    on_battery.on_battery = true;
    EXPECT_TRUE(differs_in_kind(on_mains, on_battery));
}

}  // namespace
}  // namespace sitepower::telling_test
