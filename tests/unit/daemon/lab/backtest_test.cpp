#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "daemon/lab/backtest/plot.hpp"
#include "daemon/lab/backtest/series_file.hpp"
#include "daemon/lab/program.hpp"
#include "tests/support/process.hpp"

namespace sitepower::lab::backtest_test {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
    const auto series = read_series(text);
    return series ? "accepted" : series.error().message;
}

TEST(SeriesFile, ReadsTimesWithZonesAndKeepsTheLocalHour) {
    const auto series =
        read_series("time,price\n2024-01-01 00:00:00+01:00,0.1\r\n2024-01-01T01:00:00+01:00,-5,x\n");
    ASSERT_TRUE(series) << series.error().message;
    ASSERT_EQ(series->size(), 2U);
    EXPECT_EQ(format_time((*series)[0].time), "2023-12-31T23:00:00.000Z");
    EXPECT_EQ((*series)[0].local_hour, 0);
    EXPECT_EQ((*series)[1].value, -5);
}

TEST(SeriesFile, RefusesWithTheLine) {
    EXPECT_THAT(refusal(""), HasSubstr("no values"));
    EXPECT_THAT(refusal("time,price\n"), HasSubstr("no values"));
    EXPECT_THAT(refusal("t,p\nyesterday,1\n"), HasSubstr("line 2: the first column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z,many\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z,nan\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T00:00:00Z\n"), HasSubstr("line 2: the second column"));
    EXPECT_THAT(refusal("t,p\n2024-01-01T01:00:00Z,1\n2024-01-01T01:00:00Z,2\n"),
                HasSubstr("line 3: times must rise"));
}

TEST(SeriesFile, ARepeatedLineCountsOnce) {
    const auto series =
        read_series("t,p\n2024-03-31T00:00:00Z,1\n2024-03-31T00:00:00Z,1\n2024-03-31T01:00:00Z,1\n");
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->size(), 2U);
}

// Hours from the first of March on, a value for each.
template <class Value>
void write_hours(const std::filesystem::path& path, int hours, const Value& value) {
    std::string text = "time,value\n";
    const Time start = *parse_time("2026-03-01T00:00:00Z");
    for (int hour = 0; hour < hours; ++hour)
        text += fmt::format("{},{:.3f}\n", format_time(start + std::chrono::hours{hour}), value(hour));
    support::write_file(path, text);
}

// Five weeks with two peaks a day, load errors and hours of negative prices: the program itself fails where
// a reserve is broken that could be kept, or perfect foresight costs more than 2 % beyond the optimum.
TEST(Backtest, KeepsTheReserveAndWithPerfectForesightTheOptimum) {
    const support::TemporaryDirectory directory;
    const auto prices = (directory.path() / "prices.csv").string();
    const auto load = (directory.path() / "load.csv").string();
    const auto plot = (directory.path() / "plot.svg").string();
    const auto turn = [](int hour, double period) { return std::sin(2 * std::numbers::pi * hour / period); };
    const auto noise = [](int hour) { return static_cast<double>(hour * 7919 % 101) / 101 - 0.5; };
    constexpr int hours = 35 * 24;
    write_hours(prices, hours, [&](int hour) {
        return 80 + 60 * turn(hour, 12) + 25 * turn(hour, 24) + 20 * noise(hour) -
               (hour % 168 > 150 ? 150 : 0);
    });
    write_hours(load, hours, [&](int hour) { return 300 + 60 * turn(hour - 8, 24) + 50 * noise(hour / 3); });
    for (const char* foresight : {"day-ahead", "perfect"}) {
        const std::vector<const char*> arguments{
            "sitepower-lab", "backtest", "--prices", prices.c_str(), "--load",         load.c_str(),
            "--foresight",   foresight,  "--plot",   plot.c_str(),   "--autonomy-min", "15"};
        EXPECT_EQ(run(static_cast<int>(arguments.size()), arguments.data()), ExitCode::fine) << foresight;
        EXPECT_THAT(support::read_file(plot), testing::EndsWith("</svg>\n"));
        std::filesystem::remove(plot);
    }
}

// At one price for all hours there is nothing to save, and no battery keeps a load below this contract.
TEST(Backtest, SaysWhatIsBeyondTheContractAndNoShareOfNothing) {
    const support::TemporaryDirectory directory;
    const auto prices = (directory.path() / "prices.csv").string();
    const auto load = (directory.path() / "load.csv").string();
    write_hours(prices, 15 * 24, [](int) { return 80.0; });
    write_hours(load, 15 * 24, [](int hour) { return hour % 24 < 12 ? 300.0 : 250.0; });
    const auto ends = [&](const char* limit) {
        const std::vector<const char*> arguments{"sitepower-lab",
                                                 "backtest",
                                                 "--prices",
                                                 prices.c_str(),
                                                 "--load",
                                                 load.c_str(),
                                                 "--import-limit-kw",
                                                 limit,
                                                 "--terminal-value-per-kwh",
                                                 "0.08"};
        return run(static_cast<int>(arguments.size()), arguments.data());
    };
    testing::internal::CaptureStdout();
    EXPECT_EQ(ends("200"), ExitCode::fine);
    const auto told = testing::internal::GetCapturedStdout();
    EXPECT_THAT(told, HasSubstr("above_contract"));
    EXPECT_THAT(told, testing::Not(HasSubstr("saved_of_possible")));
    EXPECT_NE(ends("-5"), ExitCode::fine);
}

TEST(Plot, DrawsWhatIsFiniteAndEscapesTitles) {
    const std::string svg = plot_svg({{"a < b & c", {1, 2, NAN, 3}}, {"nothing", {NAN}}, {"flat", {5, 5}}});
    EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
    EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
    EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

}  // namespace
}  // namespace sitepower::lab::backtest_test
