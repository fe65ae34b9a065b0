#include "core/forecast/issued_forecasts.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace sitepower::forecast::issued_forecasts_test {
namespace {

using std::chrono::hours;

const Time start = *parse_time("2026-11-27T12:00:00Z");

// Hours from `first` on; each says `value` plus its place.
std::vector<ForecastStep> said(Time first, double value, std::size_t count = IssuedForecasts::horizon) {
    std::vector<ForecastStep> steps;
    for (std::size_t i = 0; i < count; ++i) {
        const double point = value + static_cast<double>(i);
        steps.push_back({.valid_at = first + hours{static_cast<std::int64_t>(i)},
                         .forecast = {.point = point,
                                      .quantiles = {.p50 = point,
                                                    .p90 = point + 1,
                                                    .p99 = point + 2,
                                                    .lower95 = point - 3,
                                                    .upper95 = point + 3}}});
    }
    return steps;
}

TEST(IssuedForecasts, AllThatWasSaidOfAnHourIsThere) {
    IssuedForecasts issued;
    for (int h = 0; h < 60; ++h) issued.issue(start + hours{h}, said(start + hours{h}, 1000.0 * h));
    const Time hour = start + hours{59};
    const auto of_it = issued.said_of(hour, hour + hours{1});
    ASSERT_EQ(of_it.size(), IssuedForecasts::horizon) << "from two days ahead to one hour";
    EXPECT_EQ(of_it.back().point, 59'000);
    EXPECT_EQ(of_it.front().point, 12'000 + 47);
    EXPECT_EQ(of_it.front().quantiles.p90, 12'000 + 48);
    EXPECT_EQ(of_it.front().quantiles.p99, 12'000 + 49);
    EXPECT_EQ(of_it.front().quantiles.lower95, 12'000 + 44);
    EXPECT_EQ(of_it.front().quantiles.upper95, 12'000 + 50);
}

TEST(IssuedForecasts, WhatWasSaidWhenTheValueWasKnownIsNoForecast) {
    IssuedForecasts issued;
    issued.issue(start, said(start, 1));
    issued.issue(start + hours{1}, said(start + hours{1}, 2));
    EXPECT_EQ(issued.said_of(start + hours{5}, start + hours{1}).size(), 1U);
    EXPECT_EQ(issued.said_of(start + hours{5}, start + hours{2}).size(), 2U);
}

TEST(IssuedForecasts, OneThatIsSaidAgainTakesThePlace) {
    IssuedForecasts issued;
    issued.issue(start, said(start, 1));
    issued.issue(start, said(start, 9));
    const auto of_it = issued.said_of(start, Time::max());
    ASSERT_EQ(of_it.size(), 1U);
    EXPECT_EQ(of_it.front().point, 9);
}

TEST(IssuedForecasts, KeepsADayThatIsOver) {
    IssuedForecasts issued;
    const int end = 200;
    for (int h = 0; h < end; ++h) issued.issue(start + hours{h}, said(start + hours{h}, 0, 60));
    const Time newest = start + hours{end - 1};
    EXPECT_EQ(issued.said_of(newest - hours{23}, Time::max()).size(), IssuedForecasts::horizon);
    EXPECT_LT(issued.said_of(newest - hours{48}, Time::max()).size(), IssuedForecasts::horizon);
    EXPECT_TRUE(issued.said_of(newest - hours{72}, Time::max()).empty());
}

TEST(IssuedForecasts, WhatIsMetExactlyLiesInAnIntervalOfNoWidth) {
    IssuedForecasts issued;
    const double value = 0.1;
    issued.issue(
        start,
        std::vector<ForecastStep>{
            {.valid_at = start,
             .forecast = {.point = value, .quantiles = {.p50 = value, .lower95 = value, .upper95 = value}}}});
    const auto of_it = issued.said_of(start, Time::max());
    ASSERT_EQ(of_it.size(), 1U);
    EXPECT_EQ(of_it[0].quantiles.lower95, as_kept(value));
    EXPECT_EQ(of_it[0].quantiles.upper95, as_kept(value));
    EXPECT_NEAR(as_kept(value), value, 1e-8);
}

TEST(IssuedForecasts, AReloadedOneGoesOn) {
    IssuedForecasts issued;
    for (int h = 0; h < 10; ++h) issued.issue(start + hours{h}, said(start + hours{h}, h));
    BlobWriter writer;
    issued.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    IssuedForecasts reloaded;
    reloaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    const auto before = issued.said_of(start + hours{9}, Time::max());
    const auto after = reloaded.said_of(start + hours{9}, Time::max());
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].point, after[i].point);
}

TEST(IssuedForecasts, RefusesWhatIsNotOne) {
    BlobWriter writer;
    writer.put(std::uint64_t{IssuedForecasts::most + 1});
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    IssuedForecasts issued;
    issued.load(*reader);
    EXPECT_FALSE(reader->ok());
}

}  // namespace
}  // namespace sitepower::forecast::issued_forecasts_test
