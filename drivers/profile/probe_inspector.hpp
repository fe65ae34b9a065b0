// A device's inspector by the probe of its profile: whether what answers is what the profile is for. After
// each connection, before anything is polled; what is something else is not polled, and says why.
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "drivers/modbus/inspector.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/profile/probe.hpp"

namespace sitepower {

// What is asked for each row of the probe, in its order.
std::vector<modbus::Question> probe_questions(const Profile& profile, int unit);

// The registers of the probe; those that the device refuses to give are missing. An Error when it does not
// answer.
Result<RegisterImage> read_probe(const Profile& profile, int unit, const modbus::Inspector::Read& read);

class ProbeInspector final : public modbus::Inspector {
  public:
    // The profile has a probe.
    ProbeInspector(int unit, Profile profile) : unit_(unit), profile_(std::move(profile)) {}

    // Never `changed`: another profile is for a person to choose.
    modbus::Inspection inspect(const Read& read) const override;

  private:
    int unit_;
    Profile profile_;
};

}  // namespace sitepower
