// The running buses, by id. A reload ends and starts only those that changed. Owned by the app; loop thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/config/config.hpp"
#include "drivers/modbus/bus.hpp"

namespace sitepower {

class BusSet {
  public:
    explicit BusSet(modbus::BusSink& sink) : sink_(sink) {}

    // Makes a bus and opens what it needs, its link aside; nothing runs yet. Throws std::system_error when
    // the kernel refuses.
    std::unique_ptr<modbus::Bus> make(const config::BusConfig& plan) const;
    // Throws std::system_error when there is no thread to be had.
    void start(std::unique_ptr<modbus::Bus> bus);
    // Ends the named buses; a bus gives up what it waits for at once.
    void stop(std::span<const std::string> ids);
    void stop_all();

    std::span<const std::unique_ptr<modbus::Bus>> all() const { return buses_; }
    const modbus::Bus* find(const std::string& id) const;  // null: no such bus
    modbus::Bus* find(const std::string& id);

  private:
    modbus::BusSink& sink_;
    std::vector<std::unique_ptr<modbus::Bus>> buses_;
};

}  // namespace sitepower
