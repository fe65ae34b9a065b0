// Time zones against hand-made files (what every byte means is RFC 8536) and, where the machine has them,
// against the C library on the real ones.
#include "core/base/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace sitepower::time_zone_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Time at(const char* text) {
    const auto time = parse_time(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(Time{});
}

void put(std::vector<std::uint8_t>& bytes, std::int64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
}

struct Change {
    std::int64_t at_s;
    std::int32_t offset_s;
};

// A file with these changes of the clock and that rule for the future.
std::vector<std::uint8_t> zone_file(std::int32_t first_offset_s, const std::vector<Change>& changes,
                                    const std::string& rule) {
    std::vector<std::uint8_t> bytes;
    const auto header = [&](std::size_t times, std::size_t types) {
        for (const char c : std::string("TZif2")) bytes.push_back(static_cast<std::uint8_t>(c));
        bytes.resize(bytes.size() + 15);
        for (const auto count :
             {std::size_t{0}, std::size_t{0}, std::size_t{0}, times, types, std::size_t{4}})
            put(bytes, static_cast<std::int64_t>(count), 4);
    };
    header(0, 1);
    put(bytes, 0, 6);
    put(bytes, 0, 4);
    header(changes.size(), changes.size() + 1);
    for (const auto& change : changes) put(bytes, change.at_s, 8);
    for (std::size_t i = 0; i < changes.size(); ++i) bytes.push_back(static_cast<std::uint8_t>(i + 1));
    put(bytes, first_offset_s, 4);
    put(bytes, 0, 2);
    for (const auto& change : changes) {
        put(bytes, change.offset_s, 4);
        put(bytes, 0, 2);
    }
    put(bytes, 0, 4);
    for (const char c : "\n" + rule + "\n") bytes.push_back(static_cast<std::uint8_t>(c));
    return bytes;
}

TimeZone zone_of(const std::string& rule) {
    const auto zone = TimeZone::parse(zone_file(0, {}, rule));
    EXPECT_TRUE(zone) << rule;
    return zone ? *zone : TimeZone{};
}

TEST(TimeZone, WithoutAFileIsUtc) {
    const auto local = TimeZone{}.local(at("2026-11-26T13:45:59Z"));
    EXPECT_EQ(local.date, std::chrono::year{2026} / 11 / 26);
    EXPECT_EQ(local.weekday, std::chrono::Thursday);
    EXPECT_EQ(local.since_midnight, hours{13} + minutes{45});
}

TEST(TimeZone, ChangesCountFromTheirMoment) {
    const auto zone = TimeZone::parse(zone_file(600, {{1000, 3600}, {2000, -1800}}, ""));
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->offset(from_ms(999'999)), seconds{600});
    EXPECT_EQ(zone->offset(from_ms(1'000'000)), seconds{3600});
    EXPECT_EQ(zone->offset(from_ms(2'000'000)), seconds{-1800});
    EXPECT_EQ(zone->offset(at("2050-01-01")), seconds{-1800}) << "no rule: the last offset goes on";
}

TEST(TimeZone, TheRuleForTheFutureMovesTheClocks) {
    const auto zone = zone_of("CET-1CEST,M3.5.0,M10.5.0/3");
    EXPECT_EQ(zone.offset(at("2027-03-28T00:59:59Z")), hours{1});
    EXPECT_EQ(zone.offset(at("2027-03-28T01:00:00Z")), hours{2});
    EXPECT_EQ(zone.offset(at("2027-10-31T00:59:59Z")), hours{2});
    EXPECT_EQ(zone.offset(at("2027-10-31T01:00:00Z")), hours{1});
}

TEST(TimeZone, SummerOverTheTurnOfTheYearIsTheSouth) {
    const auto zone = zone_of("AEST-10AEDT,M10.1.0,M4.1.0/3");
    EXPECT_EQ(zone.offset(at("2027-01-01T00:00:00Z")), hours{11});
    EXPECT_EQ(zone.offset(at("2027-07-01T00:00:00Z")), hours{10});
}

TEST(TimeZone, ReadsEveryFormOfARule) {
    EXPECT_EQ(zone_of("<+07>-7").offset(at("2026-01-01")), hours{7});
    EXPECT_EQ(zone_of("NST3:30").offset(at("2026-01-01")), -(hours{3} + minutes{30}));
    // Day 60 without leap days is 1 March, day 59 counted from 0 is 29 February of a leap year.
    const auto julian = zone_of("AAA0BBB,J60/0,J90/0");
    EXPECT_EQ(julian.offset(at("2028-02-29T12:00:00Z")), hours{0});
    EXPECT_EQ(julian.offset(at("2028-03-01T00:00:00Z")), hours{1});
    const auto counted = zone_of("AAA0BBB-3,59/0,90/0");
    EXPECT_EQ(counted.offset(at("2028-02-28T23:59:59Z")), hours{0});
    EXPECT_EQ(counted.offset(at("2028-02-29T00:00:00Z")), hours{3});
    // Egypt: at midnight that ends a Thursday.
    EXPECT_EQ(zone_of("EET-2EEST,M4.5.5/0,M10.5.4/24").offset(at("2026-10-29T20:59:59Z")), hours{3});
    EXPECT_EQ(zone_of("EET-2EEST,M4.5.5/0,M10.5.4/24").offset(at("2026-10-29T21:00:00Z")), hours{2});
}

TEST(TimeZone, RefusesWhatIsNoFile) {
    const auto good = zone_file(0, {{1000, 3600}, {2000, 0}}, "CET-1CEST,M3.5.0,M10.5.0/3");
    ASSERT_TRUE(TimeZone::parse(good));
    for (std::size_t length = 0; length + 1 < good.size(); ++length)
        EXPECT_FALSE(TimeZone::parse(std::span(good).first(length))) << length << " bytes of it";
    auto version_1 = good;
    version_1[4] = 0;
    EXPECT_FALSE(TimeZone::parse(version_1));
    EXPECT_FALSE(TimeZone::parse(zone_file(0, {{2000, 0}, {1000, 0}}, ""))) << "times must rise";
    for (const char* rule :
         {"CET", "-1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
          "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-200", "CET-1CEST,M3.5.0,M10.5.0x"}) {
        EXPECT_FALSE(TimeZone::parse(zone_file(0, {}, rule))) << rule;
    }
}

TEST(TimeZone, AgreesWithTheCLibraryOnRealZones) {
    std::mt19937_64 random(7);
    int zones = 0;
    for (const char* name : {"Europe/Amsterdam", "America/New_York", "Asia/Bangkok", "Australia/Lord_Howe",
                             "Africa/Cairo", "America/Sao_Paulo", "Europe/Dublin"}) {
        std::ifstream stream(std::string("/usr/share/zoneinfo/") + name, std::ios::binary);
        if (!stream) continue;
        ++zones;
        const std::vector<char> chars{std::istreambuf_iterator<char>(stream), {}};
        const std::vector<std::uint8_t> bytes(chars.begin(), chars.end());
        const auto zone = TimeZone::parse(bytes);
        ASSERT_TRUE(zone) << name << ": " << zone.error().message;
        setenv("TZ", name, 1);
        tzset();
        for (int i = 0; i < 2000; ++i) {
            // 1970 to 2060: through the changes of the file and beyond them.
            const auto second = static_cast<std::time_t>(random() % 2'840'000'000ULL);
            std::tm local{};
            localtime_r(&second, &local);
            EXPECT_EQ(zone->offset(from_ms(1000 * second)).count(), local.tm_gmtoff) << name << " " << second;
        }
    }
    unsetenv("TZ");
    tzset();
    if (zones == 0) GTEST_SKIP() << "no tz database on this machine";
}

}  // namespace
}  // namespace sitepower::time_zone_test
