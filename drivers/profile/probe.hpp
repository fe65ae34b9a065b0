// Whether a device is one of a profile: its probe rows against registers that were read. Pure; used by scans
// and wherever a device is identified before its values are believed.
#pragma once

#include <string>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/profile/snapshot.hpp"

namespace sitepower {

// What must be read for each row of the probe, in its order; of an object the words that its text fills.
std::vector<modbus::RegisterPoint> probe_registers(const Profile& profile);

struct ProbeResult {
    bool matches = false;
    std::string found;   // "33024", "\"Smart-UPS X 750\"", "no answer"
    std::string wanted;  // "one of 33024", "a version of at least 14.4.0"
};

// One result for each row. The device is one of the profile when all match; a profile without rows matches
// nothing by itself.
std::vector<ProbeResult> check_probe(const Profile& profile, const RegisterImage& image);
bool is_match(const std::vector<ProbeResult>& results);

// Compares "1.10" and "1.9" number by number, missing ones as 0; what is neither digit nor dot separates.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace sitepower
