// The command on small files of its own; on the published data sets it is run by hand.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/lab/forecast/learn_prior.hpp"
#include "daemon/lab/forecast/plot.hpp"
#include "daemon/lab/forecast/safeguard_table.hpp"
#include "daemon/lab/forecast/score_m4.hpp"
#include "daemon/lab/program.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::lab::forecast_test {
namespace {

class ForecastCommand : public testing::Test {
  protected:
    void SetUp() override {
        directory_ = std::filesystem::temp_directory_path() /
                     ("sitepower-forecast-" +
                      std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directories(directory_);
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string path(const std::string& name) const { return (directory_ / name).string(); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
    }

    // Three series of which the test part goes on as the training part did.
    void write_m4() const {
        std::ostringstream train;
        std::ostringstream test;
        for (std::uint32_t seed = 1; seed <= 3; ++seed) {
            forecast::Noise noise(seed);
            train << 'H' << seed;
            test << 'H' << seed;
            for (std::size_t t = 0; t < 700; ++t) train << ',' << forecast::daily(t) + noise.next();
            for (std::size_t t = 700; t < 748; ++t) test << ',' << forecast::daily(t) + noise.next();
            train << '\n';
            test << '\n';
        }
        write("train.csv", train.str());
        write("test.csv", test.str());
    }

    static ExitCode run_with(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"sitepower-lab", "forecast"});
        std::vector<const char*> pointers;
        for (const auto& argument : arguments) pointers.push_back(argument.c_str());
        testing::internal::CaptureStdout();
        const auto code = run(static_cast<int>(pointers.size()), pointers.data());
        output() = testing::internal::GetCapturedStdout();
        return code;
    }
    static std::string& output() {
        static std::string text;
        return text;
    }

    std::filesystem::path directory_;
};

TEST_F(ForecastCommand, ScoresM4AndSaysWhichGoalsHold) {
    write_m4();
    run_with({"score", "--no-rolling", "--json", path("train.csv"), path("test.csv")});
    EXPECT_NE(output().find(R"({"measure":"forecast.m4.series","value":3)"), std::string::npos) << output();
    EXPECT_NE(output().find(R"("forecast.m4.local.owa")"), std::string::npos);
    EXPECT_NE(output().find(R"("goal":"<= 0.395","holds":true)"), std::string::npos) << output();
    EXPECT_EQ(output().find("metric_check"), std::string::npos) << "only on the whole set";
}

TEST_F(ForecastCommand, LearnsAPriorAndScoresWithIt) {
    write_m4();
    ASSERT_EQ(run_with({"learn-prior", path("train.csv"), "--matrices", "2", "-o", path("prior.bin")}),
              ExitCode::fine);
    const auto prior = read_prior(path("prior.bin"));
    ASSERT_TRUE(prior) << prior.error().message;
    EXPECT_EQ((*prior)->transformed.size(), 2U);
    run_with({"score", "--no-rolling", "--json", "--prior", path("prior.bin"), path("train.csv"),
              path("test.csv")});
    EXPECT_NE(output().find(R"("forecast.m4.prior.owa")"), std::string::npos) << output();
}

TEST_F(ForecastCommand, ScoresAServiceAtItsHorizons) {
    std::ostringstream text;
    text << "seconds,requests_per_second\n";
    forecast::Noise noise(1);
    for (std::size_t t = 0; t < 288 * 10; ++t) {
        if (t % 500 == 3) continue;  // holes
        text << t * 300 << ',' << forecast::daily(t, 288) + noise.next() << '\n';
    }
    write("service.csv", text.str());
    run_with({"score", "--json", path("service.csv")});
    for (const auto* measure : {"15min.mape", "60min.p90", "24h.coverage95"}) {
        EXPECT_NE(output().find("forecast.service.requests_per_second." + std::string(measure)),
                  std::string::npos)
            << output();
    }
    EXPECT_NE(output().find("forecast.services.safeguard.mean_ratio"), std::string::npos);
}

TEST_F(ForecastCommand, FindsALabelledAnomaly) {
    std::ostringstream text;
    text << "timestamp,value\n";
    forecast::Noise noise(1);
    const Time start = *parse_time("2014-01-01T00:00:00Z");
    for (std::size_t t = 0; t < 288 * 6; ++t) {
        const bool odd = t >= 288 * 5 && t < 288 * 5 + 30;
        std::string time =
            format_time(start + Duration{300'000} * static_cast<std::int64_t>(t)).substr(0, 19);
        time[10] = ' ';
        text << time << ',' << (odd ? 500 + 40 * noise.next() : forecast::daily(t, 288) + noise.next())
             << '\n';
    }
    write("odd.csv", text.str());
    write("labels.csv", "file,window_start,window_end\nodd.csv,2014-01-05 23:00:00,2014-01-06 04:00:00\n");
    run_with({"score", "--json", directory_.string()});
    EXPECT_NE(output().find(R"("forecast.nab.odd.windows_found","value":1)"), std::string::npos) << output();
    const auto of_directory = output();
    run_with({"score", "--json", path("odd.csv")});
    EXPECT_EQ(output(), of_directory) << "its labels lie beside it";
}

TEST_F(ForecastCommand, DrawsAFan) {
    write_m4();
    ASSERT_EQ(
        run_with({"plot", path("train.csv"), path("test.csv"), "--series", "H2", "-o", path("fan.svg")}),
        ExitCode::fine);
    std::ifstream stream(path("fan.svg"));
    const std::string svg{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_TRUE(svg.starts_with("<svg"));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_NE(svg.find(">H2<"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(run_with({"plot", path("train.csv"), "--series", "H9", "-o", path("fan.svg")}),
              ExitCode::failed);
    write("short.csv", "H1,1,2,3,4\n");
    EXPECT_EQ(run_with({"plot", path("short.csv"), "-o", path("none.svg")}), ExitCode::failed);
    EXPECT_FALSE(std::filesystem::exists(path("none.svg")));
}

TEST_F(ForecastCommand, SaysWhatCannotBeUsed) {
    EXPECT_EQ(run_with({"score", path("nothing.csv")}), ExitCode::failed);
    write("prior.bin", "no prior");
    write_m4();
    EXPECT_EQ(run_with({"score", "--prior", path("prior.bin"), path("train.csv")}), ExitCode::failed);
    EXPECT_EQ(run_with({"learn-prior", path("test.csv"), "-o", path("out.bin")}), ExitCode::failed)
        << "48 values are too few";
    EXPECT_EQ(run_with({"score"}), ExitCode::usage);
}

TEST(Svg, EscapesAndTakesEmptyOrConstantSeries) {
    const auto svg = to_svg({.title = "<a&b>",
                             .history = {5, 5},
                             .point = {5},
                             .p90 = {},
                             .p99 = {},
                             .lower95 = {},
                             .upper95 = {},
                             .actual = {}});
    EXPECT_NE(svg.find("&lt;a&amp;b&gt;"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_TRUE(to_svg({}).ends_with("</svg>\n"));
}

TEST(SafeguardTable, ComparesWithTheBetterNaive) {
    SafeguardTable table;
    auto row = SafeguardTable::row({1, 2});
    for (int i = 0; i < 30; ++i) row.add(0.75, {1.0, 0.5});
    table.close(row);
    auto few = SafeguardTable::row({1, 2});
    few.add(100, {1.0, 1.0});
    table.close(few);
    testing::internal::CaptureStdout();
    Report report(ReportForm::json_lines);
    table.tell("x", report);
    const auto text = testing::internal::GetCapturedStdout();
    EXPECT_NE(text.find(R"("x.mean_ratio","value":1.5,)"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("x.above_1.05","value":0,)"), std::string::npos)
        << "0.75 of the one better before";
}

}  // namespace
}  // namespace sitepower::lab::forecast_test
