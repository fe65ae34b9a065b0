// A unit that answers as the battery of a recording did, by the profile sim-played. In real time: whoever
// reads it counts Ah by a clock of its own. Owned by main or a test; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/sim/recording.hpp"
#include "drivers/sim/server.hpp"

namespace sitepower::sim {

class PlayedBattery {
  public:
    // Throws std::system_error when the port cannot be had, std::runtime_error for a profile with a point
    // that a recording does not have.
    PlayedBattery(Recording recording, const Profile& profile, std::uint16_t port,
                  std::chrono::microseconds delay, Server& server);

    // Brings the registers up to date. Once the recording is over the unit is off the bus, as a battery that
    // was taken away: its last current must not be counted on.
    void advance(double seconds);
    bool is_over() const { return unit_.behaviour == Behaviour::dropped; }
    const Unit& unit() const { return unit_; }

    // For people: what listens where, how long it plays, and how a site file names it.
    std::vector<std::string> description() const;

  private:
    using Column = std::optional<double> (*)(const Recording::Row& row);
    static Column column_of(std::string_view point);
    void show(const Recording::Row& row);

    Recording recording_;
    Server& server_;
    Unit unit_;
    std::uint16_t port_ = 0;
    double elapsed_s_ = 0;
    std::vector<std::pair<modbus::RegisterPoint, Column>> points_;
};

}  // namespace sitepower::sim
