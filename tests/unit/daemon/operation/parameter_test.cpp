#include "daemon/operation/parameter.hpp"

#include <gmock/gmock.h>

namespace sitepower::parameter_test {
namespace {

using testing::HasSubstr;

const std::vector<Parameter> declared{
    {.name = "id", .type = ParameterType::identifier, .required = true},
    {.name = "limit", .type = ParameterType::integer, .fallback = "100", .minimum = 1, .maximum = 1000},
    {.name = "share", .type = ParameterType::number, .minimum = 0, .maximum = 1},
    {.name = "active", .type = ParameterType::boolean, .fallback = "true"},
    {.name = "since", .type = ParameterType::time},
    {.name = "kind", .type = ParameterType::choice, .allowed = "raw, 1m, 15m"},
    {.name = "note", .type = ParameterType::text, .maximum = 10}};

Parameters good(const RawParameters& raw) {
    auto checked = check_parameters(declared, raw);
    EXPECT_EQ(checked.index(), 0U);
    return std::get<0>(std::move(checked));
}

std::vector<FieldError> wrong(const RawParameters& raw) {
    auto checked = check_parameters(declared, raw);
    EXPECT_EQ(checked.index(), 1U);
    return checked.index() == 1 ? std::get<1>(std::move(checked)) : std::vector<FieldError>{};
}

RawParameters texts(std::vector<std::pair<std::string, std::string>> given) {
    RawParameters raw;
    raw.texts = std::move(given);
    return raw;
}

RawParameters body(const char* json) {
    RawParameters raw;
    raw.body = InputJson::parse(json);
    return raw;
}

TEST(Parameters, ReadsEachTypeFromText) {
    const auto read = good(texts({{"id", "A-1"},
                                  {"limit", "7"},
                                  {"share", "0.25"},
                                  {"active", "false"},
                                  {"since", "2026-11-22"},
                                  {"kind", "15m"},
                                  {"note", "ten bytes."}}));
    EXPECT_EQ(read.required_text("id"), "A-1");
    EXPECT_EQ(read.integer("limit"), 7);
    EXPECT_EQ(read.number("share"), 0.25);
    EXPECT_EQ(read.flag("active"), false);
    EXPECT_EQ(read.time("since"), parse_time("2026-11-22T00:00:00Z"));
    EXPECT_EQ(read.text("kind"), "15m");
    EXPECT_EQ(read.text("note"), "ten bytes.");
}

TEST(Parameters, ReadsEachTypeFromJson) {
    const auto read = good(body(R"({"id": "A-1", "limit": 7, "share": 1, "active": false, "note": null,
                                    "since": "2026-11-22T01:00:00+01:00"})"));
    EXPECT_EQ(read.integer("limit"), 7);
    EXPECT_EQ(read.number("share"), 1);
    EXPECT_EQ(read.flag("active"), false);
    EXPECT_EQ(read.time("since"), parse_time("2026-11-22"));
    EXPECT_EQ(read.text("note"), std::nullopt);
}

TEST(Parameters, FillsDefaultsAndLeavesTheRestEmpty) {
    const auto read = good(texts({{"id", "A"}}));
    EXPECT_EQ(read.integer("limit"), 100);
    EXPECT_EQ(read.flag("active"), true);
    EXPECT_EQ(read.number("share"), std::nullopt);
    EXPECT_EQ(read.time("since"), std::nullopt);
}

TEST(Parameters, NamesEveryWrongFieldWithWhatIsAllowed) {
    const auto errors = wrong(texts({{"limit", "1001"},
                                     {"share", "nan"},
                                     {"active", "yes"},
                                     {"since", "yesterday"},
                                     {"kind", "2m"},
                                     {"note", "eleven bytes"},
                                     {"colour", "red"}}));
    ASSERT_EQ(errors.size(), 8U);
    EXPECT_EQ(errors[0].field, "limit");
    EXPECT_EQ(errors[0].allowed, "1 to 1000");
    EXPECT_THAT(errors[1].problem, HasSubstr("finite"));
    EXPECT_EQ(errors[2].allowed, "true, false");
    EXPECT_THAT(errors[3].allowed, HasSubstr("ISO 8601"));
    EXPECT_EQ(errors[4].allowed, "raw, 1m, 15m");
    EXPECT_THAT(errors[5].problem, HasSubstr("too long"));
    EXPECT_THAT(errors[6].allowed, HasSubstr("id, limit, share"));
    EXPECT_EQ(errors[7].field, "id");
    EXPECT_EQ(errors[7].problem, "is missing");
}

TEST(Parameters, RefusesWrongTypesInJson) {
    const auto errors =
        wrong(body(R"({"id": 7, "limit": 1.5, "share": "0.1", "active": "true", "since": 12})"));
    EXPECT_EQ(errors.size(), 5U);
}

struct BadText {
    const char* name;
    const char* value;
};

class WrongText : public testing::TestWithParam<BadText> {};

TEST_P(WrongText, IsRefused) {
    const auto errors = wrong(texts({{"id", "A"}, {GetParam().name, GetParam().value}}));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].field, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(All, WrongText,
                         testing::Values(BadText{"limit", ""}, BadText{"limit", "0"}, BadText{"limit", " 5"},
                                         BadText{"limit", "5x"}, BadText{"limit", "0x10"},
                                         BadText{"limit", "99999999999999999999"}, BadText{"share", "inf"},
                                         BadText{"share", "1e999"}, BadText{"kind", ""},
                                         BadText{"kind", "raw, 1m"}, BadText{"since", "2026-13-01"},
                                         BadText{"active", "TRUE"}));

TEST(Parameters, RefusesAValueGivenTwice) {
    auto raw = texts({{"id", "A"}, {"limit", "1"}});
    raw.body = {{"limit", 2}};
    const auto errors = wrong(raw);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].problem, "is given more than once");
}

TEST(Parameters, RefusesIntegersBeyondTheirRangeInJson) {
    EXPECT_EQ(wrong(body(R"({"id": "A", "limit": 18446744073709551615})")).size(), 1U);
    EXPECT_EQ(wrong(body(R"({"id": "A", "limit": -9223372036854775808})")).size(), 1U);
}

TEST(Parameters, RefusesIdentifiersWithOtherCharacters) {
    for (const auto* id : {"", "a/b", "a.b", "a b", "ä"})
        EXPECT_EQ(wrong(texts({{"id", id}})).size(), 1U) << id;
}

TEST(Parameters, TakesTextsThatAreUtf8Only) {
    const Parameter note{.name = "note"};
    const auto fits = [&](const std::string& text) {
        const auto checked = check_parameters(std::span(&note, 1), texts({{"note", text}}));
        return std::holds_alternative<sitepower::Parameters>(checked);
    };
    for (const std::string good :
         {"", "plain", "n\u00fcchtern", "\u96fb\u6c60", "\xF0\x9F\x94\x8B", "\xC2\x80", "\xED\x9F\xBF",
          "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
        EXPECT_TRUE(fits(good)) << good;
        EXPECT_TRUE(fits("a" + good + "b" + good)) << good;
    }
    // Overlong, cut, surrogate, beyond U+10FFFF, and a follower alone (RFC 3629).
    for (const std::string bad : {"\xff", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
                                  "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xC3",
                                  "\xE2\x82", "\xF0\x9F\x94", "\xC3(", "\xE2\x82("}) {
        EXPECT_FALSE(fits(bad));
        EXPECT_FALSE(fits("text " + bad));
        EXPECT_FALSE(fits(bad + " text"));
    }
}

TEST(Parameters, ATextAtItsLimitIsTaken) {
    const Parameter note{.name = "note"};
    const Parameter short_note{.name = "note", .maximum = 3};
    const auto problem = [](const Parameter& parameter, std::size_t bytes) {
        auto checked = check_parameters(std::span(&parameter, 1),
                                        texts({{std::string(parameter.name), std::string(bytes, 'x')}}));
        auto* errors = std::get_if<std::vector<FieldError>>(&checked);
        return errors == nullptr ? std::string() : errors->front().problem + ": " + errors->front().allowed;
    };
    EXPECT_EQ(problem(note, 500), "");
    const Parameter why{.name = "why", .required = true, .maximum = 3};
    EXPECT_EQ(problem(why, 0), "is empty: text of 1 to 3 bytes");
    EXPECT_EQ(problem(why, 3), "");
    EXPECT_EQ(problem(note, 0), "");
    EXPECT_EQ(problem(note, 501), "is too long: text of at most 500 bytes");
    EXPECT_EQ(problem(short_note, 3), "");
    EXPECT_EQ(problem(short_note, 4), "is too long: text of at most 3 bytes");
}

TEST(Parameters, KeepsTheListOfErrorsShort) {
    RawParameters raw;
    for (int i = 0; i < 1000; ++i) raw.body["x" + std::to_string(i)] = i;
    EXPECT_EQ(wrong(raw).size(), 50U);
}

TEST(ListParameter, TakesAListInEitherForm) {
    const std::vector<Parameter> of_segments{
        {.name = "segments", .type = ParameterType::list, .maximum = 20}};
    const auto of = [&](const RawParameters& raw) { return check_parameters(of_segments, raw); };
    RawParameters text;
    text.texts = {{"segments", "[1, 2]"}};
    ASSERT_TRUE(std::holds_alternative<Parameters>(of(text)));
    EXPECT_EQ(std::get<Parameters>(of(text)).text("segments"), "[1, 2]");
    RawParameters body;
    body.body = {{"segments", {1, 2}}};
    EXPECT_EQ(std::get<Parameters>(of(body)).text("segments"), "[1,2]");
    for (const auto* wrong : {"{}", "[", "7", "", "[1,2,3,4,5,6,7,8,9,10]"}) {
        text.texts = {{"segments", wrong}};
        EXPECT_TRUE(std::holds_alternative<std::vector<FieldError>>(of(text))) << wrong;
    }
    body.body = {{"segments", "[1]"}};
    EXPECT_TRUE(std::holds_alternative<std::vector<FieldError>>(of(body))) << "a text is no list in a body";
}

}  // namespace
}  // namespace sitepower::parameter_test
