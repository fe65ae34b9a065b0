#include "drivers/sim/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sitepower::sim::recording_test {
namespace {

using testing::HasSubstr;

Result<Recording> recording(std::string_view text) {
    const auto csv = dataset::parse_csv(text, "x.csv");
    EXPECT_TRUE(csv);
    return recording_of(*csv, "x.csv");
}

TEST(Recording, HoldsEachRowUntilTheNext) {
    const auto played = recording(
        "t_s,voltage_v,current_a,temp_c,ah\n100,4.1,-1,25,0\n101,4.0,-2,25.5,-0.1\n104,3.9,-3,,-0.2\n");
    ASSERT_TRUE(played);
    EXPECT_EQ(played->length_s(), 7) << "the last row lasts as long as the one before it";
    EXPECT_EQ(played->at(0)->voltage_v, 4.1);
    EXPECT_EQ(played->at(0.99)->voltage_v, 4.1);
    EXPECT_EQ(played->at(1)->current_a, -2);
    EXPECT_EQ(played->at(3.9)->temperature_c, 25.5);
    EXPECT_EQ(played->at(4)->temperature_c, std::nullopt);
    EXPECT_EQ(played->at(6.9)->charge_ah, -0.2);
    EXPECT_EQ(played->at(7), nullptr);
    EXPECT_EQ(played->at(-1)->voltage_v, 4.1);
}

TEST(Recording, IsInTheOrderOfTimeWithoutWhatHasNoNumbers) {
    const auto played =
        recording("t_s,voltage_v,current_a\n2,3,1\n0,1,1\n1,,1\n2,9,1\nx,1,1\n1.5,2,nan\n3,4,1\n");
    ASSERT_TRUE(played);
    ASSERT_EQ(played->rows.size(), 3U);
    EXPECT_EQ(played->rows[0].voltage_v, 1);
    EXPECT_EQ(played->rows[1].voltage_v, 3) << "the first of one time";
    EXPECT_EQ(played->rows[2].elapsed_s, 3);
    EXPECT_EQ(played->rows[2].temperature_c, std::nullopt);
    EXPECT_EQ(played->rows[2].charge_ah, std::nullopt);
}

TEST(Recording, TheNetChargeIsThatOfBothDirections) {
    const auto played = recording("t_s,step,voltage_v,current_a,charge_ah,discharge_ah\n0,7,4,1,2,0.5\n");
    ASSERT_TRUE(played);
    EXPECT_EQ(played->rows[0].charge_ah, 1.5);
    EXPECT_EQ(played->length_s(), 1);
}

TEST(Recording, SaysWhatIsMissing) {
    EXPECT_THAT(recording("t_s,voltage_v\n0,1\n").error().message,
                HasSubstr("x.csv:1: a battery to play needs columns t_s, voltage_v and current_a"));
    EXPECT_THAT(recording("t_s,voltage_v,current_a\n0,,1\n").error().message,
                HasSubstr("x.csv: has no row with numbers"));
    EXPECT_THAT(read_recording("/nonexistent.csv").error().message, HasSubstr("/nonexistent.csv: "));
}

}  // namespace
}  // namespace sitepower::sim::recording_test
