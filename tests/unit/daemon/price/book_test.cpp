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

TEST(PriceBook, AWordThatIsRepeatedIsNewsOncePerQuarter) {
    auto book = book_of(settings("m", PriceTopic{"market/now", {{}, "", ""}}));
    std::size_t kept = 0;
    const auto before = book.revision();
    for (auto time = start; time < start + 2h; time += 1s) {
        book.hear("market/now", "80", time);
        kept += book.take_fresh().size();
    }
    EXPECT_EQ(kept, 8U);
    EXPECT_EQ(book.revision() - before, 8U);
    EXPECT_THAT(book.entries()[0].series.steps(), SizeIs(1));
    EXPECT_EQ(book.entries()[0].updated, start + 2h - 1s);
    EXPECT_GE(book.entries()[0].series.known_until(start + 2h), start + 3h - 1s);
}

TEST(PriceBook, AWordThatChangesAllTheTimeLeavesTheWeekInMemory) {
    auto book = book_of(settings("m", PriceTopic{"market/now", {{}, "", ""}}));
    book.hear("market/now", "70", start);
    for (auto time = start + 1min; time < start + 7 * 24h; time += 1min) {
        book.hear("market/now", time.time_since_epoch() % 2min == 0min ? "80" : "81", time);
    }
    EXPECT_DOUBLE_EQ(book.entries()[0].series.at(start + 6min).value_or(0) * 1000, 81);
    EXPECT_LT(book.entries()[0].series.steps().size(), PriceSeries::most_steps);
}

TEST(PriceBook, AnOlderWordDoesNotComeBack) {
    auto of = settings("m", PriceTopic{"market/now", {{}, "", ""}});
    auto book = book_of(of);
    book.hear("market/now", "100", start);
    of.stale_after = 10min;
    book.configure({of}, start + 6min);
    book.hear("market/now", "80", start + 6min);
    const auto& series = book.entries()[0].series;
    EXPECT_EQ(series.at(start + 5min), 0.1);
    EXPECT_EQ(series.at(start + 16min), 0.08);
    EXPECT_EQ(series.at(start + 50min), std::nullopt);
    PriceBook restarted({of}, start + 20min);
    std::vector<PriceStep> rows;
    for (const auto& fresh : book.take_fresh()) {
        std::erase_if(rows, [&](const PriceStep& row) { return row.from == fresh.step.from; });
        rows.push_back(fresh.step);
    }
    restarted.restore("m", rows, start + 20min);
    EXPECT_EQ(restarted.entries()[0].series.steps(), series.steps());
}

TEST(PriceBook, AReloadKeepsWhatIsKnownOfASeriesThatTellsTheSame) {
    const PriceTopic source{"market/nl", {"", "/at", "/eur"}};
    auto of = settings("m", source);
    auto book = book_of(of);
    book.hear("market/nl", R"([{"at": 1795305600, "eur": 90}, {"at": 1795309200, "eur": -5}])", start);
    const auto revision = book.revision("m");
    of.stale_after = 2h;
    book.configure({settings("other", PriceFile{"/f", {}}), of}, start + 10min);
    const auto* entry = book.find("m");
    ASSERT_NE(entry, nullptr);
    EXPECT_THAT(entry->series.steps(), SizeIs(2));
    EXPECT_EQ(entry->updated, start) << "no news";
    EXPECT_NE(book.revision("m"), revision) << "what is planned with it is planned anew";
    of.surcharge = 100;
    book.configure({of}, start + 20min);
    EXPECT_THAT(book.find("m")->series.steps(), IsEmpty());
    book.restore("m", hours(start, 3, 1), start + 20min);
    EXPECT_EQ(book.find("m")->series.at(start), 1) << "as after a restart";
    of.currency = "DKK";
    book.configure({of}, start + 30min);
    book.restore("m", hours(start, 3, 1), start + 30min);
    EXPECT_THAT(book.find("m")->series.steps(), IsEmpty()) << "those are in another currency";
}

TEST(PriceBook, MorePricesThanFitAreLearntOnce) {
    auto book = book_of(settings("f", PriceFile{"/f", {}}));
    std::vector<PriceStep> minutes;
    for (auto time = start - 7 * 24h; time < start + 1h; time += 1min)
        minutes.push_back({time, time + 1min, 1.0 + static_cast<double>(minutes.size() % 7)});
    book.take(*book.next_look(start), minutes, start);
    EXPECT_THAT(book.take_fresh(), SizeIs(PriceSeries::most_steps));
    const auto revision = book.revision();
    book.take(*book.next_look(start + 2min), minutes, start + 2min);
    EXPECT_THAT(book.take_fresh(), IsEmpty());
    EXPECT_EQ(book.revision(), revision);
}

TEST(PriceBook, OnlyWhatReachesThePresentIsNews) {
    auto book = book_of(settings("m", PriceTopic{"market/nl", {"", "/at", "/eur"}}));
    book.hear("market/nl", R"([{"at": 1, "eur": 90}, {"at": 3601, "eur": 80}])", start);
    EXPECT_EQ(book.entries()[0].updated, std::nullopt);
    EXPECT_THAT(
        book.why_stale(start),
        HasSubstr("no price of the present: the prices that it tells end at 1970-01-01T02:00:01.000Z"));
    book.hear("market/nl", R"([{"at": 1795305600, "eur": 90}])", start);
    EXPECT_EQ(book.entries()[0].updated, start);
    EXPECT_THAT(book.entries()[0].trouble, IsEmpty());
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
    EXPECT_THAT(book.why_stale(start + 31h), HasSubstr("the prices that it tells end at 2026-11-23T06:00"));
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
