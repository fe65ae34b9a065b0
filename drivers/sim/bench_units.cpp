#include "drivers/sim/bench_units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sitepower::sim {
namespace {

constexpr int stamp_registers = 4;
constexpr int jar_registers = 6;

// Wall clock: the reader on the same machine compares it with its own.
std::uint64_t microseconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void change_block(RegisterBank& bank, int registers, std::uint32_t answers) {
    const std::uint64_t stamp = microseconds_now();
    for (int i = 0; i < stamp_registers; ++i) {
        bank.set(modbus::Table::holding, static_cast<std::uint16_t>(i),
                 static_cast<std::uint16_t>(stamp >> (48 - 16 * i)));
    }
    for (int i = stamp_registers; i < registers; ++i) {
        bank.set(modbus::Table::holding, static_cast<std::uint16_t>(i),
                 static_cast<std::uint16_t>(static_cast<std::uint32_t>(i) + answers));
    }
}

// Voltage 1 mV, current 0.1 A, temperature 0.1 C, resistance 1 uOhm, SOC and SOH 0.1 %: near their nominal
// values, and a little different each time.
void change_jar(RegisterBank& bank, std::uint32_t answers) {
    const std::uint32_t wave = answers % 20;
    const std::uint16_t words[jar_registers] = {static_cast<std::uint16_t>(13'640 + wave),
                                                static_cast<std::uint16_t>(wave / 10),
                                                static_cast<std::uint16_t>(240 + wave / 5),
                                                static_cast<std::uint16_t>(4800 + wave),
                                                1000,
                                                980};
    for (std::uint16_t i = 0; i < jar_registers; ++i) bank.set(modbus::Table::holding, i, words[i]);
}

}  // namespace

Unit& BenchUnits::add_unit(int id, std::chrono::microseconds delay, std::size_t channel, Server& server) {
    units_.push_back(std::make_unique<Unit>());
    Unit& unit = *units_.back();
    unit.id = id;
    unit.device = fmt::format("DEV-{:03}", units_.size());
    unit.delay = delay;
    server.add_unit(channel, unit);
    return unit;
}

std::size_t BenchUnits::add_port(std::uint16_t port_base, int units, std::string_view what, Server& server) {
    const auto port = static_cast<std::uint16_t>(port_base == 0 ? 0 : port_base + std::ssize(ports_));
    const std::size_t channel = server.add_tcp(port);
    ports_.push_back(server.port(channel));
    description_.push_back(
        fmt::format("Modbus TCP 127.0.0.1:{} units 1 to {}: {}", ports_.back(), units, what));
    return channel;
}

void BenchUnits::add_blocks(const BlockOptions& options, Server& server) {
    const std::string what = fmt::format("{} holding registers each", options.registers);
    std::size_t channel = 0;
    for (int i = 0; i < options.devices; ++i) {
        const int on_port = i % options.units_per_port;
        const int units = std::min(options.units_per_port, options.devices - i);
        if (on_port == 0) channel = add_port(options.port_base, units, what, server);
        Unit& unit = add_unit(on_port + 1, options.delay, channel, server);
        unit.bank.define(modbus::Table::holding, 0, options.registers);
        unit.before_answer = [registers = options.registers, answers = std::uint32_t{0}](
                                 RegisterBank& bank) mutable { change_block(bank, registers, answers++); };
    }
}

void BenchUnits::add_fleet(const FleetOptions& options, Server& server) {
    for (int gateway = 0; gateway < options.gateways; ++gateway) {
        const std::size_t channel =
            add_port(options.port_base, options.jars, "a jar's 6 values each", server);
        for (int jar = 1; jar <= options.jars; ++jar) {
            Unit& unit = add_unit(jar, options.delay, channel, server);
            unit.bank.define(modbus::Table::holding, 0, jar_registers);
            unit.before_answer = [answers = static_cast<std::uint32_t>(jar)](RegisterBank& bank) mutable {
                change_jar(bank, answers++);
            };
        }
    }
}

std::optional<FleetSize> parse_fleet(std::string_view text) {
    const auto cross = text.find('x');
    if (cross == text.npos) return std::nullopt;
    const auto number = [](std::string_view word) -> int {
        int value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        return error == std::errc{} && end == word.data() + word.size() && value >= 1 && value <= 247 ? value
                                                                                                      : 0;
    };
    const FleetSize size{.gateways = number(text.substr(0, cross)), .jars = number(text.substr(cross + 1))};
    if (size.gateways == 0 || size.jars == 0) return std::nullopt;
    return size;
}

}  // namespace sitepower::sim
