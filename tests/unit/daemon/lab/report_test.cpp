#include "daemon/lab/report.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sitepower::report_test {
namespace {

TEST(Report, WritesOneJsonLinePerFigure) {
    EXPECT_EQ(json_line({.measure = "cpu.ratio", .value = 1.5, .unit = "x bare", .goal = at_most(2)}),
              R"({"measure":"cpu.ratio","value":1.5,"unit":"x bare","goal":"<= 2","holds":true})");
    EXPECT_EQ(json_line({.measure = "polling", .value = 96.9, .unit = "%", .goal = at_least(97)}),
              R"({"measure":"polling","value":96.9,"unit":"%","goal":">= 97","holds":false})");
}

TEST(Report, WithoutAGoalNothingHolds) {
    EXPECT_EQ(json_line({.measure = "rss", .value = 12, .unit = "MiB"}),
              R"({"measure":"rss","value":12,"unit":"MiB","goal":null,"holds":null})");
}

TEST(Report, AnUnknownValueIsNullAndHoldsNoGoal) {
    const Figure figure{.measure = "p99",
                        .value = std::numeric_limits<double>::quiet_NaN(),
                        .unit = "us",
                        .goal = at_most(1)};
    EXPECT_EQ(json_line(figure), R"({"measure":"p99","value":null,"unit":"us","goal":"<= 1","holds":false})");
    EXPECT_NE(table_line(figure).find("unknown"), std::string::npos);
}

TEST(Report, GoalsHoldAtTheirLimit) {
    EXPECT_TRUE(at_least(97).holds(97));
    EXPECT_FALSE(at_least(97).holds(96.999));
    EXPECT_TRUE(at_most(0.5).holds(0.5));
    EXPECT_FALSE(at_most(0.5).holds(0.5001));
}

TEST(Report, TheTableShowsGoalAndVerdict) {
    const auto line = table_line(
        {.measure = "polling.2ms.ratio", .value = 98.25, .unit = "% of bare", .goal = at_least(97)});
    EXPECT_NE(line.find("98.25"), std::string::npos) << line;
    EXPECT_NE(line.find(">= 97"), std::string::npos) << line;
    EXPECT_NE(line.find("holds"), std::string::npos) << line;
    EXPECT_LE(line.size(), 100U);
    EXPECT_NE(table_line({.measure = "x", .value = 3, .unit = "", .goal = at_most(2)}).find("MISSED"),
              std::string::npos);
}

TEST(Report, CountsGoalsThatFail) {
    Report report(ReportForm::json_lines);
    testing::internal::CaptureStdout();
    report.add({.measure = "a", .value = 1, .unit = "", .goal = at_most(2)});
    report.add({.measure = "b", .value = 3, .unit = "", .goal = at_most(2)});
    report.add({.measure = "c", .value = 3, .unit = ""});
    const auto text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(report.figures(), 3U);
    EXPECT_EQ(report.failed(), 1U);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

}  // namespace
}  // namespace sitepower::report_test
