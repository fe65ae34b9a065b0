#include "core/forecast/event.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace sitepower::forecast::event_test {
namespace {

using std::chrono::hours;

const Time noon = *parse_time("2026-11-27T12:00:00Z");

Event sale(std::string id, int from_h = 0, int to_h = 4, std::optional<double> multiplier = {}) {
    return {.id = std::move(id),
            .type = "flash_sale",
            .name = "sale",
            .source = "api",
            .start = noon + hours{from_h},
            .end = noon + hours{to_h},
            .ramp = {},
            .expected_multiplier = multiplier};
}

TEST(EventBook, ExpectsThePriorOfTheType) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a"), noon));
    EXPECT_NEAR(book.effect_at(noon + hours{1}).multiplier, std::sqrt(30.0), 1e-9);
    EXPECT_GT(book.effect_at(noon).log_sigma, 0);
    EXPECT_EQ(book.effect_at(noon - hours{1}).multiplier, 1);
    EXPECT_EQ(book.effect_at(noon + hours{4}).multiplier, 1) << "the end is outside";
    EXPECT_FALSE(book.covers(noon + hours{4}));
}

TEST(EventBook, OverlappingEventsMultiplyUpToTheCap) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4, 3.0), noon));
    ASSERT_TRUE(book.add(sale("b", 2, 6, 0.5), noon));
    EXPECT_NEAR(book.effect_at(noon + hours{3}).multiplier, 1.5, 1e-12);
    EXPECT_NEAR(book.effect_at(noon + hours{5}).multiplier, 0.5, 1e-12);
    ASSERT_TRUE(book.add(sale("c", 0, 6, 10.0), noon));
    EXPECT_EQ(book.effect_at(noon + hours{1}).multiplier, largest_multiplier);
}

TEST(EventBook, RampsUpAndDown) {
    EventBook book;
    Event event = sale("a", 0, 4, 3.0);
    event.ramp = hours{1};
    ASSERT_TRUE(book.add(event, noon));
    EXPECT_EQ(book.effect_at(noon).multiplier, 1);
    EXPECT_NEAR(book.effect_at(noon + std::chrono::minutes{30}).multiplier, 2, 1e-12);
    EXPECT_NEAR(book.effect_at(noon + hours{2}).multiplier, 3, 1e-12);
    EXPECT_NEAR(book.effect_at(noon + std::chrono::minutes{210}).multiplier, 2, 1e-12);
}

TEST(EventBook, CancelledActsNoMore) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4, 3.0), noon));
    ASSERT_TRUE(book.cancel("a"));
    EXPECT_EQ(book.effect_at(noon + hours{1}).multiplier, 1);
    EXPECT_EQ(book.find("a")->status_at(noon), EventStatus::cancelled);
    EXPECT_EQ(book.cancel("b").error().code, ErrorCode::not_found);
}

TEST(EventBook, LearnsWhatWasRealised) {
    EventBook book;
    const double before = book.belief("flash_sale").log_sigma;
    for (int i = 0; i < 8; ++i) {
        const std::string id = std::to_string(i);
        ASSERT_TRUE(book.add(sale(id, 10 * i, 10 * i + 4), noon));
        ASSERT_TRUE(book.close(id, std::vector<double>{400, 410, 9999}, std::vector<double>{100, 100, 0}));
        EXPECT_NEAR(*book.find(id)->realised_multiplier, 4.1, 1e-9);
    }
    EXPECT_NEAR(book.belief("flash_sale").multiplier(), 4.1, 0.3);
    EXPECT_LT(book.belief("flash_sale").log_sigma, before);
    EXPECT_NEAR(book.clean_factor_at(noon), 4.1, 1e-9);
}

TEST(EventBook, LearnsNothingFromWhatCannotBeTold) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4), noon));
    ASSERT_TRUE(book.add(sale("b", 2, 6), noon));
    EXPECT_EQ(book.close("a", std::vector<double>{4}, std::vector<double>{1}).error().code,
              ErrorCode::conflict);
    EXPECT_EQ(book.close("a", {}, {}).error().code, ErrorCode::insufficient_data);
    EXPECT_EQ(book.close("x", {}, {}).error().code, ErrorCode::not_found);
    const auto belief = book.belief("flash_sale");
    EXPECT_EQ(belief.log_mean, prior_of(event_types()[2]).log_mean);
}

TEST(EventBook, RefusesWhatMakesNoSense) {
    EventBook book;
    Event unknown = sale("a");
    unknown.type = "eclipse";
    const auto refused = book.add(unknown, noon);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("flash_sale"), std::string::npos) << "names those there are";
    EXPECT_FALSE(book.add(sale("a", 4, 4), noon));
    EXPECT_FALSE(book.add(sale("a", 0, 4, 0.0), noon));
    EXPECT_FALSE(book.add(sale("a", 0, 4, NAN), noon));
    Event steep = sale("a");
    steep.ramp = hours{3};
    EXPECT_FALSE(book.add(steep, noon));
    ASSERT_TRUE(book.add(sale("a"), noon));
    EXPECT_EQ(book.add(sale("a"), noon).error().code, ErrorCode::conflict);
}

TEST(EventBook, AFullBookMakesRoomOfWhatHasEnded) {
    EventBook book;
    for (std::size_t i = 0; i < EventBook::most_events; ++i) {
        ASSERT_TRUE(book.add(sale(std::to_string(i), 0, i == 0 ? 1 : 4), noon));
    }
    EXPECT_FALSE(book.add(sale("late"), noon));
    EXPECT_TRUE(book.add(sale("late"), noon + hours{2}));
    EXPECT_EQ(book.find("0"), nullptr);
}

TEST(Event, WidensTheForecastUnderIt) {
    const IssuedStep baseline{
        .point = 100,
        .quantiles = {.p50 = 100, .p90 = 110, .p99 = 120, .lower95 = 85, .upper95 = 115, .calibrated = true}};
    const auto step = under({.multiplier = 3, .log_sigma = 0.25}, baseline);
    EXPECT_DOUBLE_EQ(step.point, 300);
    EXPECT_GT(step.quantiles.upper95, 345);
    EXPECT_LT(step.quantiles.lower95, 255);
    EXPECT_GE(step.quantiles.lower95, 0);
    EXPECT_LE(step.quantiles.p50, step.quantiles.p90);
    EXPECT_LE(step.quantiles.p90, step.quantiles.p99);
    const auto same = under({}, baseline);
    EXPECT_NEAR(same.quantiles.upper95, 115, 1e-9);
    EXPECT_NEAR(same.quantiles.lower95, 85, 1e-9);
}

}  // namespace
}  // namespace sitepower::forecast::event_test
