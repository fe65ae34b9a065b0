#include "daemon/price/quotations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::quotations_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Time now = from_ms(1'795'328'068'123);
const PriceColumns columns{.time = "time", .price = "DA_price"};

std::vector<Quotation> read(const auto& result) {
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : std::vector<Quotation>{};
}

std::string refusal(const auto& result) {
    EXPECT_FALSE(result);
    return result ? "" : result.error().message;
}

std::vector<Quotation> json(std::string_view text, const PricePointers& pointers) {
    return read(parse_quotations(text, pointers, now));
}

TEST(QuotationsCsv, ReadsWhatExchangesWrite) {
    const auto found =
        read(parse_quotations("\xef\xbb\xbftime,DA_price\r\n2024-01-01 00:00:00+01:00,0.1\r\n"
                              "2024-01-01 01:00:00+01:00,-3.61\r\n\r\n",
                              columns));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].from, *parse_time("2023-12-31T23:00:00Z"));
    EXPECT_EQ(found[1].price, -3.61);
}

TEST(QuotationsCsv, FindsItsColumnsByNameWithEitherSeparator) {
    const auto found = read(parse_quotations(
        "zone;DA_price;time\nNL;7.5;\"2026-11-26T00:00+01:00\"\nNL;;2026-11-26T01:00Z\n", columns));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(std::isnan(found[1].price)) << "what is not published yet has no price";
    EXPECT_EQ(found[0].price, 7.5);
    EXPECT_EQ(found[0].from, *parse_time("2026-11-25T23:00:00Z"));
}

TEST(QuotationsCsv, PutsTimesInOrderAndTheLaterOfTwoCounts) {
    const auto found =
        read(parse_quotations("time,DA_price\n1795330800,2\n1795327200,1\n1795330800000,3\n", columns));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].price, 1);
    EXPECT_EQ(found[1].price, 3) << "seconds and milliseconds of one moment";
}

TEST(Quotations, RefuseWhatIsNoPriceAnywhere) {
    EXPECT_THAT(refusal(parse_quotations("time,DA_price\n1795330800,2\n1795327200,-1e300\n", columns)),
                HasSubstr("the price of 2026-11-22T06:00:00.000Z, -1e+300, is beyond"));
    EXPECT_THAT(refusal(parse_quotations(R"({"price": 1e10})",
                                         PricePointers{.list = {}, .time = "", .price = "/price"}, now)),
                HasSubstr("1e+10"));
    EXPECT_EQ(json(R"({"price": -1e9})", PricePointers{.list = {}, .time = "", .price = "/price"})[0].price,
              -1e9);
}

TEST(QuotationsCsv, RefusesWithTheLine) {
    const auto why = [](std::string_view text) { return refusal(parse_quotations(text, columns)); };
    EXPECT_THAT(why(""), HasSubstr("line 1: there is no column \"time\""));
    EXPECT_THAT(why("time,price\n"), HasSubstr("\"DA_price\""));
    EXPECT_THAT(why("time,DA_price\n"), HasSubstr("no price in it"));
    EXPECT_THAT(why("time,DA_price\n2026-11-26T00:00:00,1\n"), HasSubstr("line 2: the time"));
    EXPECT_THAT(why("time,DA_price\n2026-11-26,1\n"), HasSubstr("line 2: the time"));
    EXPECT_THAT(why("time,DA_price\n2026-11-26T00:00:00Z,1,5\n2026-11-26T01:00:00Z\n"), HasSubstr("line 3"));
    EXPECT_THAT(why("time,DA_price\n2026-11-26T00:00:00Z,1e\n"), HasSubstr("line 2: the price is no number"));
    EXPECT_THAT(why("time,DA_price\n2026-11-26T00:00:00Z,inf\n"), HasSubstr("line 2"));
    EXPECT_THAT(why("time,DA_price\n-5,1\n"), HasSubstr("line 2"));
}

TEST(QuotationsJson, OneNumberIsThePresentPrice) {
    const auto found = json(R"({"data":{"price":"84.5"}})", {.list = {}, .time = "", .price = "/data/price"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].from, now);
    EXPECT_EQ(found[0].price, 84.5);
    const auto timed = json(R"({"t":1795327200,"p":2})", {.list = {}, .time = "/t", .price = "/p"});
    EXPECT_EQ(timed.at(0).from, from_ms(1'795'327'200'000));
}

TEST(QuotationsJson, TwoListsOfOneLength) {
    const PricePointers pointers{.list = {}, .time = "/unix_seconds", .price = "/price"};
    const auto found = json(R"({"unix_seconds":[1795327200,1795330800],"price":[1.5,null]})", pointers);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(std::isnan(found[1].price));
    EXPECT_THAT(refusal(parse_quotations(R"({"unix_seconds":[1],"price":[1,2]})", pointers, now)),
                HasSubstr("one length"));
    EXPECT_THAT(refusal(parse_quotations(R"({"price":[1,2]})", pointers, now)), HasSubstr("/unix_seconds"));
}

TEST(QuotationsJson, AListOfObjects) {
    const PricePointers pointers{.list = "/Prices", .time = "/start/utc", .price = "/value"};
    const auto found = json(
        R"({"Prices":[{"start":{"utc":"2026-11-26T01:00:00Z"},"value":3},{"start":{"utc":"2026-11-26T00:00Z"},"value":2}]})",
        pointers);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].price, 2);
    const auto whole = json(R"([{"t":1795327200,"p":2}])", {.list = "", .time = "/t", .price = "/p"});
    EXPECT_EQ(whole.size(), 1U);
    const auto why = [&](std::string_view text) { return refusal(parse_quotations(text, pointers, now)); };
    EXPECT_THAT(why("{"), HasSubstr("no JSON"));
    EXPECT_THAT(why("{}"), HasSubstr("nothing at /Prices"));
    EXPECT_THAT(why(R"({"Prices":3})"), HasSubstr("no list"));
    EXPECT_THAT(why(R"({"Prices":[{"value":3}]})"), HasSubstr("element 0: the time"));
    EXPECT_THAT(why(R"({"Prices":[{"value":{},"start":{"utc":1}}]})"), HasSubstr("element 0: the price"));
    EXPECT_THAT(why(R"({"Prices":[3]})"), HasSubstr("no price in it"));
    EXPECT_THAT(
        refusal(parse_quotations("{}", PricePointers{.list = {}, .time = "", .price = "no pointer"}, now)),
        HasSubstr("nothing at"));
}

TEST(Steps, LastUntilTheNextPriceAndNotOverAGap) {
    PriceSettings settings;
    settings.factor = 1.21;
    settings.surcharge = 10;
    const auto steps = steps_of(settings, {{now, 100}, {now + 1h, 200}, {now + 50h, 0}}, 30min);
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_DOUBLE_EQ(steps[0].value, 0.131) << "per kWh, with factor and surcharge";
    EXPECT_EQ(steps[0].to, now + 1h);
    EXPECT_EQ(steps[1].to, now + 25h);
    EXPECT_EQ(steps[2].to - steps[2].from, 24h);
    EXPECT_EQ(steps_of(settings, {{now, 100}}, 30min).at(0).to, now + 30min);
}

TEST(Steps, EndWhereThereIsNoPrice) {
    const PricePointers pointers{.list = {}, .time = "/at", .price = "/eur"};
    const auto from_json = steps_of(
        {}, json(R"({"at":[1795327200,1795330800,1795334400,1795338000],"eur":[80,null,90,null]})", pointers),
        30min);
    const auto from_csv =
        steps_of({},
                 read(parse_quotations(
                     "time,DA_price\n1795327200,80\n1795330800,\n1795334400,90\n1795338000,\n", columns)),
                 30min);
    ASSERT_EQ(from_json.size(), 2U);
    EXPECT_EQ(from_json[0].to - from_json[0].from, 1h) << "not over the hour without a price";
    EXPECT_EQ(from_json[1].from, from_ms(1'795'334'400'000));
    EXPECT_EQ(from_json[1].to - from_json[1].from, 1h);
    EXPECT_EQ(from_csv, from_json);
}

TEST(Price, LeavesPerMegawattHour) {
    PriceSettings settings;
    EXPECT_DOUBLE_EQ(shown_price(PriceUnit::per_mwh, price_value(settings, 84.5)), 84.5);
    settings.unit = PriceUnit::per_kwh;
    EXPECT_DOUBLE_EQ(shown_price(PriceUnit::per_kwh, price_value(settings, 0.0845)), 84.5);
    settings.unit = PriceUnit::other;
    EXPECT_DOUBLE_EQ(shown_price(PriceUnit::other, price_value(settings, 84.5)), 84.5);
}

}  // namespace
}  // namespace sitepower::quotations_test
