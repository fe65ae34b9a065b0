// A simulated device: the points of a profile, measured in the plant and written into the registers that a
// reader with the same profile would decode. Points in registers that its commands write hold what was
// written, and at first the lowest value that may be set. Owned by the simulated site; one thread.
#pragma once

#include <string>
#include <vector>

#include "drivers/profile/expand.hpp"
#include "drivers/profile/profile.hpp"
#include "drivers/sim/measure.hpp"
#include "drivers/sim/plant.hpp"
#include "drivers/sim/server.hpp"

namespace sitepower::sim {

class ServedDevice {
  public:
    // Throws std::runtime_error when the profile has a point that the plant does not measure.
    ServedDevice(const Profile& profile, std::string id, int unit, int meter);

    const std::string& id() const { return unit_.device; }
    Unit& unit() { return unit_; }
    const Unit& unit() const { return unit_; }
    const std::vector<DevicePoint>& points() const { return points_; }

    // Writes the plant's present state into the registers.
    void refresh(const Plant& plant);

  private:
    void write_text(const Profile& profile);
    // What its commands write can be written, and stays as it was written.
    void allow_commands(const Profile& profile);

    Unit unit_;
    int meter_;
    std::vector<DevicePoint> points_;
    std::vector<Measure> measures_;  // by point
};

}  // namespace sitepower::sim
