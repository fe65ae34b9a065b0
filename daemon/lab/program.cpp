#include "daemon/lab/program.hpp"

#include <CLI/CLI.hpp>
#include <vector>

namespace sitepower::lab {

ExitCode run(int argc, const char* const* argv) {
    CLI::App app("Offline work on files: scores estimators, forecasts and plans, replays, plots.");
    app.set_version_flag("--version", SITEPOWER_VERSION);
    app.require_subcommand(1);
    bool json = false;
    app.add_flag("--json", json, "one JSON line per figure instead of a table");
    app.footer("Exit status: 0 fine, 1 a goal does not hold or an input cannot be used, 2 wrong arguments.");
    std::vector<std::pair<CLI::App*, Run>> described;
    for (const LabCommand& command : commands()) {
        CLI::App* subcommand = app.add_subcommand(command.name, command.about);
        subcommand->fallthrough();  // --json may stand behind the command
        described.emplace_back(subcommand, command.describe(*subcommand));
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? ExitCode::fine : ExitCode::usage;
    }
    Report report(json ? ReportForm::json_lines : ReportForm::table);
    for (const auto& [subcommand, command] : described) {
        if (subcommand->parsed()) {
            return command(report);
        }
    }
    return ExitCode::usage;
}

}  // namespace sitepower::lab
