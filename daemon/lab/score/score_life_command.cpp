#include <CLI/CLI.hpp>
#include <memory>

#include "daemon/fade/library_file.hpp"
#include "daemon/lab/score/fleet.hpp"
#include "daemon/lab/score/score_life.hpp"
#include "daemon/lab/score/score_life_command.hpp"

namespace sitepower::lab {

Run describe_score_life(CLI::App& command) {
    struct Options {
        std::vector<std::filesystem::path> files;
        std::filesystem::path libraries;
        bool fleet = false;
    };
    auto options = std::make_shared<Options>();
    command.add_option("files", options->files, "CSV: cell, cycle, capacity_ah");
    command.add_option("--library", options->libraries,
                       "directory of fade libraries, instead of the shipped one");
    command.add_flag("--fleet", options->fleet, "the simulated fleet of lead-acid jars too");
    return [options](Report& report) {
        const auto libraries = options->libraries.empty() ? fade::shipped_libraries() : options->libraries;
        score_life(options->files, libraries, report);
        if (options->fleet) score_fleet(report);
        return report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
    };
}

}  // namespace sitepower::lab
