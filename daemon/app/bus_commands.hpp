// Carries orders to the buses and their reports back to who ordered. Owned by the app; loop thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/app/bus_set.hpp"
#include "daemon/config/config.hpp"
#include "daemon/control/command_desk.hpp"

namespace sitepower {

class BusCommands final : public CommandDesk {
  public:
    // At most so many orders are under way at all buses together; BusInbox has room for their reports.
    static constexpr std::size_t capacity = 64;

    // Both must outlive it; `config` is the one in force, also after a reload.
    BusCommands(const config::Config& config, BusSet& buses) : config_(config), buses_(buses) {}

    std::span<const config::CommandConfig> commands() const override { return config_.commands; }
    Status order(OrderedCommand planned, Done done) override;

    void finished(modbus::WriteReport report);

  private:
    const config::Config& config_;
    BusSet& buses_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::uint64_t, Done> under_way_;
};

}  // namespace sitepower
