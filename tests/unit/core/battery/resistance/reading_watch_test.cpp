#include "core/battery/resistance/reading_watch.hpp"

#include <gtest/gtest.h>

namespace sitepower::reading_watch_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

TEST(ReadingWatch, AValueThatIsHeldIsOneMeasurementADay) {
    ReadingWatch watch;
    int measurements = 0;
    for (Duration passed{}; passed < hours(71); passed += minutes(1)) {
        measurements += watch.take(0.0045, true, start + passed) ? 1 : 0;
    }
    EXPECT_EQ(measurements, 3);
}

TEST(ReadingWatch, AnotherValueIsAnotherMeasurementButNotWithinAMinute) {
    ReadingWatch watch;
    EXPECT_TRUE(watch.take(0.0045, true, start));
    EXPECT_FALSE(watch.take(0.0046, true, start + seconds(59)));
    EXPECT_TRUE(watch.take(0.0047, true, start + seconds(60)));
    EXPECT_FALSE(watch.take(0.0047, true, start + seconds(120)));
}

TEST(ReadingWatch, WhatWasMeasuredInADischargeCountsNotEvenAfterIt) {
    ReadingWatch watch;
    EXPECT_TRUE(watch.take(0.0045, true, start));
    EXPECT_FALSE(watch.take(0.0090, false, start + seconds(1)));
    EXPECT_FALSE(watch.is_of_float());
    EXPECT_FALSE(watch.take(0.0090, true, start + hours(2)));
    EXPECT_FALSE(watch.is_of_float());
    EXPECT_TRUE(watch.take(0.0090, true, start + hours(24) + seconds(1))) << "measured again, and the same";
    EXPECT_TRUE(watch.is_of_float());
}

TEST(ReadingWatch, AStartInADischargeCondemnsNoValue) {
    ReadingWatch watch;
    EXPECT_FALSE(watch.take(0.0045, false, start));
    EXPECT_FALSE(watch.is_of_float());
    EXPECT_TRUE(watch.take(0.0045, true, start + seconds(10)));
}

TEST(ReadingWatch, WhatWasMeasuredBeforeADischargeStaysOfFloat) {
    ReadingWatch watch;
    EXPECT_TRUE(watch.take(0.0045, true, start));
    EXPECT_FALSE(watch.take(0.0045, false, start + hours(1)));
    EXPECT_TRUE(watch.is_of_float());
    EXPECT_FALSE(watch.take(0.0045, true, start + hours(2)));
    EXPECT_TRUE(watch.is_of_float());
}

}  // namespace
}  // namespace sitepower::reading_watch_test
