// A profile's self-test: captured registers and what they must decode to. Pure; run by the loader once a
// profile has passed its other checks.
#pragma once

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

// Adds an error for each expectation that the profile does not meet: a point that it does not have, registers
// that the sample does not hold, another value (beyond 1e-6 of it), another quality.
void run_samples(const Profile& profile, schema::Diagnostics& diagnostics);

}  // namespace sitepower
