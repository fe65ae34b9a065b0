#include "drivers/sim/served_device.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "drivers/sim/encode.hpp"

namespace sitepower::sim {
namespace {

// A device with scale factors chooses them so that the number fills its register well; small values get more
// decimals, as inverters and meters do at sunrise.
int exponent_for(const modbus::RegisterPoint& point, std::optional<double> value) {
    const double raw = value ? std::abs((*value - point.offset) / point.scale) : 0;
    for (int exponent = -2; exponent < 4; ++exponent) {
        if (raw * std::pow(10, -exponent) < 10'000) return exponent;
    }
    return 4;
}

int registers_written(const ProfileCommand& command) {
    return command.write.empty() ? registers_of(command.type) : static_cast<int>(command.write.size());
}

bool writes(const ProfileCommand& command, const modbus::RegisterPoint& point) {
    return command.table == point.table && point.address < command.address + registers_written(command) &&
           command.address < point.address + point.registers();
}

bool is_written(const Profile& profile, const modbus::RegisterPoint& point) {
    return std::ranges::any_of(profile.commands,
                               [&](const ProfileCommand& command) { return writes(command, point); });
}

double lowest_setting(const Profile& profile, const modbus::RegisterPoint& point) {
    for (const ProfileCommand& command : profile.commands) {
        if (writes(command, point) && !command.range.empty()) return command.range.front();
    }
    return 0;
}

}  // namespace

ServedDevice::ServedDevice(const Profile& profile, std::string id, int unit, int meter) : meter_(meter) {
    unit_.id = unit;
    unit_.device = std::move(id);
    unit_.limits.registers = profile.limits.max_registers;
    unit_.limits.bits = profile.limits.max_bits;
    for (PlacedPoint& placed : place_points(profile)) {
        if (is_written(profile, placed.point.registers)) {
            define(placed.point.registers, unit_.bank);
            encode(placed.point.registers, lowest_setting(profile, placed.point.registers), 0, unit_.bank);
            continue;
        }
        const Measure measure = find_measure(profile.id, placed.point.pattern);
        if (measure == nullptr) {
            throw std::runtime_error("profile " + profile.id +
                                     ": the simulation does not know how to measure \"" +
                                     placed.point.pattern + "\"");
        }
        define(placed.point.registers, unit_.bank);
        measures_.push_back(measure);
        points_.push_back(std::move(placed.point));
    }
    write_text(profile);
    allow_commands(profile);
    unit_.bank.fill_holes(profile.limits.max_hole);
}

void ServedDevice::allow_commands(const Profile& profile) {
    for (const ProfileCommand& command : profile.commands) {
        const auto address = static_cast<std::uint16_t>(command.address);
        unit_.bank.define(command.table, address, registers_written(command));
        unit_.bank.allow_writes(command.table, address, registers_written(command));
    }
}

// Texts hold the device's id, two characters to a register.
void ServedDevice::write_text(const Profile& profile) {
    for (const ProfilePoint& point : profile.points) {
        if (point.type != PointType::string) continue;
        const auto table = point.table.value_or(profile.defaults.table);
        unit_.bank.define(table, static_cast<std::uint16_t>(point.address), point.length);
        std::string text = unit_.device;
        text.resize(2 * static_cast<std::size_t>(point.length), '\0');
        for (int i = 0; i < point.length; ++i) {
            const auto at = 2 * static_cast<std::size_t>(i);
            const auto word =
                static_cast<std::uint8_t>(text[at]) << 8 | static_cast<std::uint8_t>(text[at + 1]);
            unit_.bank.set(table, static_cast<std::uint16_t>(point.address + i),
                           static_cast<std::uint16_t>(word));
        }
    }
}

void ServedDevice::refresh(const Plant& plant) {
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const auto value = measures_[i](plant, points_[i].indices, meter_);
        const modbus::RegisterPoint& registers = points_[i].registers;
        encode(registers, value, exponent_for(registers, value), unit_.bank);
    }
}

}  // namespace sitepower::sim
