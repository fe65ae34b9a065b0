#include "drivers/dataset/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/support/process.hpp"

namespace sitepower::dataset::csv_test {
namespace {

using testing::HasSubstr;

TEST(Csv, ReadsColumnsByName) {
    const auto csv = parse_csv("t_s,name,voltage_v\r\n0,a,13.1\r\n1.5,b,-2e-3\n\n2,c,\n", "x.csv");
    ASSERT_TRUE(csv);
    EXPECT_EQ(csv->rows(), 3U);
    EXPECT_EQ(csv->find("t_s")->at(1), 1.5);
    EXPECT_EQ(csv->find("voltage_v")->at(1), -2e-3);
    EXPECT_TRUE(std::isnan(csv->find("voltage_v")->at(2))) << "an empty field";
    EXPECT_TRUE(std::isnan(csv->find("name")->at(0))) << "a word";
    EXPECT_EQ(csv->find("current_a"), nullptr);
}

TEST(Csv, AByteOrderMarkIsNoPartOfAName) {
    const auto csv = parse_csv("\xef\xbb\xbft_s,voltage_v\n1,2\n", "x.csv");
    ASSERT_TRUE(csv);
    EXPECT_NE(csv->find("t_s"), nullptr);
}

TEST(Csv, ErrorsNameFileAndLine) {
    const auto error_of = [](std::string_view text) { return parse_csv(text, "x.csv").error().message; };
    EXPECT_THAT(error_of(""), HasSubstr("x.csv:1: expected column names"));
    EXPECT_THAT(error_of("only_one\n1\n"), HasSubstr("x.csv:1:"));
    EXPECT_THAT(error_of("a,b\n1,2\n3\n"), HasSubstr("x.csv:3: expected 2 fields as in line 1, not 1"));
    EXPECT_THAT(error_of("a,b\n\"1\",2\n"), HasSubstr("x.csv:2: fields in quotes"));
    EXPECT_THAT(error_of("a,b\n"), HasSubstr("x.csv: has no rows"));
}

TEST(Csv, AMissingFileIsAnError) {
    EXPECT_THAT(read_csv("/nonexistent.csv").error().message, HasSubstr("/nonexistent.csv: "));
}

TEST(CsvFiles, AreThoseGivenAndThoseOfDirectoriesByName) {
    const support::TemporaryDirectory directory;
    for (const auto* name : {"b.csv", "a.csv", "readme.md"})
        std::ofstream(directory.path() / name) << "a,b\n";
    const auto files = csv_files({directory.path().string()});
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ(files->front().filename(), "a.csv");
    EXPECT_THAT(csv_files({"/nonexistent"}).error().message, HasSubstr("no such file"));
    const support::TemporaryDirectory empty;
    EXPECT_THAT(csv_files({empty.path().string()}).error().message, HasSubstr("holds no *.csv"));
}

}  // namespace
}  // namespace sitepower::dataset::csv_test
