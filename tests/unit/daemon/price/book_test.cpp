#include "daemon/price/book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sitepower::book_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time start = from_ms(1'795'305'600'000);  // midnight

PriceSettings settings(std::string id, decltype(PriceSettings::source) source) {
    PriceSettings made;
    made.id = std::move(id);
    made.currency = "EUR";
    made.source = std::move(source);
    return made;
}

PriceBook book_of(PriceSettings of) {
    return {{std::move(of)}, start};
}

constexpr auto nothing = [](PointRef) -> const LatestValue* { return nullptr; };

std::vector<PriceStep> hours(Time from, int count, double first) {
    std::vector<PriceStep> steps;
    for (int i = 0; i < count; ++i) steps.push_back({from + i * 1h, from + (i + 1) * 1h, first + i});
    return steps;
}

TEST(PriceBook, ATariffIsKnownAWeekEitherWay) {
    auto book = book_of(settings("t", Tariff{.periods = {TariffPeriod{.value = 0.2}}, .zone = {}}));
    book.tick(start, nothing);
    const auto& entry = book.entries()[0];
    EXPECT_EQ(entry.series.at(start - 7 * 24h), 0.2);
    EXPECT_EQ(entry.series.at(start + 7 * 24h), 0.2);
    book.tick(start + 3 * 24h, nothing);
    EXPECT_EQ(entry.series.at(start + 10 * 24h), 0.2);
    EXPECT_THAT(book.why_stale(start + 3 * 24h), IsEmpty());
    EXPECT_THAT(book.take_fresh(), IsEmpty()) << "what can be worked out is not stored";
}

TEST(PriceBook, AFeedIsLookedAtOnceAndThenByItsInterval) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    const auto look = book.next_look(start);
    ASSERT_TRUE(look);
    EXPECT_FALSE(book.next_look(start + 10min)) << "the first look is not over";
    book.take(*look, hours(start, 2, 1), start + 11min);
    EXPECT_TRUE(book.next_look(start + 11min)) << "the interval counts from the order";
    EXPECT_FALSE(book.next_look(start - 1h)) << "under way";
}

TEST(PriceBook, AClockThatIsSetBackDoesNotStopTheLooks) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    book.take(*book.next_look(start), hours(start, 2, 1), start);
    EXPECT_FALSE(book.next_look(start + 1min));
    EXPECT_TRUE(book.next_look(start - 1h));
}

TEST(PriceBook, WhatSomebodyPublishesIsHeard) {
    auto book = book_of(settings("m", PriceTopic{"market/nl", {"", "/at", "/eur"}}));
    EXPECT_FALSE(book.next_look(start)) << "nothing to look at";
    book.hear("market/be", R"([{"at": 1795305600, "eur": 90}])", start);
    EXPECT_FALSE(book.entries()[0].updated) << "of another topic";
    book.hear("market/nl", R"([{"at": 1795305600, "eur": 90}, {"at": 1795309200, "eur": -5}])", start);
    EXPECT_DOUBLE_EQ(*book.entries()[0].series.at(start + 30min), 0.09);
    EXPECT_DOUBLE_EQ(*book.entries()[0].series.at(start + 90min), -0.005);
    EXPECT_THAT(book.take_fresh(), SizeIs(2));
    EXPECT_THAT(book.why_stale(start), IsEmpty());
    book.hear("market/nl", "{}", start + 1min);
    EXPECT_EQ(book.entries()[0].updated, start) << "no news";
    EXPECT_THAT(book.entries()[0].trouble, testing::Not(IsEmpty()));
    EXPECT_THAT(book.why_stale(start + 61min), HasSubstr("no news since"));
}

TEST(PriceBook, ASinglePriceIsThatOfThePresent) {
    auto book = book_of(settings("m", PriceTopic{"market/now", {{}, "", ""}}));
    book.hear("market/now", "100", start);
    book.hear("market/now", "80", start + 10min);
    EXPECT_DOUBLE_EQ(*book.entries()[0].series.at(start + 9min), 0.1);
    EXPECT_DOUBLE_EQ(*book.entries()[0].series.at(start + 11min), 0.08);
}

TEST(PriceBook, OnlyNewsGoToTheStore) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    book.take(*book.next_look(start), hours(start, 3, 1), start);
    EXPECT_THAT(book.take_fresh(), SizeIs(3));
    auto again = hours(start, 4, 1);
    again[1].value = 7;
    book.take(*book.next_look(start + 10min), again, start + 10min);
    const auto fresh = book.take_fresh();
    ASSERT_THAT(fresh, SizeIs(2));
    EXPECT_EQ(fresh[0].step.value, 7);
    EXPECT_EQ(fresh[1].step.from, start + 3h);
    EXPECT_THAT(book.take_fresh(), IsEmpty());
}

TEST(PriceBook, WhatIsFarOffIsNotTaken) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    book.take(*book.next_look(start), hours(start - 30 * 24h, 24 * 60, 0), start);
    const auto& steps = book.entries()[0].series.steps();
    EXPECT_GE(steps.front().to, start - price_memory);
    EXPECT_LT(steps.back().from, start + 14 * 24h);
    book.tick(start + 9 * 24h, nothing);
    EXPECT_GE(steps.front().to, start + 24h);
}

TEST(PriceBook, ALookFromBeforeAReloadIsDropped) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    const auto look = book.next_look(start);
    book.configure({settings("f", PriceFile{"/other", {}})}, start);
    book.take(*look, hours(start, 2, 1), start);
    EXPECT_THAT(book.entries()[0].series.steps(), IsEmpty());
    EXPECT_TRUE(book.next_look(start)) << "and the new source is looked at";
}

TEST(PriceBook, SaysWhyAFeedIsStale) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    EXPECT_THAT(book.why_stale(start), IsEmpty()) << "nobody has looked yet";
    auto look = book.next_look(start);
    EXPECT_THAT(book.why_stale(start), IsEmpty()) << "the first look is under way";
    book.take(*look, Error{ErrorCode::service_unavailable, "/f: the file cannot be opened", ""}, start);
    EXPECT_THAT(book.why_stale(start),
                HasSubstr("f: no price of the present: /f: the file cannot be opened"));
    look = book.next_look(start + 10min);
    book.take(*look, hours(start, 30, 1), start + 10min);
    EXPECT_THAT(book.why_stale(start + 10min), IsEmpty());
    look = book.next_look(start + 20min);
    book.take(*look, Error{ErrorCode::service_unavailable, "/f: gone", ""}, start + 20min);
    EXPECT_THAT(book.why_stale(start + 60min), IsEmpty()) << "the prices of today are known all the same";
    EXPECT_THAT(book.why_stale(start + 71min), HasSubstr("no news since 2026-11-22T00:10:00.000Z: /f: gone"));
    look = book.next_look(start + 31h);
    book.take(*look, hours(start, 30, 1), start + 31h);
    EXPECT_THAT(book.why_stale(start + 31h), HasSubstr("no price of the present"));
}

TEST(PriceBook, FollowsAPoint) {
    auto book = book_of(settings("p", PricePoint{{}, "M/price"}));
    LatestValue value{.value = 100, .quality = Quality::good, .time = start, .seen = true};
    const auto latest = [&](PointRef) -> const LatestValue* { return &value; };
    book.tick(start, latest);
    book.tick(start + 1s, latest);
    EXPECT_THAT(book.take_fresh(), SizeIs(1));
    EXPECT_EQ(book.entries()[0].series.at(start + 1s), 0.1);
    value.time = start + 5min;
    book.tick(start + 5min, latest);
    EXPECT_THAT(book.take_fresh(), IsEmpty()) << "the same price of the same quarter";
    value.time = start + 6min;
    value.value = 50;
    book.tick(start + 6min, latest);
    EXPECT_THAT(book.take_fresh(), SizeIs(1));
    EXPECT_EQ(book.entries()[0].series.at(start + 5min), 0.1);
    EXPECT_EQ(book.entries()[0].series.at(start + 6min), 0.05);
    value.time = start + 16min;
    book.tick(start + 16min, latest);
    EXPECT_THAT(book.take_fresh(), SizeIs(1)) << "a new quarter";
}

TEST(PriceBook, APointThatIsNotGoodBringsNothingAndGoesStale) {
    auto book = book_of(settings("p", PricePoint{{}, "M/price"}));
    LatestValue value{.value = 100, .quality = Quality::comm_error, .time = start, .seen = true};
    const auto latest = [&](PointRef) -> const LatestValue* { return &value; };
    book.tick(start, latest);
    EXPECT_THAT(book.entries()[0].series.steps(), IsEmpty());
    EXPECT_THAT(book.why_stale(start + 61min), HasSubstr("no news since the start: the point is comm_error"));
    value.seen = false;
    book.tick(start, latest);
    EXPECT_THAT(book.why_stale(start + 61min), HasSubstr("not read yet"));
    value = {.value = 1e300, .quality = Quality::good, .time = start, .seen = true};
    book.tick(start, latest);
    EXPECT_THAT(book.entries()[0].series.steps(), IsEmpty());
    EXPECT_THAT(book.why_stale(start + 61min), HasSubstr("the point says 1e+300, which is no price"));
}

TEST(PriceBook, WhatTheStoreKnowsStandsBehindNewerNews) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    book.take(*book.next_look(start), hours(start, 2, 10), start);
    book.restore("f", hours(start - 2h, 4, 1), start);
    const auto& series = book.entries()[0].series;
    EXPECT_EQ(series.at(start - 2h), 1);
    EXPECT_EQ(series.at(start), 10);
    book.restore("unknown", hours(start, 1, 1), start);
    EXPECT_EQ(book.find("unknown"), nullptr);
}

}  // namespace
}  // namespace sitepower::book_test
