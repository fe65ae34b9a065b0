// sitepowerd: arguments, configuration, App, run.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "core/base/time.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/documents.hpp"
#include "daemon/config/check.hpp"
#include "daemon/config/config.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/messages.hpp"
#include "daemon/loop/loop.hpp"

namespace {

using namespace sitepower;

int run_daemon(const config::ConfigPaths& paths) {
    schema::Diagnostics diagnostics;
    auto configuration = config::load_config(paths, diagnostics);
    if (!configuration) {
        const auto report = config::error_report(diagnostics);
        journal::log(journal::configuration_refused, "the configuration is refused:\n" + report);
        return config::exit_bad_configuration;
    }
    Loop::block_signals();  // before the first thread
    App app(paths, std::move(*configuration));
    return app.run();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App arguments{"Polls, estimates, buffers and publishes the batteries, UPSs and meters of a site."};
    arguments.set_version_flag("--version", SITEPOWER_VERSION);
    std::string location;
    std::string profiles;
    arguments.add_option(
        "--config", location,
        "configuration file, or the directory that holds sitepower.toml and conf.d [/etc/sitepower]");
    arguments.add_option("--profiles", profiles,
                         "directory of the device profiles [/usr/share/sitepower/devices]");
    auto* check =
        arguments.add_subcommand("check", "check configuration and profiles: file, line, key of each error");
    check->fallthrough();
    auto* print = arguments.add_subcommand("print", "print a reference document");
    std::string document;
    print->add_option("document", document, documents::names())->required();
    arguments.require_subcommand(0, 1);
    arguments.footer(
        "Without a command it runs. Exit status: 0 fine, 1 failed, 2 wrong arguments, 78 bad configuration.");
    try {
        arguments.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return arguments.exit(error) == 0 ? 0 : 2;
    }

    auto paths = config::config_paths(location, profiles);
    try {
        if (*check) {
            paths.checked_at = std::chrono::floor<Duration>(std::chrono::system_clock::now());
            return config::run_check(paths, std::cout);
        }
        if (*print) {
            return documents::print(document, std::cout) ? 0 : 2;
        }
        return run_daemon(paths);
    } catch (const std::exception& error) {
        journal::log(journal::internal_trouble, std::string("cannot start: ") + error.what());
        return 1;
    }
}
