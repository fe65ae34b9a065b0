#include "daemon/lab/backtest/plot.hpp"
#include "daemon/lab/backtest/series_file.hpp"

#include <cmath>

namespace sitepower::lab::backtest_test {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
    const auto series = read_series(text);
    return series ? "accepted" : series.error().message;
}

TEST(SeriesFile, ReadsTimesWithZonesAndKeepsTheLocalHour) {
    const auto series =
        read_series("time,price\n2024-01-01 00:00:00+01:00,0.1\r\n2024-01-01T01:00:00+01:00,-5,x\n");
    ASSERT_TRUE(series) << series.error().message;
    ASSERT_EQ(series->size(), 2U);
    EXPECT_EQ(format_time((*series)[0].time), "2023-12-31T23:00:00.000Z");
    EXPECT_EQ((*series)[0].local_hour, 0);
    EXPECT_EQ((*series)[1].value, -5);
}

TEST(SeriesFile, RefusesWithTheLine) {
    EXPECT_THAT(refusal(""), HasSubstr("no values"));
    EXPECT_THAT(refusal("time,price\n"), HasSubstr("no values"));
    EXPECT_THAT(refusal("t,p\nyesterday,1\n"), HasSubstr("line 2: the first column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z,many\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z,nan\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T01:00:00Z,1\n2024-01-01T01:00:00Z,2\n"),
                HasSubstr("line 3: times must rise"));
}

TEST(SeriesFile, ARepeatedLineCountsOnce) {
    const auto series =
        read_series("t,p\n2024-03-31T00:00:00Z,1\n2024-03-31T00:00:00Z,1\n2024-03-31T01:00:00Z,1\n");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->size(), 2U);
}

TEST(Plot, DrawsWhatIsFiniteAndEscapesTitles) {
    const std::string svg = plot_svg({{"a < b & c", {1, 2, NAN, 3}}, {"nothing", {NAN}}, {"flat", {5, 5}}});
    EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
    EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
    EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

}  // namespace
}  // namespace sitepower::lab::backtest_test
