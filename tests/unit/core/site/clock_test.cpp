#include "core/site/clock.hpp"

#include <gtest/gtest.h>

namespace sitepower::clock_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);

TEST(Clock, FollowsTheWallClockInNormalTimes) {
    Clock clock;
    EXPECT_FALSE(clock.started());
    clock.advance(start);
    const Moment& moment = clock.advance(start + Duration{1'000});
    EXPECT_EQ(moment.wall, start + Duration{1'000});
    EXPECT_EQ(moment.steady, moment.wall);
    EXPECT_EQ(moment.elapsed, moment.wall);
    EXPECT_EQ(moment.steps_back, 0U);
}

TEST(Clock, NeverRunsBackward) {
    Clock clock;
    clock.advance(start);
    const Moment& moment = clock.advance(start - Duration{3'600'000});
    EXPECT_EQ(moment.wall, start - Duration{3'600'000});
    EXPECT_EQ(moment.steady, start);
    EXPECT_EQ(moment.elapsed, start);
    EXPECT_EQ(moment.steps_back, 1U);
    clock.advance(start - Duration{3'599'000});
    EXPECT_EQ(moment.steady, start + Duration{1'000});
}

TEST(Clock, LeavesLeapsOutOfSteadyTimeOnly) {
    Clock clock;
    clock.advance(start);
    const Moment& moment = clock.advance(start + Clock::longest_step);
    EXPECT_EQ(moment.steady, start + Clock::longest_step) << "exactly the limit is no leap";
    clock.advance(moment.wall + Duration{3'600'000});
    EXPECT_EQ(moment.steady, start + Clock::longest_step + Clock::leap_counts_as);
    EXPECT_EQ(moment.elapsed, start + Clock::longest_step + Duration{3'600'000});
}

TEST(Clock, DistrustsImpossibleAges) {
    const Moment moment{start, start, start, 0};
    EXPECT_EQ(plausible_age(moment, start - Duration{40}), Duration{40});
    EXPECT_EQ(plausible_age(moment, start + Duration{40}), Duration{0});
    EXPECT_EQ(plausible_age(moment, start - Duration{3'600'000}), Duration{0});
}

}  // namespace
}  // namespace sitepower::clock_test
