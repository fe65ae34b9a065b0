#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::seasonal_naive_test {
namespace {

TEST(SeasonalIndex, IsTheSameSlotBeforeTheEnd) {
    const Series series = make_series(400, 0);
    const History history = series.history();
    EXPECT_EQ(seasonal_index(history, 400, 24), 376U);
    EXPECT_EQ(seasonal_index(history, 423, 24), 399U);
    EXPECT_EQ(seasonal_index(history, 424, 24), 376U) << "not yesterday's, which is not known";
    EXPECT_EQ(seasonal_index(history, 400, 168), 232U);
}

TEST(SeasonalIndex, FollowsTheCivilTimeAcrossAClockChange) {
    Series series = make_series(400, 0);
    // From step 390 on the local clock is an hour ahead.
    for (std::size_t t = 390; t < series.slots.size(); ++t) {
        series.slots[t] = static_cast<std::uint16_t>((series.slots[t] + 1U) % 168U);
    }
    const History history = series.history();
    for (std::size_t target = 400; target < 440; ++target) {
        const std::size_t index = seasonal_index(history, target, 24);
        EXPECT_LT(index, 400U);
        if (series.slots[target] % 24 == 6) continue;  // the hour that was skipped that day
        EXPECT_EQ(series.slots[index] % 24, series.slots[target] % 24) << target;
    }
}

TEST(SeasonalIndex, OfAShortHistoryIsItsBeginning) {
    const Series series = make_series(10, 0);
    EXPECT_EQ(seasonal_index(series.history(), 12, 24), 0U);
}

TEST(SeasonalNaive, WeeklyFallsBackToDailyUntilThereIsAWeek) {
    const Series series = make_series(100, 5);
    const SeasonalNaive naive;
    std::vector<double> daily_values(48);
    std::vector<double> weekly_values(48);
    naive.forecast(series.history(), SeasonalNaive::daily, daily_values);
    naive.forecast(series.history(), SeasonalNaive::weekly, weekly_values);
    EXPECT_EQ(daily_values, weekly_values);
    EXPECT_EQ(daily_values[0], series.values[76]);
}

}  // namespace
}  // namespace sitepower::forecast::seasonal_naive_test
