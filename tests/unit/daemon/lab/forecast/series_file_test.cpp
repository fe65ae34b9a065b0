#include "daemon/lab/forecast/series_file.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::lab::series_file_test {
namespace {

Result<SeriesFile> parse(std::string_view text) {
    return parse_series_file("some/file.csv", text);
}

TEST(SeriesFile, ReadsM4Rows) {
    const auto file = parse("H1,1,2.5,3\nH4,7\n");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->layout, SeriesLayout::m4);
    EXPECT_EQ(file->first_column, (std::vector<std::string>{"H1", "H4"}));
    EXPECT_EQ(file->values[0], (std::vector<double>{1, 2.5, 3}));
}

TEST(SeriesFile, ReadsTablesAndKnowsThemByTheirHeaders) {
    EXPECT_EQ(parse("seconds,cpu_usage\n0,1\n")->layout, SeriesLayout::service);
    EXPECT_EQ(parse("timestamp,value\n2014-01-01 00:00:00,1\n")->layout, SeriesLayout::nab);
    EXPECT_EQ(parse("time,price,x\n2014-01-01 00:00:00,1,2\n")->layout, SeriesLayout::price);
    EXPECT_EQ(parse("time,real_price\n2014-01-01 00:00:00,1\n")->layout, SeriesLayout::price_peers);
    EXPECT_EQ(parse("time_local,demand_mwh_per_half_hour\n2014-01-01 00:00:00,1\n")->layout,
              SeriesLayout::load);
    const auto labels = parse("file,window_start,window_end\na.csv,x,y\n");
    ASSERT_TRUE(labels);
    EXPECT_EQ(labels->layout, SeriesLayout::nab_labels);
    EXPECT_EQ(labels->texts[0][1], "y");
}

TEST(SeriesFile, WhatIsEmptyIsNoValue) {
    const auto file = parse("time,a,b\r\n2014-01-01 00:00:00,,2\r\n");
    ASSERT_TRUE(file);
    EXPECT_TRUE(std::isnan(file->values[0][0]));
    EXPECT_EQ(file->values[1][0], 2);
}

TEST(SeriesFile, NamesFileAndLineOfWhatIsWrong) {
    for (const auto* text : {"H1,1,2\nH2,1,x\n", "time,a\n0,1\n1,2,3\n"}) {
        const auto file = parse(text);
        ASSERT_FALSE(file) << text;
        EXPECT_TRUE(file.error().message.starts_with("some/file.csv:")) << file.error().message;
    }
    EXPECT_TRUE(parse("time,a\n0,1\n1,x\n").error().message.starts_with("some/file.csv:3:"));
    EXPECT_FALSE(parse(""));
    EXPECT_FALSE(parse("time,a\n"));
    EXPECT_FALSE(read_series_file("/no/such/file.csv"));
}

TEST(SeriesFile, TimesAreSecondsOrDates) {
    const auto seconds = parse("seconds,a\n0,1\n300,2\n");
    const auto of_seconds = observations_of(*seconds, 0);
    ASSERT_TRUE(of_seconds);
    EXPECT_EQ((*of_seconds)[1].time, from_ms(300'000));
    const auto dates = parse("time,a\n2014-01-01 00:05:00,1\n");
    EXPECT_EQ((*observations_of(*dates, 0))[0].time, *parse_time("2014-01-01T00:05:00Z"));
    const auto wrong = parse("time,a\nyesterday,1\n");
    const auto refused = observations_of(*wrong, 0);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.starts_with("some/file.csv:2:"));
}

}  // namespace
}  // namespace sitepower::lab::series_file_test
