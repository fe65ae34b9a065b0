#include "daemon/ctl/format.hpp"

#include <gtest/gtest.h>

namespace sitepower::ctl::format_test {
namespace {

using namespace std::chrono_literals;

const Time now = *parse_time("2026-11-22T06:14:28Z");

TEST(Format, ShowsAgesInOneUnit) {
    EXPECT_EQ(age_text("2026-11-22T06:14:27.500Z", now), "now");
    EXPECT_EQ(age_text("2026-11-22T06:14:25Z", now), "3 s ago");
    EXPECT_EQ(age_text("2026-11-22T06:12:29Z", now), "119 s ago");
    EXPECT_EQ(age_text("2026-11-22T06:12:28Z", now), "2 min ago");
    EXPECT_EQ(age_text("2026-11-22T01:00:00Z", now), "5 h ago");
    EXPECT_EQ(age_text("2026-11-01T00:00:00Z", now), "21 d ago");
    EXPECT_EQ(age_text("2026-11-22T07:14:28Z", now), "in 60 min");
    EXPECT_EQ(age_text(nullptr, now), "-");
    EXPECT_EQ(age_text("soon", now), "-");
    EXPECT_EQ(duration_text(15ms), "15 ms");
}

TEST(Format, ShowsTimesReadably) {
    EXPECT_EQ(time_text("2026-11-22T06:14:25.123Z", now), "2026-11-22 06:14:25Z (2 s ago)");
    EXPECT_EQ(short_time_text(7), "-");
    EXPECT_EQ(exact_time_text("2026-11-22T06:14:25.123Z"), "2026-11-22 06:14:25.123Z");
    EXPECT_EQ(exact_time_text(nullptr), "-");
}

TEST(Format, ShowsValuesWithUnits) {
    EXPECT_EQ(value_text(13.5, "V"), "13.50 V");
    EXPECT_EQ(value_text(72, "h"), "72 h");
    EXPECT_EQ(value_text(true), "yes");
    EXPECT_EQ(value_text("text\x1b"), "text?");
    EXPECT_EQ(value_text(nullptr, "V"), "-");
    EXPECT_EQ(percent_text(0.0123), "1.2 %");
    EXPECT_EQ(percent_text(nullptr), "-");
}

TEST(Format, KeepsTheDigitsThatWereMeasured) {
    const std::vector<std::pair<double, std::string>> numbers{{0.00504, "0.00504"},
                                                              {0.0000123456789, "0.0000123457"},
                                                              {13.5, "13.5"},
                                                              {-13.52, "-13.52"},
                                                              {0, "0"},
                                                              {230.0, "230"},
                                                              {100.25, "100.25"},
                                                              {1234567.89, "1234567.89"},
                                                              {99999.0, "99999"},
                                                              {1e-12, "1e-12"},
                                                              {1e20, "1e+20"}};
    for (const auto& [number, text] : numbers) EXPECT_EQ(value_text(number, {}, significant), text);
    EXPECT_EQ(value_text(0.00504, "Ohm", significant), "0.00504 Ohm");
}

TEST(Format, CountsOneAndMany) {
    EXPECT_EQ(count_text(1, "row", "rows"), "1 row");
    EXPECT_EQ(count_text(0, "row", "rows"), "0 rows");
}

TEST(Format, ExplainsWhatIsNotKnown) {
    const auto data = Json::parse(R"({"a": {"x": null, "y": 1.5, "reasons": {"x": "no_current_sensor"}}})");
    EXPECT_EQ(explained(data, "a.x", "A"), "- (no current sensor)");
    EXPECT_EQ(explained(data, "a.y", "A"), "1.50 A");
    EXPECT_EQ(explained(data, "a.z"), "-");
    EXPECT_EQ(reason_text(data, "b.c"), "");
}

TEST(Format, TakesAnyShapeOfReply) {
    const auto data = Json::parse(R"({"a": [1], "b": "text"})");
    EXPECT_TRUE(member(data, "a.x").is_null());
    EXPECT_TRUE(member(data, "b.x.y").is_null());
    EXPECT_TRUE(member(nullptr, "a").is_null());
    EXPECT_EQ(value_text(data["a"]), "[1]");
}

}  // namespace
}  // namespace sitepower::ctl::format_test
