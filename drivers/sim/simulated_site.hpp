// The simulated site DC-CNX-01: the plant, its seven devices and where they listen. Owned by main or a test;
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "drivers/sim/command.hpp"
#include "drivers/sim/plant.hpp"
#include "drivers/sim/served_device.hpp"
#include "drivers/sim/server.hpp"

namespace sitepower::sim {

struct SiteOptions {
    std::string directory;             // for the link of the serial line
    std::string profile_directory;     // holds sim-ups.toml and the others
    std::uint16_t port_base = 15'020;  // 0: free ports
    double speed = 1;                  // seconds of the site for each second
    std::uint64_t seed = 1;
    std::chrono::microseconds delay{2000};  // of each answer
};

class SimulatedSite {
  public:
    // Throws std::runtime_error or std::system_error with a message for people.
    SimulatedSite(const SiteOptions& options, Server& server);

    // Lets time pass and brings the registers up to date.
    void advance(double real_seconds);

    // The reply is for people; the error names what is not there.
    Result<std::string> execute(const Command& command);

    const Plant& plant() const { return plant_; }
    ServedDevice& device(std::size_t index) { return *devices_.at(index); }

    // One line for each device: what listens where.
    std::vector<std::string> description() const;

  private:
    // Makes a device and puts it on a channel; `where` is for description().
    ServedDevice& add(const Profile& profile, const std::string& id, int unit, int meter, std::size_t channel,
                      const std::string& where);
    // nullptr when there is no such device.
    ServedDevice* find(const std::string& id);
    void apply(const SetMains& command);
    Result<std::string> apply(const SetManner& command);
    // From its registers to the inverter, and back when it has taken itself back.
    void command_inverter();
    std::string status() const;

    SiteOptions options_;
    Server& server_;
    Plant plant_;
    std::vector<std::unique_ptr<ServedDevice>> devices_;
    ServedDevice* inverter_ = nullptr;  // one of them
    std::vector<std::string> places_;   // by device
};

// The first of: config/devices below the working directory, config/devices beside the build, the installed
// /usr/share/sitepower/devices. Empty when there is none.
std::string find_profile_directory();
// Throws std::runtime_error with all that is wrong.
Profile require_profile(const std::string& directory, const std::string& id);

}  // namespace sitepower::sim
