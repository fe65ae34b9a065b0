#include "daemon/lab/forecast/day_files.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::lab::day_files_test {
namespace {

SeriesFile file_of(std::string_view text, const char* name = "price_x.csv") {
    auto file = parse_series_file(name, text);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
}

constexpr std::string_view two_days =
    "time,price,wind,holiday\n"
    "2024-05-01 00:00:00,10,100,1\n"
    "2024-05-01 12:00:00,20,,1\n"
    "2024-05-02 12:00:00,40,400,0\n";

TEST(DayFiles, OneSeriesCanLieInSeveralFiles) {
    EXPECT_EQ(series_name("a/load_victoria_2012_2013.csv"), "load_victoria");
    EXPECT_EQ(series_name("load_victoria_2014.csv"), "load_victoria");
    EXPECT_EQ(series_name("price_np_peer_forecasts.csv"), "price_np");
    EXPECT_EQ(series_name("price_np_peer_forecasts_2018.csv"), "price_np");
    EXPECT_EQ(series_name("price_15.csv"), "price_15");
}

TEST(DayFiles, RowsBecomeDaysAndWhatIsLackingIsUnknown) {
    const auto table =
        read_days({file_of(two_days)}, {.target = "price", .covariates = {"wind"}, .holiday = "holiday"});
    ASSERT_TRUE(table);
    EXPECT_EQ(table->slots, 2U);
    ASSERT_EQ(table->days.size(), 2U);
    EXPECT_EQ(table->days[0].target, (std::vector<double>{10, 20}));
    EXPECT_TRUE(table->days[0].holiday);
    EXPECT_EQ(table->days[0].covariates[0][0], 100);
    EXPECT_TRUE(std::isnan(table->days[0].covariates[0][1]));
    EXPECT_TRUE(std::isnan(table->days[1].target[0]));
    EXPECT_EQ(table->days[1].target[1], 40);
    EXPECT_FALSE(table->days[1].holiday);
}

TEST(DayFiles, SeveralFilesAreOneTable) {
    const auto later = file_of("time,price,wind\n2024-05-03 00:00:00,7,1\n2024-05-03 12:00:00,8,2\n");
    const auto table =
        read_days({later, file_of(two_days)}, {.target = "price", .covariates = {"wind"}, .holiday = {}});
    ASSERT_TRUE(table);
    ASSERT_EQ(table->days.size(), 3U);
    EXPECT_EQ(table->days[2].target, (std::vector<double>{7, 8}));
    EXPECT_FALSE(table->days[0].holiday);  // no column was declared
}

TEST(DayFiles, ErrorsNameFileAndColumn) {
    const auto lacking =
        read_days({file_of(two_days)}, {.target = "price", .covariates = {"sun"}, .holiday = {}});
    ASSERT_FALSE(lacking);
    EXPECT_NE(lacking.error().message.find("price_x.csv"), std::string::npos);
    EXPECT_NE(lacking.error().message.find("sun"), std::string::npos);
    EXPECT_FALSE(read_groups({"no/such/file.csv"}));
    const auto odd = read_days({file_of("time,price\n2024-05-01 00:00:00,1\n2024-05-01 07:00:00,1\n")},
                               {.target = "price", .covariates = {}, .holiday = {}});
    ASSERT_FALSE(odd);
    EXPECT_NE(odd.error().message.find("divide"), std::string::npos);
}

}  // namespace
}  // namespace sitepower::lab::day_files_test
