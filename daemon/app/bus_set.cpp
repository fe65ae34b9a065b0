#include "daemon/app/bus_set.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {

std::unique_ptr<modbus::Bus> BusSet::make(const config::BusConfig& plan) const {
    return std::make_unique<modbus::Bus>(plan.settings, plan.units, sink_);
}

void BusSet::start(std::unique_ptr<modbus::Bus> bus) {
    buses_.push_back(std::move(bus));
    buses_.back()->start();
}

void BusSet::stop(std::span<const std::string> ids) {
    std::erase_if(buses_, [&](const std::unique_ptr<modbus::Bus>& bus) {
        return std::find(ids.begin(), ids.end(), bus->settings().id) != ids.end();
    });
}

void BusSet::stop_all() {
    buses_.clear();
}

const modbus::Bus* BusSet::find(const std::string& id) const {
    const auto found =
        std::find_if(buses_.begin(), buses_.end(), [&](const auto& bus) { return bus->settings().id == id; });
    return found == buses_.end() ? nullptr : found->get();
}

modbus::Bus* BusSet::find(const std::string& id) {
    return const_cast<modbus::Bus*>(std::as_const(*this).find(id));  // NOLINT(*-const-cast): it is ours
}

}  // namespace sitepower
