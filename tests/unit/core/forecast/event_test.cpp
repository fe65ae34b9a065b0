#include "core/forecast/event.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace sitepower::forecast::event_test {
namespace {

using std::chrono::hours;

using std::chrono::minutes;

const Time noon = *parse_time("2026-11-27T12:00:00Z");
constexpr Duration minute{minutes{1}};

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
    EXPECT_NEAR(book.effect_on(noon + hours{1}, minute).multiplier, std::sqrt(30.0), 1e-9);
    EXPECT_GT(book.effect_on(noon, minute).log_sigma, 0);
    EXPECT_EQ(book.effect_on(noon - hours{1}, minute).multiplier, 1);
    EXPECT_EQ(book.effect_on(noon + hours{4}, minute).multiplier, 1) << "the end is outside";
    EXPECT_FALSE(book.covers(noon + hours{4}, hours{1}));
}

TEST(EventBook, OverlappingEventsMultiplyUpToTheCap) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4, 3.0), noon));
    ASSERT_TRUE(book.add(sale("b", 2, 6, 0.5), noon));
    EXPECT_NEAR(book.effect_on(noon + hours{3}, minute).multiplier, 1.5, 1e-12);
    EXPECT_NEAR(book.effect_on(noon + hours{5}, minute).multiplier, 0.5, 1e-12);
    ASSERT_TRUE(book.add(sale("c", 0, 6, 10.0), noon));
    EXPECT_EQ(book.effect_on(noon + hours{1}, minute).multiplier, largest_multiplier);
}

TEST(EventBook, RampsUpAndDown) {
    EventBook book;
    Event event = sale("a", 0, 4, 3.0);
    event.ramp = hours{1};
    ASSERT_TRUE(book.add(event, noon));
    EXPECT_NEAR(book.effect_on(noon, minute).multiplier, 1 + 1.0 / 60, 1e-9);
    const auto of_hour = [&](int hour) { return book.effect_on(noon + hours{hour}, hours{1}).multiplier; };
    EXPECT_NEAR(of_hour(0), 2, 1e-9);
    EXPECT_NEAR(of_hour(1), 3, 1e-9);
    EXPECT_NEAR(of_hour(2), 3, 1e-9);
    EXPECT_NEAR(of_hour(3), 2, 1e-9);
    EXPECT_EQ(of_hour(4), 1);
}

TEST(EventBook, CancelledActsNoMore) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4, 3.0), noon));
    ASSERT_TRUE(book.cancel("a", noon));
    EXPECT_EQ(book.effect_on(noon + hours{1}, minute).multiplier, 1);
    EXPECT_EQ(book.find("a")->status_at(noon), EventStatus::cancelled);
    EXPECT_EQ(book.cancel("b", noon).error().code, ErrorCode::not_found);
}

TEST(EventBook, LearnsWhatWasRealised) {
    EventBook book;
    const double before = book.belief("flash_sale").log_sigma;
    for (int i = 0; i < 8; ++i) {
        const std::string id = std::to_string(i);
        ASSERT_TRUE(book.add(sale(id, 10 * i, 10 * i + 4), noon));
        ASSERT_TRUE(book.close(id, std::vector<StepInEvent>{{400, 100}, {410, 100}, {420, 100}, {9999, 0}}));
        EXPECT_NEAR(*book.find(id)->realised_multiplier, 4.1, 1e-9);
    }
    EXPECT_NEAR(book.belief("flash_sale").multiplier(), 4.1, 0.3);
    EXPECT_LT(book.belief("flash_sale").log_sigma, before);
    EXPECT_NEAR(book.effect_on(noon, hours{1}).multiplier, 4.1, 1e-9);
}

TEST(EventBook, ActsOnAStepByTheMeanOfItsFactor) {
    EventBook book;
    Event event = sale("a", 0, 4, 6.0);
    event.start = noon + minutes{10};
    event.end = noon + minutes{30};
    ASSERT_TRUE(book.add(event, noon));
    EXPECT_NEAR(book.effect_on(noon, hours{1}).multiplier, 1 + 5.0 / 3, 1e-9);
    EXPECT_NEAR(book.effect_on(noon, minutes{15}).multiplier, 1 + 5.0 / 3, 1e-9);
    EXPECT_NEAR(book.effect_on(noon + minutes{15}, minutes{15}).multiplier, 6, 1e-9);
    EXPECT_TRUE(book.covers(noon, hours{1}));
    EXPECT_FALSE(book.covers(noon, minutes{10}));
    // One after the other within the hour: neither multiplies the other.
    event.id = "b";
    event.start = noon + minutes{30};
    event.end = noon + minutes{50};
    event.expected_multiplier = 0.4;
    ASSERT_TRUE(book.add(event, noon));
    EXPECT_NEAR(book.effect_on(noon, hours{1}).multiplier, 1 + 5.0 / 3 - 0.2, 1e-9);
}

TEST(EventBook, LearnsFromTheStepsThatAnEventFilledTheMost) {
    EventBook book;
    const auto realised = [&](const char* id, std::vector<StepInEvent> steps) {
        EXPECT_TRUE(book.add(sale(id, 10 * static_cast<int>(book.events().size()),
                                  10 * static_cast<int>(book.events().size()) + 4),
                             noon));
        const auto closed = book.close(id, steps);
        return closed ? *book.find(id)->realised_multiplier : 0;
    };
    EXPECT_NEAR(realised("a", {{30, 100, 1}, {65, 100, 0.5}}), 0.3, 1e-9) << "the hour that was its own";
    EXPECT_NEAR(realised("b", {{267, 100, 1.0 / 3}}), 6, 0.02) << "by its share, where there is none";
    EXPECT_NEAR(realised("c", {{200, 100, 1}, {300, 100, 1}}), 2.5, 1e-9) << "between the two in the middle";
    EXPECT_EQ(realised("d", {{150, 100, 0.1}}), 0) << "too small a share tells nothing";
}

TEST(EventBook, ACancelledEventDidWhatIsToldOfItUntilThenAndNothingElse) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4, 3.0), noon));
    ASSERT_TRUE(book.cancel("a", noon + hours{2}));
    const auto belief = book.belief("flash_sale").log_mean;
    EXPECT_EQ(book.effect_on(noon + hours{1}, hours{1}).multiplier, 1);
    ASSERT_TRUE(book.close("a", std::vector<StepInEvent>{{250, 100}}));
    EXPECT_NEAR(book.effect_on(noon + hours{1}, hours{1}).multiplier, 2.5, 1e-9);
    EXPECT_EQ(book.effect_on(noon + hours{2}, hours{1}).multiplier, 1);
    EXPECT_EQ(book.belief("flash_sale").log_mean, belief) << "no example of its type";
}

TEST(EventBook, LearnsNothingFromWhatCannotBeTold) {
    EventBook book;
    ASSERT_TRUE(book.add(sale("a", 0, 4), noon));
    ASSERT_TRUE(book.add(sale("b", 2, 6), noon));
    EXPECT_EQ(book.close("a", std::vector<StepInEvent>{{4, 1}}).error().code, ErrorCode::conflict);
    EXPECT_EQ(book.close("a", std::vector<StepInEvent>{}).error().code, ErrorCode::insufficient_data);
    EXPECT_EQ(book.close("x", std::vector<StepInEvent>{}).error().code, ErrorCode::not_found);
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
