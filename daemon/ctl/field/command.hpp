// Commands for people in front of a device: check a profile, read a device by it, keep what it answered as a
// sample, find out what is there. They need no daemon; the daemon must not hold the same endpoint meanwhile.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/ctl/exit_code.hpp"

namespace sitepower::ctl {

struct FieldCommand {
    enum class What : std::uint8_t { profile_check, profile_probe, profile_dump, scan };
    What what = What::profile_check;
    std::string profile;                         // its file
    std::vector<std::string> profiles_to_check;  // of a check: one file or several
    std::string endpoint;                        // see endpoint.hpp
    int unit = 1;
    std::string units = "1-10";  // of a scan
    std::string output;    // of a dump; empty: beside the working directory's files, named after the profile
    std::string about;     // of a dump: where the device stands
    std::string profiles;  // of a scan: where the shipped profiles are; empty: the installed ones
    Duration response_timeout{0};  // 0: as the profile says
};

// failed: the profile is wrong, the device was not reached, or nothing was found.
ExitCode carry_out_field(const FieldCommand& command, bool json, Time now, std::ostream& out,
                         std::ostream& err);

// The single commands, by the folder's files.
ExitCode check_profile_files(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err);
ExitCode probe_device(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err);
ExitCode dump_device(const FieldCommand& command, bool json, Time now, std::ostream& out, std::ostream& err);
ExitCode scan_endpoint(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err);

}  // namespace sitepower::ctl
