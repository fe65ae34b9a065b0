#include "daemon/lab/forecast/forecast.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "daemon/lab/forecast/learn_prior.hpp"
#include "daemon/lab/forecast/plot.hpp"
#include "daemon/lab/forecast/score.hpp"

namespace sitepower::lab {
namespace {

struct LearnOptions {
    std::vector<std::string> data_sets;
    std::string output;
    forecast::PriorLearning how;
};

ExitCode learn(const LearnOptions& options, Report& report) {
    const auto files = read_data_sets(options.data_sets);
    const auto library =
        files ? learn_prior(*files, options.how) : Result<forecast::PriorLibrary>(files.error());
    const Status written = library ? write_prior(*library, options.output) : Status(library.error());
    if (!written) {
        fmt::print(stderr, "sitepower-lab: {}\n", written.error().message);
        return ExitCode::failed;
    }
    report.add({.measure = "forecast.prior.matrices",
                .value = static_cast<double>(library->transformed.size() + library->raw.size()),
                .unit = "matrices"});
    return ExitCode::fine;
}

void add_data_sets(CLI::App& command, std::vector<std::string>& data_sets) {
    command.add_option("DATASET", data_sets, "CSV files, or directories of them")->required();
}

struct Options {
    ScoreOptions score;
    PlotOptions plot;
    LearnOptions learn;
};

}  // namespace

Run describe_forecast(CLI::App& command) {
    command.require_subcommand(1);
    const auto options = std::make_shared<Options>();
    auto* score_command =
        command.add_subcommand("score", "score forecasts on data sets, with the goals")->fallthrough();
    add_data_sets(*score_command, options->score.data_sets);
    score_command->add_option("--prior", options->score.prior, "prior library (see learn-prior)");
    score_command->add_flag("!--no-rolling", options->score.rolling, "leave out the rolling origins of M4");
    auto* plot_command =
        command.add_subcommand("plot", "draw history, forecast and intervals as SVG")->fallthrough();
    add_data_sets(*plot_command, options->plot.data_sets);
    plot_command->add_option("--series", options->plot.series,
                             "M4 id, or column of a table; default: the first");
    plot_command->add_option("--prior", options->plot.prior, "prior library (see learn-prior)");
    plot_command->add_option("-o,--output", options->plot.output, "SVG file to write")->required();
    auto* learn_command =
        command.add_subcommand("learn-prior", "learn a prior library from many series")->fallthrough();
    add_data_sets(*learn_command, options->learn.data_sets);
    learn_command->add_option("-o,--output", options->learn.output, "file to write")->required();
    learn_command->add_option("--matrices", options->learn.how.matrices, "kinds of series to tell apart")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    return [=](Report& report) {
        if (score_command->parsed()) return score(options->score, report);
        if (plot_command->parsed()) return plot(options->plot);
        return learn(options->learn, report);
    };
}

}  // namespace sitepower::lab
