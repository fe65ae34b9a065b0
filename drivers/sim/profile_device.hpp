// A simulated device of any profile: every point holds a value that its registers can say, all that the
// profile asks about exists. For trying a profile out, and for tests of shipped profiles. Owned by a test or
// a program; one thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "drivers/profile/expand.hpp"
#include "drivers/profile/profile.hpp"
#include "drivers/sim/server.hpp"

namespace sitepower::sim {

// Registers that say something about others.
using RegisterPlaces = std::set<std::pair<modbus::Table, int>>;

class ProfileDevice {
  public:
    // The profile must have passed its checks.
    ProfileDevice(const Profile& profile, const std::string& id, int unit);

    const ExpandedDevice& device() const { return device_; }
    // What it answers as: its own unit first, then those of groups that have one.
    std::deque<Unit>& units() { return units_; }
    // What a reader must get, by point. Points that share registers with a condition, a count or a scale
    // factor are not in it: those hold what makes the others exist.
    const std::map<std::string, double>& served() const { return served_; }

  private:
    void serve(const modbus::UnitPlan& plan, const Profile& profile);
    void serve_mailbox(const modbus::PollGroup& group, const Profile& profile, Unit& unit);
    void serve_group(const modbus::PollGroup& group, const RegisterPlaces& places, Unit& unit);

    ExpandedDevice device_;
    std::deque<Unit> units_;
    std::map<std::string, double> served_;
};

}  // namespace sitepower::sim
