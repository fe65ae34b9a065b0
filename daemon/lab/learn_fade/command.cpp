#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>

#include "daemon/lab/learn_fade/learn_fade.hpp"
#include "daemon/lab/score/cell_kind.hpp"

namespace sitepower::lab {
namespace {

struct Options {
    std::string dataset;
    std::string output;
    std::string source;
    double rated_ah = 0;
    double end_of_life_pct = 0;
};

ExitCode fail(const std::string& why) {
    fmt::print(stderr, "sitepower-lab: {}\n", why);
    return ExitCode::failed;
}

// Empty: it is a number from least to largest. NaN is none, other than with CLI::Range.
std::string problem_of(const std::string& text, double least, double largest) {
    double value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    if (is_number && value >= least && value <= largest) return "";
    return fmt::format("{} is no number from {} to {}", text, least, largest);
}

ExitCode run(const Options& options) {
    const auto histories = read_capacities(options.dataset);
    if (!histories) return fail(histories.error().message);
    const CellKind& kind = kind_of(histories->front().cell);
    const double end_of_life = options.end_of_life_pct > 0 ? options.end_of_life_pct / 100 : kind.end_of_life;
    std::vector<LifeCell> cells;
    for (const CellHistory& history : *histories) {
        const double rated_ah = options.rated_ah > 0 ? options.rated_ah : kind_of(history.cell).rated_ah;
        cells.push_back(life_cell_of(history, rated_ah, end_of_life));
    }
    auto library = learn_fade(cells, end_of_life);
    if (!library) return fail(fmt::format("{}: {}", options.dataset, library.error().message));
    library->id = std::filesystem::path(options.output).stem().string();
    library->source = options.source;
    library->age_unit = "cycles";
    std::ofstream out(options.output);
    out << fade::library_text(*library);
    if (!out.flush()) return fail(fmt::format("{}: cannot be written", options.output));
    return ExitCode::fine;
}

}  // namespace

Run describe_learn_fade(CLI::App& command) {
    auto options = std::make_shared<Options>();
    command.add_option("dataset", options->dataset, "CSV: cell, cycle, capacity_ah")->required();
    command.add_option("-o,--output", options->output, "the library: ID.toml")->required();
    command.add_option("--source", options->source, "whose batteries these were")->default_str("own fleet");
    command
        .add_option("--rated-ah", options->rated_ah,
                    "rated capacity; else by the cell's name, or its first cycles")
        ->check([](const std::string& text) { return problem_of(text, 0.001, 1e6); });
    command
        .add_option("--end-of-life-pct", options->end_of_life_pct,
                    "of rated capacity; else by the cell's name")
        ->check([](const std::string& text) { return problem_of(text, 1, 99.9); });
    return [options](Report&) { return run(*options); };
}

}  // namespace sitepower::lab
