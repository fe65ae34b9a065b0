#include "daemon/app/wake_moderation.hpp"

#include <gtest/gtest.h>

namespace sitepower::wake_moderation_test {
namespace {

using std::chrono::microseconds;

class WakeModerationTest : public testing::Test {
  protected:
    bool taken_after(microseconds gap, std::size_t readings = 1) {
        now_ += gap;
        return moderation_.taken(readings, now_);
    }
    // Wake-ups of one reading each until the first pause.
    int wakes_until_pause(microseconds gap) {
        for (int wakes = 1; wakes <= 1000; ++wakes) {
            if (taken_after(gap)) return wakes;
        }
        return 0;
    }

    WakeModeration moderation_;
    WakeModeration::Steady now_{std::chrono::seconds(1000)};
};

TEST_F(WakeModerationTest, ReadingsThatComeNowAndThenAreTakenAtOnce) {
    EXPECT_EQ(wakes_until_pause(microseconds(1000)), 0);
}

TEST_F(WakeModerationTest, ABurstOfAFewBusesIsTakenAtOnceEachTime) {
    for (int burst = 0; burst < 100; ++burst) {
        EXPECT_FALSE(taken_after(microseconds(10'000)));
        for (int bus = 1; bus < WakeModeration::stream; ++bus) EXPECT_FALSE(taken_after(microseconds(50)));
    }
}

TEST_F(WakeModerationTest, AStreamIsTakenInPortionsAsLongAsItLasts) {
    EXPECT_EQ(wakes_until_pause(microseconds(100)), WakeModeration::stream + 1);
    EXPECT_TRUE(taken_after(microseconds(1000), 9));
    EXPECT_TRUE(taken_after(microseconds(1000), 2));
    EXPECT_FALSE(taken_after(microseconds(1000), 1));
    EXPECT_EQ(wakes_until_pause(microseconds(100)), WakeModeration::stream);
}

TEST_F(WakeModerationTest, NothingTakenEndsAPause) {
    EXPECT_GT(wakes_until_pause(microseconds(100)), 0);
    EXPECT_FALSE(taken_after(microseconds(1000), 0));
}

}  // namespace
}  // namespace sitepower::wake_moderation_test
