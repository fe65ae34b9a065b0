#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "core/base/identifier.hpp"
#include "core/base/quality.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower::time_law_test {
namespace {

TEST(TimeLaw, EveryMillisecondOfTenThousandYearsReadsBackAndAgreesWithTheLibrary) {
    std::mt19937_64 random(1);
    constexpr std::int64_t first_ms = -62'135'596'800'000;  // 0001-01-01
    constexpr std::int64_t last_ms = 253'402'300'799'999;   // the last of 9999
    for (int i = 0; i < 20'000; ++i) {
        const auto ms = first_ms + static_cast<std::int64_t>(random() % (last_ms - first_ms + 1));
        const auto text = format_time(from_ms(ms));
        ASSERT_EQ(parse_time(text), from_ms(ms)) << text;
        const std::time_t seconds = (ms - ((ms % 1000) + 1000) % 1000) / 1000;
        std::tm utc{};
        ASSERT_NE(gmtime_r(&seconds, &utc), nullptr);
        char expected[100];
        std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d", utc.tm_year + 1900,
                      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
        ASSERT_EQ(text.substr(0, 19), expected);
    }
    EXPECT_EQ(parse_time(format_time(from_ms(last_ms))), from_ms(last_ms));
}

TEST(TimeLaw, AZoneShiftsByItsMinutes) {
    std::mt19937 random(2);
    const auto utc = parse_time("2026-03-01T00:00:00.250Z");
    ASSERT_TRUE(utc);
    for (int i = 0; i < 500; ++i) {
        const int minutes = static_cast<int>(random() % (14 * 60 + 60)) * (random() % 2 ? 1 : -1);
        char zone[32];
        std::snprintf(zone, sizeof zone, "%c%02d:%02d", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                      std::abs(minutes) % 60);
        EXPECT_EQ(parse_time(std::string("2026-03-01T00:00:00.250") + zone),
                  *utc - std::chrono::minutes(minutes))
            << zone;
    }
    EXPECT_FALSE(parse_time("2026-03-01T00:00:00+15:00"));
    EXPECT_FALSE(parse_time("2026-03-01T00:00:00+00:60"));
}

TEST(TimeLaw, DaysExistOrAreRefused) {
    for (const char* day : {"2024-02-29", "2000-02-29", "2026-12-31", "2026-04-30"})
        EXPECT_TRUE(parse_time(day)) << day;
    for (const char* day : {"2026-02-29", "1900-02-29", "2026-04-31", "2026-00-01", "2026-01-00", "2026-1-01",
                            "+026-01-01", "2026-01- 1", "26-01-01"}) {
        EXPECT_FALSE(parse_time(day)) << day;
    }
    // A leap second is the first moment of the next minute.
    EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01"));
    EXPECT_FALSE(parse_time("2016-12-31T23:59:61Z"));
}

// Whatever arrives over a wire: an answer or a refusal, and what is accepted says the same when written anew.
TEST(TimeLaw, AnyTextIsReadOrRefused) {
    std::mt19937 random(3);
    const std::string characters = "0123456789-:TZ.+ x";
    for (int i = 0; i < 50'000; ++i) {
        std::string text = "2026-11-22T06:14:28.123Z";
        for (auto edits = 1 + random() % 3; edits > 0; --edits) {
            const auto at = random() % text.size();
            switch (random() % 3) {
                case 0:
                    text[at] = characters[random() % characters.size()];
                    break;
                case 1:
                    text.erase(at, 1);
                    break;
                default:
                    text.insert(at, 1, characters[random() % characters.size()]);
            }
        }
        if (const auto time = parse_time(text)) {
            EXPECT_EQ(parse_time(format_time(*time)), time) << text;
        }
    }
}

TEST(IdentifierLaw, EachCharacterIsAllowedOrBreaksTheWhole) {
    for (int c = 0; c < 256; ++c) {
        const auto character = static_cast<char>(c);
        const bool allowed = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             c == '_' || c == '-';
        EXPECT_EQ(is_identifier(std::string(1, character)), allowed) << c;
        EXPECT_EQ(is_identifier(std::string("ab") + character + "cd"), allowed) << c;
    }
}

TEST(QualityLaw, ANumberThatNobodyKnowsHasAWordAndNoWordOfItsOwn) {
    for (int i = 6; i < 256; ++i) EXPECT_EQ(to_string(static_cast<Quality>(i)), "unknown");
    EXPECT_FALSE(parse_quality("unknown"));
    EXPECT_FALSE(parse_quality(""));
    EXPECT_FALSE(parse_quality("Good"));
}

TEST(ResultLaw, HoldsOneOfTheTwoAndGivesItAway) {
    Result<std::string> good = std::string("a value that is too long to be stored in place");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->size(), 46U);
    const std::string taken = std::move(good).value();
    EXPECT_EQ(taken.size(), 46U);
    const Result<std::string> bad = Error{ErrorCode::conflict, "taken", "by mia"};
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::conflict);
    EXPECT_EQ(bad.error().detail, "by mia");
}

}  // namespace
}  // namespace sitepower::time_law_test
