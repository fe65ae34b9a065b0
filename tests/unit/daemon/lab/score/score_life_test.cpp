#include "daemon/lab/score/score_life.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "daemon/fade/library_file.hpp"
#include "daemon/lab/learn_fade/learn_fade.hpp"
#include "tests/support/process.hpp"

namespace sitepower::lab::score_life_test {
namespace {

namespace fs = std::filesystem;

// Cells that the scores take for XJTU's, and a library learnt from them.
class ScoreLifeTest : public testing::Test {
  protected:
    ScoreLifeTest() {
        std::ofstream out(data_);
        out << "cell,cycle,capacity_ah\n";
        for (int cell = 1; cell <= 6; ++cell) {
            for (int cycle = 1; cycle <= 150 + 20 * cell; ++cycle) {
                const double share = cycle / (120.0 + 20 * cell);
                out << "2C_battery-" << cell << ',' << cycle << ',' << 2 * (1 - 0.16 * share * share) << '\n';
            }
        }
        out.close();
        std::vector<LifeCell> cells;
        const auto histories = read_capacities(data_);
        for (const auto& history : *histories) cells.push_back(life_cell_of(history, 2, 0.84));
        auto library = learn_fade(cells, 0.84);
        library->id = "xjtu-nmc";
        library->source = "test";
        library->age_unit = "cycles";
        fs::create_directories(libraries_);
        std::ofstream(libraries_ / "xjtu-nmc.toml") << fade::library_text(*library);
    }

    support::TemporaryDirectory directory_;
    fs::path data_ = directory_.path() / "cells.csv";
    fs::path libraries_ = directory_.path() / "fade";
};

TEST_F(ScoreLifeTest, PrintsErrorsCoverageAndTheBaseline) {
    testing::internal::CaptureStdout();
    Report report(ReportForm::json_lines);
    score_life({data_}, libraries_, report);
    const std::string text = testing::internal::GetCapturedStdout();
    for (const char* measure :
         {"rul.xjtu.error_of_life.30", "rul.xjtu.linear_error_of_life.90", "rul.xjtu.coverage",
          "rul.xjtu.width_of_life", "rul.xjtu.censored", "rul.xjtu.error_of_left.50"}) {
        EXPECT_NE(text.find('"' + std::string(measure) + '"'), std::string::npos) << measure;
    }
    EXPECT_NE(text.find(R"("rul.xjtu.cells","value":6)"), std::string::npos);
}

TEST_F(ScoreLifeTest, SaysWhichFileCannotBeUsed) {
    Report report(ReportForm::json_lines);
    EXPECT_THROW(score_life({"/nowhere/cells.csv"}, libraries_, report), std::runtime_error);
    EXPECT_THROW(score_life({data_}, "/nowhere", report), std::runtime_error);
}

}  // namespace
}  // namespace sitepower::lab::score_life_test
