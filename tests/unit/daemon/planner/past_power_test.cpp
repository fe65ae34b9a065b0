#include "daemon/planner/past_power.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/daemon/planner/making.hpp"

namespace sitepower::past_power_test {
namespace {

using namespace std::chrono_literals;

constexpr Time noon = from_ms(1'795'348'800'000);
const MeasuredPower one{.points = {PointRef{}}, .names = {"ups-1/output.load_kw"}};

TEST(PastPower, ReadsAMonthOnceAndThenWhatIsNew) {
    LoadHistory history;
    history.load = [](Time time) { return double(to_ms(time) / 900'000 % 100); };
    PastPower past;
    const auto first = past.sum(history, one, std::nullopt, noon);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->first, noon - PastPower::memory);
    EXPECT_EQ(first->at(noon - 15min), *history.load(noon - 15min));
    EXPECT_TRUE(std::isnan(first->at(noon))) << "not over";
    EXPECT_EQ(history.last.points.at(0), (PointName{"ups-1", "output.load_kw"}));
    EXPECT_EQ(history.last.resolution, Resolution::quarter);
    const auto second = past.sum(history, one, std::nullopt, noon + 20min);
    ASSERT_TRUE(second);
    EXPECT_EQ(history.last.from, noon - 15min);
    EXPECT_EQ(second->at(noon), *history.load(noon));
    EXPECT_EQ(second->at(noon - 5h), *history.load(noon - 5h)) << "kept from the first time";
}

TEST(PastPower, TheQuarterThatIsNotOverIsWhatIsMeasuredNow) {
    LoadHistory history;
    PastPower past;
    EXPECT_EQ(past.sum(history, one, 55.0, noon + 3min)->at(noon), 55);
    EXPECT_TRUE(std::isnan(past.sum(history, one, std::nullopt, noon + 3min)->at(noon)));
}

TEST(PastPower, ASumIsKnownOnlyWhereAllOfItIs) {
    LoadHistory history;
    history.load = [&](Time time) -> std::optional<double> {
        if (history.last.points[0].device == "b" && time == noon - 30min) return std::nullopt;
        return 10;
    };
    PastPower past;
    const auto sum = past.sum(history, {.points = {{}, {}}, .names = {"a/p", "b/p"}}, std::nullopt, noon);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->at(noon - 15min), 20);
    EXPECT_TRUE(std::isnan(sum->at(noon - 30min)));
    EXPECT_EQ(past.sum(history, {}, std::nullopt, noon)->at(noon), 0) << "of nothing";
}

TEST(PastPower, AClockThatIsSetBackStartsAnew) {
    LoadHistory history;
    PastPower past;
    ASSERT_TRUE(past.sum(history, one, std::nullopt, noon + 100 * 24h));
    const auto back = past.sum(history, one, std::nullopt, noon);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->at(noon - 15min), 40);
    EXPECT_EQ(history.last.from, noon - PastPower::memory);
}

TEST(PastPower, SaysThatTheStoreCannotBeRead) {
    LoadHistory history;
    history.failure = Error{ErrorCode::service_unavailable, "database: locked", ""};
    PastPower past;
    EXPECT_FALSE(past.sum(history, one, 1.0, noon));
}

}  // namespace
}  // namespace sitepower::past_power_test
