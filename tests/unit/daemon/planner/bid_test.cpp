// Bids as they are told and as they are kept.
#include "daemon/planner/bid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sitepower::bid_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Time noon = from_ms(1'795'348'800'000);

std::string refusal(const char* text) {
    const auto read = read_segments(InputJson::parse(text, nullptr, false));
    return read ? "accepted" : read.error().message;
}

TEST(Bid, IsAListOfValuesAndPowers) {
    const auto read = read_segments(InputJson::parse(R"([{"value_per_kwh": 0.25, "kw": 40}])"));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ(read->front().value_per_kwh, 0.25);
    EXPECT_EQ(read->front().width_kw, 40);
    EXPECT_EQ(refusal("[]"), "accepted") << "it bids for nothing";
    EXPECT_EQ(refusal("{}"), "is not a list");
    EXPECT_EQ(refusal("no JSON"), "is not a list");
    EXPECT_THAT(refusal(R"([{"value_per_kwh": 1, "kw": 1}, {"value_per_kwh": 1}])"), HasSubstr("element 1"));
    EXPECT_THAT(refusal(R"([{"value_per_kwh": "1", "kw": 1}])"), HasSubstr("element 0"));
    EXPECT_EQ(refusal(R"([{"value_per_kwh": 1, "kw": -1}])"), "[0].kw is not from 0 to 1000000");
    EXPECT_EQ(refusal(R"([{"value_per_kwh": 1e9, "kw": 1}])"), "[0].value_per_kwh is not from -1000 to 1000");
    EXPECT_THAT(refusal(R"([{"value_per_kwh": 1, "kw": 1}, {"value_per_kwh": 2, "kw": 1}])"),
                HasSubstr("[1].value_per_kwh is above"));
    std::string many = "[0";
    for (std::size_t i = 0; i < most_segments; ++i) many += ",0";
    EXPECT_THAT(refusal((many + "]").c_str()), HasSubstr("more than 100"));
}

TEST(Bid, OfWhatWasKeptTheNewestThatHoldsCounts) {
    const Bid early{.segments = {{0.5, 10}, {0.25, 5}}, .valid_until = noon + 2h};
    const Bid late{.segments = {{0.4, 7}}, .valid_until = noon + 1h};
    const std::vector<PlanRow> rows{bid_row("a", late, noon - 1min), bid_row("b", early, noon - 2min),
                                    bid_row("a", early, noon - 3min)};
    const auto bids = kept_bids(rows, noon);
    ASSERT_EQ(bids.size(), 2U);
    EXPECT_EQ(bids.at("a").segments.front().width_kw, 7);
    EXPECT_EQ(bids.at("b").segments.size(), 2U);
    EXPECT_EQ(bids.at("b").valid_until, early.valid_until);
    EXPECT_EQ(kept_bids(rows, noon + 90min).count("a"), 0U) << "an older one does not come back";
}

TEST(Bid, WhatCannotBeReadIsLeftOut) {
    std::vector<PlanRow> rows;
    for (const char* body :
         {"", "[]", "{}", R"({"class": "a", "segments": 3, "valid_until": "2026-11-22T13:00:00Z"})",
          R"({"class": "a", "segments": [], "valid_until": "tomorrow"})",
          R"({"class": "a", "segments": [], "valid_until": "2036-11-22T13:00:00Z"})"}) {
        rows.push_back({.time = noon, .kind = std::string(bid_row_kind), .status = "accepted", .body = body});
    }
    EXPECT_THAT(kept_bids(rows, noon), IsEmpty());
}

}  // namespace
}  // namespace sitepower::bid_test
