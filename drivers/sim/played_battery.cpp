#include "drivers/sim/played_battery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "drivers/profile/place.hpp"
#include "drivers/sim/encode.hpp"

namespace sitepower::sim {

PlayedBattery::Column PlayedBattery::column_of(std::string_view point) {
    static constexpr std::array<std::pair<std::string_view, Column>, 5> columns{{
        {"elapsed_s", [](const Recording::Row& row) { return std::optional(row.elapsed_s); }},
        {"voltage_v", [](const Recording::Row& row) { return std::optional(row.voltage_v); }},
        {"current_a", [](const Recording::Row& row) { return std::optional(row.current_a); }},
        {"temperature_c", [](const Recording::Row& row) { return row.temperature_c; }},
        {"charge_ah", [](const Recording::Row& row) { return row.charge_ah; }},
    }};
    const auto* found = std::ranges::find(columns, point, &std::pair<std::string_view, Column>::first);
    return found == columns.end() ? nullptr : found->second;
}

PlayedBattery::PlayedBattery(Recording recording, const Profile& profile, std::uint16_t port,
                             std::chrono::microseconds delay, Server& server)
    : recording_(std::move(recording)), server_(server) {
    unit_.id = 1;
    unit_.device = "PLAY-01";
    unit_.delay = delay;
    unit_.limits.registers = profile.limits.max_registers;
    unit_.limits.bits = profile.limits.max_bits;
    for (const PlacedPoint& placed : place_points(profile)) {
        const Column column = column_of(placed.point.name);
        if (column == nullptr) {
            throw std::runtime_error("profile " + profile.id + ": a recording has no \"" + placed.point.name +
                                     "\"");
        }
        define(placed.point.registers, unit_.bank);
        points_.emplace_back(placed.point.registers, column);
    }
    const std::size_t channel = server.add_tcp(port);
    server.add_unit(channel, unit_);
    port_ = server.port(channel);
    show(recording_.rows.front());
}

void PlayedBattery::advance(double seconds) {
    if (is_over()) return;
    elapsed_s_ += seconds;
    if (const auto* row = recording_.at(elapsed_s_)) {
        show(*row);
        return;
    }
    unit_.behaviour = Behaviour::dropped;
    server_.apply_behaviour();
}

void PlayedBattery::show(const Recording::Row& row) {
    for (const auto& [registers, column] : points_) encode(registers, column(row), 0, unit_.bank);
}

std::vector<std::string> PlayedBattery::description() const {
    return {fmt::format("{}  Modbus TCP 127.0.0.1:{} unit 1, profile sim-played, {} rows, {:.0f} s",
                        unit_.device, port_, recording_.rows.size(), recording_.length_s()),
            fmt::format(R"(in [[string]]: current = "{0}/current_a", and in [[string.battery]]: )"
                        R"(voltage = "{0}/voltage_v", temperature = "{0}/temperature_c")",
                        unit_.device)};
}

}  // namespace sitepower::sim
