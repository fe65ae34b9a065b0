// A profile's file and the device that is read by it: what probe and dump have in common.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/field/command.hpp"
#include "daemon/operation/json.hpp"
#include "drivers/profile/probe.hpp"
#include "drivers/profile/survey.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::ctl {

struct FieldDevice {
    std::string text;  // of the profile's file
    Profile profile;
    ExpandedDevice expanded;
    Survey survey;
    struct ProbeRow {
        std::string asked;  // "holding 15 (function 3)"
        ProbeResult result;
    };
    std::vector<ProbeRow> probe;  // of the profile; a device that fails it is not polled
};

// nullopt after an error, which was told: the command line is wrong.
std::optional<modbus::BusSettings> endpoint_of(const FieldCommand& command, std::ostream& err);

// Loads the profile and reads the device. nullopt after an error, which was told.
std::optional<FieldDevice> read_device(const FieldCommand& command, const modbus::BusSettings& endpoint,
                                       std::ostream& err);

// Each on a line of its own.
void tell(const schema::Diagnostics& diagnostics, std::ostream& err);
Json describe(const schema::Diagnostics& diagnostics);

std::string table_name(modbus::Table table);

}  // namespace sitepower::ctl
