// sitepower-bench: measures what the documents promise. "sitepower-bench list" names the measurements.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "bench/benches.hpp"
#include "bench/harness/calibration.hpp"
#include "bench/harness/failure.hpp"

namespace {

using namespace sitepower;
using namespace sitepower::bench;

struct Arguments {
    std::vector<std::string> names;
    Options options;
    ReportForm form = ReportForm::table;
};

// Fills `arguments`; what CLI11 throws ends the program with its own message.
void describe(CLI::App& app, Arguments& arguments) {
    app.add_option("NAME", arguments.names, "measurements, or \"list\"; without any, all of them");
    app.add_option("--build-dir", arguments.options.build_directory, "where the programs are built")
        ->required();
    app.add_option("--rounds", arguments.options.rounds, "alternating rounds")->check(CLI::Range(1, 100));
    app.add_option_function<double>(
           "--seconds", [&](double value) { arguments.options.seconds = Seconds{value}; },
           "length of one measured span")
        ->check(CLI::Range(0.5, 3600.0));
    app.add_flag_callback(
        "--json", [&] { arguments.form = ReportForm::json_lines; }, "one line per figure");
}

int list() {
    for (const auto& bench : benches()) {
        fmt::print("{:<10} {}\n", bench.name, bench.about);
    }
    return 0;
}

std::vector<Bench> chosen(const std::vector<std::string>& names) {
    std::vector<Bench> result;
    std::ranges::copy_if(benches(), std::back_inserter(result), [&](const Bench& bench) {
        return names.empty() || std::ranges::find(names, bench.name) != names.end();
    });
    return result;
}

// 0 when every goal holds, 1 when one does not or a measurement could not be taken.
int run(const std::vector<Bench>& selection, const Arguments& arguments) {
    Report report(arguments.form);
    calibrate(report);
    bool complete = true;
    for (const auto& bench : selection) {
        report.progress(fmt::format("{}: {}", bench.name, bench.about));
        try {
            bench.run(arguments.options, report);
        } catch (const Failure& failure) {
            fmt::print(stderr, "{}: {}\n", bench.name, failure.what());
            complete = false;
        }
    }
    return complete && report.failed() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("measures sitepowerd against bare loops on the same simulated devices");
    describe(app, arguments);
    CLI11_PARSE(app, argc, argv);
    if (arguments.names == std::vector<std::string>{"list"}) {
        return list();
    }
    const auto selection = chosen(arguments.names);
    if (selection.size() !=
        std::max(arguments.names.size(), arguments.names.empty() ? benches().size() : 0)) {
        fmt::print(stderr, "unknown measurement; \"list\" names them\n");
        return 2;
    }
    catch_signals();
    try {
        return run(selection, arguments);
    } catch (const Interrupted&) {
        return 130;
    } catch (const std::exception& error) {
        fmt::print(stderr, "sitepower-bench: {}\n", error.what());
        return 1;
    }
}
