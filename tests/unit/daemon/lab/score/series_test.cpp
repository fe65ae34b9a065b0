#include "daemon/lab/score/series.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::lab::series_test {
namespace {

using testing::HasSubstr;

std::shared_ptr<const CellModel> cell() {
    return std::make_shared<const CellModel>(some_cell());  // 10 Ah
}
std::shared_ptr<const CellModel> block() {
    return std::make_shared<const CellModel>(some_block());
}
dataset::Csv csv_of(std::string_view text) {
    auto csv = dataset::parse_csv(text, "x.csv");
    EXPECT_TRUE(csv);
    return csv ? std::move(*csv) : dataset::Csv{};
}

TEST(SeriesKindTest, IsInTheName) {
    EXPECT_EQ(series_kind("soc_18650pf_25degC_US06")->battery, "nca-18650pf");
    EXPECT_EQ(series_kind("soc_inr18650_20r_25degC_FUDS_80SOC")->battery, "nmc-18650-20r");
    EXPECT_EQ(series_kind("pb_vrla12v17ah_bboxx_D2_2.5A")->battery, "vrla-12v17-bboxx");
    EXPECT_EQ(series_kind("pb_vrla12v100ah_x")->battery, "vrla-12v");
    EXPECT_EQ(series_kind("soc_lfp_2.3ah_25degC_DST")->battery, "lfp");
    EXPECT_EQ(series_kind("soc_moon_rock"), nullptr);
}

TEST(SocSeries, TakesTheReferenceFromNetAh) {
    const auto series =
        soc_series(csv_of("t_s,voltage_v,current_a,temp_c,ah\n0,4,-1,25,0\n1,3.9,-2,26,-1\n3,3.8,-2,,-2\n"),
                   "soc_18650pf_-10degC_X", cell());
    ASSERT_TRUE(series);
    EXPECT_EQ(series->chamber_c, -10);
    ASSERT_EQ(series->samples.size(), 3U);
    EXPECT_EQ(series->samples[0].elapsed_s, 0);
    EXPECT_EQ(series->samples[2].elapsed_s, 2);
    EXPECT_DOUBLE_EQ(series->samples[2].soc, 0.8);
    EXPECT_EQ(series->samples[1].temperature_c, 26);
    EXPECT_FALSE(series->samples[2].temperature_c);
    EXPECT_TRUE(series->samples[1].current_is_mean);
}

TEST(SocSeries, OfLfpHasTheCapacityThatItsNameTells) {
    const auto model = std::make_shared<const CellModel>(some_flat_cell());  // 100 Ah
    const auto csv = csv_of("t_s,voltage_v,current_a,ah\n0,3.4,-1,0\n3600,3.3,-1,-1.15\n");
    const auto small = soc_series(csv, "soc_lfp_2.3ah_-5degC_DST", model);
    ASSERT_TRUE(small);
    EXPECT_DOUBLE_EQ(small->samples[1].soc, 0.5);
    EXPECT_EQ(small->chamber_c, -5);
    EXPECT_DOUBLE_EQ(soc_series(csv, "soc_lfp_DST", model)->samples[1].soc, 1 - 1.15 / 100);
}

TEST(SocSeries, OfCalceStartsFullAfterStep3AndSortsByTime) {
    const auto series = soc_series(csv_of("t_s,step,voltage_v,current_a,charge_ah,discharge_ah\n"
                                          "0,2,4,1,0.5,0\n10,3,4.2,0.1,1,0\n20,4,4.1,0,1,0\n"
                                          "40,7,3.9,-1,1,2\n30,5,4,-1,1,1\n"),
                                   "soc_inr18650_20r_25degC_X", cell());
    ASSERT_TRUE(series);
    ASSERT_EQ(series->samples.size(), 3U);
    EXPECT_DOUBLE_EQ(series->samples[0].soc, 1);
    EXPECT_DOUBLE_EQ(series->samples[1].soc, 0.9);
    EXPECT_DOUBLE_EQ(series->samples[2].soc, 0.8);
    EXPECT_EQ(series->samples[1].elapsed_s, 10);
}

TEST(SocSeries, SaysWhatItLacks) {
    const auto error_of = [](std::string_view text) {
        return soc_series(csv_of(text), "n", cell()).error().message;
    };
    EXPECT_THAT(error_of("t_s,voltage_v\n0,1\n"), HasSubstr("n: needs columns"));
    EXPECT_THAT(error_of("t_s,voltage_v,current_a\n0,1,1\n"), HasSubstr("needs a column ah"));
    EXPECT_THAT(error_of("t_s,voltage_v,current_a,ah\n0,1,1,0\n"), HasSubstr("fewer than two"));
    EXPECT_THAT(error_of("t_s,step,voltage_v,current_a,charge_ah,discharge_ah\n0,7,1,1,0,0\n"),
                HasSubstr("no step 1 to 3"));
    constexpr std::string_view only_charge =
        "t_s,step,voltage_v,current_a,charge_ah,discharge_ah\n0,2,4,1,0.5,0\n10,3,4.2,0.1,1,0\n";
    EXPECT_THAT(error_of(only_charge), HasSubstr("fewer than two"));
    EXPECT_THAT(error_of(std::string(only_charge) + "20,4,4.1,0,1,0\n30,7,4,-1,,1\n"),
                HasSubstr("fewer than two"))
        << "a row without its Ah tells nothing";
}

TEST(LeadAcidSeries, IsTheFirstDischargeDownToTheCutoff) {
    const auto series = lead_acid_series(csv_of("t_s,voltage_v,current_a,temp_c\n"
                                                "0,13.8,5,25\n3600,13,0,25\n3601,12.5,-10,25\n"
                                                "7201,11.5,-10,25\n10801,10.7,-10,25\n10900,12,5,25\n"),
                                         "pb_vrla12v50ah_x", block());
    ASSERT_TRUE(series);
    EXPECT_EQ(series->capacity_ah, 50) << "from the name";
    ASSERT_EQ(series->samples.size(), 4U);
    EXPECT_DOUBLE_EQ(series->samples.front().soc, 1);
    EXPECT_NEAR(series->samples[2].soc, 0.5, 1e-3);
    EXPECT_DOUBLE_EQ(series->samples.back().soc, 0);
    EXPECT_EQ(series->skip_s, 1800);
}

TEST(LeadAcidSeries, SaysWhenThereIsNoWholeDischarge) {
    const auto error_of = [](std::string_view text) {
        return lead_acid_series(csv_of(text), "pb_vrla", block()).error().message;
    };
    EXPECT_THAT(error_of("t_s,voltage_v,current_a\n0,13,1\n"), HasSubstr("holds no discharge"));
    EXPECT_THAT(error_of("t_s,voltage_v,current_a\n0,13,-5\n9,12,-5\n"), HasSubstr("down to 10.8 V"));
}

}  // namespace
}  // namespace sitepower::lab::series_test
