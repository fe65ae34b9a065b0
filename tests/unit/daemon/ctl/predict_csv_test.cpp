// What is read of a CSV file of predictions, and what is said of its quality.
#include "daemon/ctl/predict_csv.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sitepower::ctl::predict_csv_test {
namespace {

TEST(PredictCsv, CountsWhatIsWrongAndAsksTheRest) {
    const auto table = read_prediction_rows(
        "timestamp,meter_id,note\n"
        "2026-11-22T06:00:00Z,load,x\n"
        "\n"
        ",load,no time\r\n"
        "yesterday,load,\n"
        "2026-11-22T06:00:00Z,lo ad,\n"
        "2026-11-22T07:00:00Z\n");
    ASSERT_TRUE(table) << table.error().message;
    const auto& quality = table->quality;
    EXPECT_EQ(quality.rows, 5U);
    EXPECT_EQ(quality.missing, 2U);
    EXPECT_EQ(quality.invalid, 2U);
    EXPECT_EQ(quality.outliers, 0U);
    EXPECT_NEAR(quality.score(), 20, 1e-9);
    EXPECT_EQ(table->rows[0].problem, "");
    EXPECT_EQ(table->rows[0].series, "load");
    for (std::size_t i = 1; i < 5; ++i) EXPECT_NE(table->rows[i].problem, "") << i;
}

TEST(PredictCsv, FindsOutliersAmongTheValuesOfEachSeries) {
    std::string text = "series,timestamp,value\n";
    for (int i = 0; i < 20; ++i) {
        text += "a,2026-11-22T06:00:00Z," + std::to_string(100 + i % 5) + "\n";
        text += "b,2026-11-22T06:00:00Z," + std::to_string(1000 + i % 5) + "\n";
    }
    text += "a,2026-11-22T06:00:00Z,1000\na,2026-11-22T07:00:00Z,\na,2026-11-22T07:00:00Z,many\n";
    const auto table = read_prediction_rows(text);
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(table->quality.outliers, 1U);
    EXPECT_EQ(table->quality.missing, 1U);
    EXPECT_EQ(table->quality.invalid, 1U);
    EXPECT_EQ(table->rows.back().problem, "") << "a value that is no number stands in no prediction's way";
    EXPECT_LT(table->quality.score(), 100);
}

TEST(PredictCsv, FindsAnOutlierAmongValuesThatAreAllTheSame) {
    std::string text = "\xef\xbb\xbfseries,timestamp,value\n";  // as spreadsheets begin a file
    for (int i = 0; i < 9; ++i) text += "a,2026-11-22T06:00:00Z,10\n";
    const auto same = read_prediction_rows(text);
    ASSERT_TRUE(same) << same.error().message;
    EXPECT_EQ(same->quality.outliers, 0U);
    for (int i = 0; i < 9; ++i) text += "a,2026-11-22T06:00:00Z,10\n";
    const auto one = read_prediction_rows(text + "a,2026-11-22T07:00:00Z,1000000000\n");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->quality.outliers, 1U);
}

TEST(PredictCsv, ReadsFieldsInQuotes) {
    const auto table = read_prediction_rows(
        "\"timestamp\",note, \"series\" ,value\r\n"
        "\"2026-11-22T06:00:00Z\",\"a \"\"b\"\", c\",\"load\",\"1.5\"\r\n"
        "2026-11-22T06:00:00Z,\"open,load,1\n"
        "2026-11-22T06:00:00Z,\"x\"y,load,1\n");
    ASSERT_TRUE(table) << table.error().message;
    ASSERT_EQ(table->rows.size(), 3U);
    EXPECT_EQ(table->rows[0].timestamp, "2026-11-22T06:00:00Z");
    EXPECT_EQ(table->rows[0].series, "load");
    EXPECT_EQ(table->rows[0].value, 1.5);
    EXPECT_EQ(table->rows[0].problem, "");
    EXPECT_EQ(table->rows[1].problem, "quotes do not match");
    EXPECT_EQ(table->rows[2].problem, "quotes do not match");
    EXPECT_EQ(table->quality.invalid, 2U);
}

TEST(PredictCsv, RefusesWhatItDoesNotUnderstand) {
    EXPECT_FALSE(read_prediction_rows(""));
    EXPECT_FALSE(read_prediction_rows("time,series\n"));
    std::string long_text = "timestamp,series\n";
    for (std::size_t i = 0; i <= most_prediction_rows; ++i) long_text += "t,s\n";
    const auto too_long = read_prediction_rows(long_text);
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().message, "has more than 100000 rows: cut it into files of fewer");
    EXPECT_FALSE(read_prediction_rows("timestamp,series\n")) << "nothing is asked";
    const auto twice = read_prediction_rows("timestamp,series,meter_id\nt,s,m\n");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message,
              "the first line names series and meter_id: which one counts? leave one out");
    EXPECT_FALSE(read_prediction_rows("timestamp,timestamp,series\nt,t,s\n"));
    const auto surplus = read_prediction_rows("timestamp,series\n2026-11-22T06:00:00Z,load,5\n");
    ASSERT_TRUE(surplus);
    EXPECT_EQ(surplus->rows[0].problem, "3 fields, the first line names 2");
    EXPECT_EQ(surplus->quality.invalid, 1U);
}

}  // namespace
}  // namespace sitepower::ctl::predict_csv_test
