// What a command line of sitepowerctl asks for. Made by command_line, carried out by program.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/field/command.hpp"

namespace sitepower::ctl {

inline constexpr const char* default_socket = "/run/sitepower/sitepower.sock";

// Ask the daemon.
struct AskCommand {
    std::string operation;
    NamedValues parameters;
    NamedValues options{};  // what the command line calls a parameter: {"start", "--since"}
};

// "--since" for "start"; the parameter's own name where the command line has no other.
std::string_view option_of(const AskCommand& asked, std::string_view parameter);

// Check configuration files without a daemon.
struct CheckCommand {
    std::string configuration;  // a file or a directory; empty: the installed one
    std::string profiles;       // where the shipped profiles are; empty: the installed ones
};

// Predictions for the rows of a CSV file.
struct PredictCommand {
    std::string csv;  // the file
};

struct Command {
    std::variant<AskCommand, CheckCommand, FieldCommand, PredictCommand> what;
    bool json = false;
    std::string socket = default_socket;
    Duration at_most{30'000};
};

// The end of the program without a command: help was asked for, or the command line is wrong.
struct EndNow {
    ExitCode code = ExitCode::fine;
    std::string output;  // for stdout
    std::string error;   // for stderr
};

// `now` turns "2h" of --since into a time.
std::variant<Command, EndNow> read_command_line(std::vector<std::string> arguments, Time now);

}  // namespace sitepower::ctl
