// The command, on batteries that behave exactly as their model: what the scores must then be.
#include "daemon/lab/score/score.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "daemon/lab/program.hpp"
#include "daemon/lab/score/cases.hpp"
#include "tests/unit/core/battery/model/some_parameters.hpp"
#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::lab::score_test {
namespace {

TEST(ErrorSumsTest, AreWhatTheirNamesSay) {
    ErrorSums sums;
    sums.add(3, 2);   // outside of 80 %, inside of 95 %
    sums.add(-4, 1);  // outside of both
    sums.add(0, 1);
    sums.add_unknown();
    EXPECT_DOUBLE_EQ(sums.rmse(), std::sqrt(25.0 / 3));
    EXPECT_DOUBLE_EQ(sums.mae(), 7.0 / 3);
    EXPECT_DOUBLE_EQ(sums.largest(), 4);
    EXPECT_DOUBLE_EQ(sums.cover_80(), 1.0 / 3);
    EXPECT_DOUBLE_EQ(sums.cover_95(), 2.0 / 3);
    EXPECT_DOUBLE_EQ(sums.unknown_share(), 0.25);
    ErrorSums twice = sums;
    twice.add(sums);
    EXPECT_DOUBLE_EQ(twice.rmse(), sums.rmse());
    EXPECT_EQ(twice.count(), 6U);
    EXPECT_TRUE(std::isnan(ErrorSums{}.rmse()));
}

TEST(DatasetKindTest, IsInTheHeaderAndTheName) {
    EXPECT_EQ(dataset_kind("t_s,voltage_v,current_a,temp_c,ah\r", "soc_x"), DatasetKind::soc);
    EXPECT_EQ(dataset_kind("t_s,step,voltage_v,current_a,charge_ah,discharge_ah", "soc_x"), DatasetKind::soc);
    EXPECT_EQ(dataset_kind("t_s,voltage_v,current_a,temp_c", "pb_x"), DatasetKind::lead_acid);
    EXPECT_EQ(dataset_kind("t_s,voltage_v,current_a,temp_c,ah", "pb_x"), DatasetKind::lead_acid);
    EXPECT_EQ(dataset_kind("cell,cycle,capacity_ah", "cap_x"), DatasetKind::life);
    EXPECT_EQ(dataset_kind("t_s,voltage_v", "soc_x"), DatasetKind::unknown);
    EXPECT_EQ(dataset_kind("", ""), DatasetKind::unknown);
}

// A discharge with pulses from full to a tenth; the model is the truth.
Series perfect(const BatteryParameters& parameters, double current_a) {
    Series series{.name = "perfect", .capacity_ah = parameters.nominal_capacity_ah};
    series.model = std::make_shared<const CellModel>(parameters);
    double soc = 1;
    double v1_v = 0;
    double v2_v = 0;
    for (int t = 0; soc > 0.1; ++t) {
        const double now_a = t == 0 ? 0 : t % 30 < 15 ? 1.5 * current_a : 0.5 * current_a;
        CellPoint here = series.model->at(soc, 25);
        v1_v += (1 - std::exp(-1 / parameters.tau1_s)) * (here.r1_ohm * now_a - v1_v);
        v2_v += (1 - std::exp(-1 / parameters.tau2_s)) * (here.r2_ohm * now_a - v2_v);
        soc += t == 0 ? 0 : now_a / 3600 / series.capacity_ah;
        here = series.model->at(soc, 25);
        series.samples.push_back({.elapsed_s = t == 0 ? 0.0 : 1.0,
                                  .voltage_v = here.ocv_v + v1_v + v2_v + here.r0_ohm * now_a,
                                  .current_a = now_a,
                                  .temperature_c = 25,
                                  .soc = soc,
                                  .current_is_mean = true});
    }
    return series;
}

TEST(ScoreCase, AModelThatIsTrueIsHardlyOff) {
    const Series series = perfect(some_cell(), -5);
    for (const SocCase which : soc_cases) {
        const CaseScore score = score_case(series, which);
        EXPECT_GT(score.errors.count(), 50U) << to_string(which);
        EXPECT_LT(score.errors.rmse(), which == SocCase::missing ? 3 : 1.2) << to_string(which);
        EXPECT_GT(score.errors.cover_95(), 0.9) << to_string(which);
        EXPECT_LT(score.seconds_to_5_pct, 60) << to_string(which);
        EXPECT_EQ(score.errors.unknown_share(), 0) << to_string(which);
    }
}

TEST(ScoreCase, IsTheSameEachTime) {
    const Series series = perfect(some_cell(), -5);
    for (const SocCase which : {SocCase::coarse_and_noisy, SocCase::missing}) {
        EXPECT_EQ(score_case(series, which).errors.rmse(), score_case(series, which).errors.rmse());
    }
}

TEST(ScoreCase, AModelThatIsWrongIsFarOff) {
    Series series = perfect(some_cell(), -5);
    BatteryParameters other = some_cell();
    other.ocv_v = {3.3, 4.3};
    other.noise.voltage_v = 0.001;
    series.model = std::make_shared<const CellModel>(other);
    EXPECT_GT(score_case(series, SocCase::wrong_start).errors.rmse(), 5);
}

TEST(ScoreRuntime, OfATrueModelIsRight) {
    BatteryParameters block = some_block();
    block.charge_efficiency = 1;
    Series series{.name = "perfect", .capacity_ah = 100};
    series.model = std::make_shared<const CellModel>(block);
    double soc = 1;
    double v1_v = 0;
    double v2_v = 0;
    for (double voltage_v = 13; voltage_v > 10.8;) {
        const double now_a = series.samples.empty() ? 0 : -60;
        const CellPoint here = series.model->at(soc, 25);
        v1_v += (1 - std::exp(-60 / block.tau1_s)) * (here.r1_ohm * now_a - v1_v);
        v2_v += (1 - std::exp(-60 / block.tau2_s)) * (here.r2_ohm * now_a - v2_v);
        soc += now_a * 60 / 360'000;
        voltage_v = 11 + 2 * soc + v1_v + v2_v + here.r0_ohm * now_a;
        series.samples.push_back({.elapsed_s = series.samples.empty() ? 0.0 : 60.0,
                                  .voltage_v = voltage_v,
                                  .current_a = now_a,
                                  .temperature_c = 25,
                                  .soc = soc,
                                  .current_is_mean = true});
    }
    const std::vector<double> passed{0.1, 0.5, 0.9};
    for (const double error : score_runtime(series, passed)) EXPECT_LT(std::abs(error), 2);
}

TEST(ScoreCommand, RefusesWhatItDoesNotKnow) {
    const config::TemporaryDirectory directory;
    directory.write("soc_x.csv", "time,volts\n1,2\n");
    const auto file = directory.path() + "/soc_x.csv";
    const std::vector<const char*> arguments{"sitepower-lab", "score", file.c_str()};
    testing::internal::CaptureStderr();
    EXPECT_EQ(run(3, arguments.data()), ExitCode::failed);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("soc_x.csv:1: unknown layout"), std::string::npos);
}

TEST(ScoreCommand, ADatasetIsNeeded) {
    const std::vector<const char*> arguments{"sitepower-lab", "score"};
    EXPECT_EQ(run(2, arguments.data()), ExitCode::usage);
}

TEST(ScoreCommand, NamesABatteryThatHasNoFile) {
    const config::TemporaryDirectory directory;
    directory.write("soc_moon.csv", "t_s,voltage_v,current_a,ah\n0,4,-1,0\n1,4,-1,0\n");
    const auto file = directory.path() + "/soc_moon.csv";
    const std::vector<const char*> arguments{"sitepower-lab", "score", file.c_str()};
    testing::internal::CaptureStderr();
    EXPECT_EQ(run(3, arguments.data()), ExitCode::failed);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("tells no known battery"), std::string::npos);
}

}  // namespace
}  // namespace sitepower::lab::score_test
