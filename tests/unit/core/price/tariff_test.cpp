#include "core/price/tariff.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace sitepower::tariff_test {
namespace {

using namespace std::chrono_literals;

Time at(const char* text) {
    return parse_time(text).value_or(Time{});
}

// Clocks one hour ahead of UTC, two in summer.
TimeZone amsterdam() {
    std::string bytes = "TZif2";
    bytes.resize(44);
    bytes[39] = 1;  // one type
    bytes[43] = 1;  // one character
    auto file =
        bytes + std::string(7, '\0') + bytes + std::string(7, '\0') + "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    const auto zone = TimeZone::parse({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
    EXPECT_TRUE(zone);
    return zone ? *zone : TimeZone{};
}

Tariff tariff() {
    TariffPeriod winter_peak{.value = 3, .from = 17h, .to = 21h};
    winter_peak.months[0] = winter_peak.months[11] = true;
    for (int day = 1; day <= 5; ++day) winter_peak.weekdays[static_cast<std::size_t>(day)] = true;
    TariffPeriod night{.value = 1, .from = 23h, .to = 7h};
    return {.periods = {winter_peak, night, TariffPeriod{.value = 2}}, .zone = amsterdam()};
}

double price_at(const char* time) {
    const auto steps = tariff_steps(tariff(), at(time), at(time) + 1min);
    EXPECT_EQ(steps.size(), 1U);
    return steps.empty() ? 0 : steps.front().value;
}

TEST(Tariff, GoesByMonthWeekdayAndTheClockOnTheWall) {
    EXPECT_EQ(price_at("2026-12-03T16:00:00Z"), 3) << "a Thursday in December at 17:00";
    EXPECT_EQ(price_at("2026-12-03T15:59:00Z"), 2);
    EXPECT_EQ(price_at("2026-12-03T20:00:00Z"), 2) << "the end is exclusive";
    EXPECT_EQ(price_at("2026-12-05T16:00:00Z"), 2) << "a Saturday";
    EXPECT_EQ(price_at("2026-11-26T16:00:00Z"), 2) << "November";
    EXPECT_EQ(price_at("2026-07-02T21:00:00Z"), 1) << "23:00 in summer";
    EXPECT_EQ(price_at("2026-07-02T20:59:00Z"), 2);
    EXPECT_EQ(price_at("2026-07-03T04:59:00Z"), 1) << "06:59, over midnight";
    EXPECT_EQ(price_at("2026-07-03T05:00:00Z"), 2);
}

TEST(Tariff, TheNightIsAnHourShorterWhenClocksGoForward) {
    Duration night{0};
    for (const auto& step : tariff_steps(tariff(), at("2027-03-27T12:00:00Z"), at("2027-03-28T12:00:00Z"))) {
        if (step.value == 1) night += step.to - step.from;
    }
    EXPECT_EQ(night, 7h);
    night = Duration{0};
    for (const auto& step : tariff_steps(tariff(), at("2027-10-30T12:00:00Z"), at("2027-10-31T12:00:00Z"))) {
        if (step.value == 1) night += step.to - step.from;
    }
    EXPECT_EQ(night, 9h);
}

TEST(Tariff, StepsFollowEachOtherAndDiffer) {
    const auto steps = tariff_steps(tariff(), at("2026-12-01T00:05:00Z"), at("2026-12-08T00:00:00Z"));
    ASSERT_GT(steps.size(), 10U);
    EXPECT_EQ(steps.front().from, at("2026-12-01T00:00:00Z")) << "rounded down";
    EXPECT_EQ(steps.back().to, at("2026-12-08T00:00:00Z"));
    for (std::size_t i = 1; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i - 1].to, steps[i].from);
        EXPECT_NE(steps[i - 1].value, steps[i].value);
    }
}

TEST(Tariff, KnowsAPeriodWithoutRestriction) {
    EXPECT_TRUE(fits_always(TariffPeriod{.value = 1}));
    for (const auto& period : {tariff().periods[0], tariff().periods[1]}) EXPECT_FALSE(fits_always(period));
}

}  // namespace
}  // namespace sitepower::tariff_test
