// From a discovered SunSpec device to a profile, the same as a file of config/devices gives: bus, store and
// publisher know no difference. Pure; called by daemon/config and sitepowerctl.
#pragma once

#include <string>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/sunspec/chain.hpp"
#include "drivers/sunspec/model.hpp"

namespace sitepower::sunspec {

struct MadeProfile {
    Profile profile;
    std::vector<std::string> left_out;  // models, or groups of them, that are not read, and why
};

// Points are called MODEL.POINT, as in "inverter.power_kw"; a second model of the same name in the device,
// and models that come in numbers, are "inverter2.power_kw", "string1.soc_pct". No request crosses from one
// model into another. A model whose length is not legal, or that nobody has defined, is left out.
MadeProfile make_profile(const ChainDevice& device, const Models& models);

// Most elements of one repeating group; beyond, the group is left out.
inline constexpr int most_elements = 1000;

}  // namespace sitepower::sunspec
