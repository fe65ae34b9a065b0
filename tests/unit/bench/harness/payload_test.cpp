#include "bench/harness/payload.hpp"

#include <gtest/gtest.h>

namespace sitepower::bench {
namespace {

constexpr std::string_view json =
    R"({"site":"bench","device":"DEV-1-01","id":"bench-0f-7","seq":7,"values":{"stamp":1234567890,"counter":1e+05,"jar.counter":3},"quality":{}})";

TEST(BenchPayload, ReadsTexts) {
    EXPECT_EQ(text_member(json, "device"), "DEV-1-01");
    EXPECT_EQ(text_member(json, "id"), "bench-0f-7");
    EXPECT_EQ(text_member(json, "battery"), "");
}

TEST(BenchPayload, ReadsWholeNumbersInEveryNotation) {
    EXPECT_EQ(number_member(json, "stamp"), 1234567890U);
    EXPECT_EQ(number_member(json, "counter"), 100000U);
    EXPECT_EQ(number_member(json, "seq"), 7U);
    EXPECT_EQ(number_member(json, "device"), std::nullopt);
    EXPECT_EQ(number_member(R"({"stamp":null})", "stamp"), std::nullopt);
    EXPECT_EQ(number_member(R"({"stamp":)", "stamp"), std::nullopt);
}

TEST(BenchPayload, FindsAMemberNotANameThatEndsLikeIt) {
    EXPECT_EQ(number_member(R"({"a.counter":1,"counter":2})", "counter"), 2U);
    EXPECT_EQ(text_member(R"({"x":"counter","counter":"y"})", "counter"), "y");
}

TEST(BenchPayload, SaysWhereAValueStands) {
    const auto found = find_member(json, "stamp");
    ASSERT_TRUE(found);
    EXPECT_EQ(json.substr(found->first, found->second), "1234567890");
}

}  // namespace
}  // namespace sitepower::bench
