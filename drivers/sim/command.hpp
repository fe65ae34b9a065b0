// What the simulated site can be told, from words that a person types. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "drivers/sim/battery_inverter.hpp"
#include "drivers/sim/server.hpp"

namespace sitepower::sim {

struct SetMains {
    bool present = true;
};

// String and jar count from 1, as on the label.
struct SetJarTemperature {
    int string = 1;
    int jar = 1;
    std::optional<double> celsius;  // empty: back to what its losses and the room give
};

struct AgeJar {
    int string = 1;
    int jar = 1;
    double factor = 1;  // of the resistance of a new jar
};

struct SetBehaviour {
    std::string device;
    Behaviour behaviour = Behaviour::normal;
    std::chrono::microseconds lateness{0};
};

// The device must be the inverter.
struct SetManner {
    std::string device;
    Manner manner = Manner::obeys;
};

struct ShowStatus {};

using Command = std::variant<SetMains, SetJarTemperature, AgeJar, SetBehaviour, SetManner, ShowStatus>;

// The error says which word is wrong and what is allowed.
Result<Command> parse_command(std::string_view text);

// All commands with an example each, for --help.
std::string_view command_help();

}  // namespace sitepower::sim
