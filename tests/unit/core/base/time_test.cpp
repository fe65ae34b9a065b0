#include "core/base/time.hpp"

#include <gtest/gtest.h>

namespace sitepower::time_test {
namespace {

TEST(Time, FormatsUtcWithMilliseconds) {
    EXPECT_EQ(format_time(from_ms(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(from_ms(1'795'328'068'123)), "2026-11-22T06:14:28.123Z");
    EXPECT_EQ(format_time(from_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Time, ReadsWhatItWrites) {
    for (const std::int64_t ms : {0LL, 1LL, 951'782'400'000LL, 1'795'328'068'123LL, 4'102'444'800'000LL}) {
        EXPECT_EQ(parse_time(format_time(from_ms(ms))), from_ms(ms));
    }
}

TEST(Time, ReadsZonesFractionsAndDates) {
    const auto noon = parse_time("2026-11-22T12:00:00Z");
    ASSERT_TRUE(noon);
    EXPECT_EQ(parse_time("2026-11-22T19:00:00+07:00"), noon);
    EXPECT_EQ(parse_time("2026-11-22T07:30:00-04:30"), noon);
    EXPECT_EQ(parse_time("2026-11-22T12:00:00.5Z"), *noon + Duration{500});
    EXPECT_EQ(parse_time("2026-11-22T12:00:00.123999Z"), *noon + Duration{123});
    EXPECT_EQ(parse_time("2026-11-22"), *noon - std::chrono::hours{12});
}

TEST(Time, RefusesEverythingElse) {
    for (const char* text :
         {"", "yesterday", "2026-13-01", "2026-02-30", "2026-11-22T24:00:00Z", "2026-11-22T12:00Z",
          "2026-11-22T12:00:00", "2026-11-22T12:00:00Zx", "2026-11-22T12:00:00.Z", "-026-11-22",
          "2026-11-22T12:00:00+7:00", "2026-11-22T12:00:00.1234567890Z"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(FloorTo, IsTheLatestMultipleNotAfterTheTime) {
    EXPECT_EQ(floor_to(from_ms(3'600'000), one_hour), from_ms(3'600'000));
    EXPECT_EQ(floor_to(from_ms(3'599'999), one_hour), from_ms(0));
    EXPECT_EQ(floor_to(from_ms(90'061'001), one_day), from_ms(86'400'000));
}

TEST(FloorTo, GoesBackBefore1970Too) {
    EXPECT_EQ(floor_to(from_ms(-1), one_hour), from_ms(-3'600'000));
    EXPECT_EQ(floor_to(from_ms(-3'600'000), one_hour), from_ms(-3'600'000));
}

}  // namespace
}  // namespace sitepower::time_test
