// Plain units for load and speed: blocks of registers that change with each answer, and gateways with a jar's
// values behind each unit id. Profiles sim-block and sim-jar read them. Owned by main or a bench; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/sim/server.hpp"

namespace sitepower::sim {

struct BlockOptions {
    int devices = 8;
    int registers = 100;  // holding registers of each, from address 0; 5 to 65536
    int units_per_port = 1;
    std::uint16_t port_base = 15'020;  // 0: free ports
    std::chrono::microseconds delay{0};
};

// Registers 0 to 3 of a block hold the time of the answer: microseconds since 1970, u64, high word first.
// Each other one holds its address plus the number of answers that the unit has given.
struct FleetOptions {
    int gateways = 6;
    int jars = 36;  // unit ids 1 to this behind each gateway
    std::uint16_t port_base = 15'020;
    std::chrono::microseconds delay{0};
};

class BenchUnits {
  public:
    // Each throws std::system_error when a port cannot be had.
    void add_blocks(const BlockOptions& options, Server& server);
    void add_fleet(const FleetOptions& options, Server& server);

    // One line for each port: which units it serves.
    const std::vector<std::string>& description() const { return description_; }
    const std::vector<std::uint16_t>& ports() const { return ports_; }
    Unit& unit(std::size_t index) { return *units_.at(index); }

  private:
    Unit& add_unit(int id, std::chrono::microseconds delay, std::size_t channel, Server& server);
    std::size_t add_port(std::uint16_t port_base, int units, std::string_view what, Server& server);

    std::vector<std::unique_ptr<Unit>> units_;
    std::vector<std::uint16_t> ports_;
    std::vector<std::string> description_;
};

// "6x36": gateways times jars, each 1 to 247.
struct FleetSize {
    int gateways = 0;
    int jars = 0;
};
std::optional<FleetSize> parse_fleet(std::string_view text);

}  // namespace sitepower::sim
