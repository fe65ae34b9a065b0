#include "drivers/sim/simulated_site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "drivers/profile/load.hpp"

namespace sitepower::sim {
namespace {

PlantParameters plant_parameters(const SiteOptions& options) {
    PlantParameters parameters;
    parameters.seed = options.seed;
    return parameters;
}

// Holding registers of sim-inverter.toml.
constexpr std::uint16_t remote_register = 0;
constexpr std::uint16_t setpoint_register = 1;
constexpr std::uint16_t keep_alive_register = 2;

std::string_view to_string(Manner manner) {
    switch (manner) {
        case Manner::obeys:
            return "obeys";
        case Manner::ignores:
            return "ignores";
        case Manner::lags:
            return "lags";
        case Manner::saturates:
            return "saturates";
        case Manner::lies:
            break;
    }
    return "lies";
}

std::string_view to_string(const Unit& unit) {
    if (unit.behaviour == Behaviour::dropped) return "off the bus";
    if (unit.behaviour == Behaviour::hung) return "hung";
    return unit.lateness.count() > 0 ? "late" : "well";
}

}  // namespace

Profile require_profile(const std::string& directory, const std::string& id) {
    schema::Diagnostics diagnostics;
    auto profile = load_profile(directory + "/" + id + ".toml", diagnostics);
    if (profile) return *std::move(profile);
    std::string text = "profile " + id + " cannot be used:";
    for (const auto& diagnostic : diagnostics.sorted()) text += "\n  " + to_string(diagnostic);
    throw std::runtime_error(text);
}

SimulatedSite::SimulatedSite(const SiteOptions& options, Server& server)
    : options_(options), server_(server), plant_(plant_parameters(options)) {
    const auto port = [&options](int offset) {
        return static_cast<std::uint16_t>(options.port_base == 0 ? 0 : options.port_base + offset);
    };
    const std::string& profiles = options.profile_directory;
    const auto tcp = [&](const std::string& profile, const std::string& id, int offset) {
        const std::size_t channel = server.add_tcp(port(offset));
        add(require_profile(profiles, profile), id, 1, 0, channel,
            fmt::format("Modbus TCP 127.0.0.1:{} unit 1", server.port(channel)));
        return channel;
    };
    tcp("sim-ups", "UPS-01", 0);
    tcp("sim-battery-monitor", "MON-01", 1);
    const std::size_t pack = tcp("sim-bms", "BMS-01", 2);

    const Profile meter = require_profile(profiles, "sim-meter");
    const std::string link = options.directory + "/ttySIM0";
    const std::size_t line = server.add_serial(link);
    for (int i = 0; i < 2; ++i) {
        add(meter, fmt::format("MTR-0{}", i + 1), i + 1, i, line,
            fmt::format("Modbus RTU {} unit {}", link, i + 1));
    }
    const auto beside = [&](int unit) {
        return fmt::format("Modbus TCP 127.0.0.1:{} unit {}", server.port(pack), unit);
    };
    inverter_ = &add(require_profile(profiles, "sim-inverter"), "INV-01", 2, 0, pack, beside(2));
    add(meter, "MTR-03", 3, 2, pack, beside(3));
    advance(0);
}

ServedDevice& SimulatedSite::add(const Profile& profile, const std::string& id, int unit, int meter,
                                 std::size_t channel, const std::string& where) {
    devices_.push_back(std::make_unique<ServedDevice>(profile, id, unit, meter));
    devices_.back()->unit().delay = options_.delay;
    server_.add_unit(channel, devices_.back()->unit());
    places_.push_back(where);
    return *devices_.back();
}

void SimulatedSite::command_inverter() {
    auto& bank = inverter_->unit().bank;
    const auto word = [&](std::uint16_t address) {
        return bank.read(modbus::Table::holding, address, 1)->front();
    };
    auto& inverter = plant_.inverter();
    // It counts discharging as positive, in 0.1 kW.
    inverter.command(word(remote_register) == 1, -0.1 * static_cast<std::int16_t>(word(setpoint_register)));
    if (word(keep_alive_register) == 0) return;
    inverter.keep_alive();
    bank.set(modbus::Table::holding, keep_alive_register, 0);
}

void SimulatedSite::advance(double real_seconds) {
    command_inverter();
    plant_.advance(real_seconds * options_.speed);
    inverter_->unit().bank.set(modbus::Table::holding, remote_register,
                               plant_.inverter().is_remote() ? 1 : 0);
    for (const auto& device : devices_) device->refresh(plant_);
}

Result<std::string> SimulatedSite::execute(const Command& command) {
    if (const auto* mains = std::get_if<SetMains>(&command)) {
        apply(*mains);
        return std::string(mains->present ? "mains are back" : "mains have failed, the UPS is on battery");
    }
    if (const auto* hot = std::get_if<SetJarTemperature>(&command)) {
        plant_.string(hot->string - 1).hold_temperature(hot->jar - 1, hot->celsius);
        return fmt::format("string {} jar {}: temperature {}", hot->string, hot->jar,
                           hot->celsius ? fmt::format("{} C", *hot->celsius) : "normal");
    }
    if (const auto* aged = std::get_if<AgeJar>(&command)) {
        plant_.string(aged->string - 1).age(aged->jar - 1, aged->factor);
        return fmt::format("string {} jar {}: resistance {} times that of a new jar", aged->string, aged->jar,
                           aged->factor);
    }
    if (const auto* behaviour = std::get_if<SetBehaviour>(&command)) {
        ServedDevice* device = find(behaviour->device);
        if (device == nullptr) {
            std::string known;
            for (const auto& other : devices_) known += (known.empty() ? "" : ", ") + other->id();
            return Error{
                .code = ErrorCode::not_found,
                .message = fmt::format("there is no device \"{}\"; there are {}", behaviour->device, known),
                .detail = {}};
        }
        device->unit().behaviour = behaviour->behaviour;
        device->unit().lateness = behaviour->lateness;
        server_.apply_behaviour();
        return fmt::format("{} is {}", device->id(), to_string(device->unit()));
    }
    if (const auto* manner = std::get_if<SetManner>(&command)) return apply(*manner);
    return status();
}

void SimulatedSite::apply(const SetMains& command) {
    if (command.present) {
        plant_.restore_mains();
    } else {
        plant_.fail_mains();
    }
}

Result<std::string> SimulatedSite::apply(const SetManner& command) {
    if (command.device != inverter_->id()) {
        return Error{
            .code = ErrorCode::not_found,
            .message = fmt::format("\"{}\" takes no setpoints; {} does", command.device, inverter_->id()),
            .detail = {}};
    }
    plant_.inverter().set_manner(command.manner);
    return fmt::format("{} {}", inverter_->id(), to_string(command.manner));
}

ServedDevice* SimulatedSite::find(const std::string& id) {
    const auto found =
        std::ranges::find_if(devices_, [&id](const auto& device) { return device->id() == id; });
    return found != devices_.end() ? found->get() : nullptr;
}

std::string SimulatedSite::status() const {
    std::string text =
        fmt::format("mains {}, load {:.1f} kW, battery {:.0f} %, {:.1f} h of site time, {} requests\n",
                    plant_.mains() ? "present" : "failed", plant_.load_kw(), plant_.charge_pct(),
                    plant_.elapsed_s() / 3600, server_.requests());
    for (int i = 0; i < Plant::strings; ++i) {
        const VrlaString& string = plant_.string(i);
        text += fmt::format("string {}  {:.1f} V  {:+.2f} A  {:.0f} %\n", i + 1, string.voltage_v(),
                            string.current_a(), 100 * string.mean_soc());
    }
    text += fmt::format("pack      {:.1f} V  {:+.2f} A  {:.0f} %\n", plant_.pack().voltage_v(),
                        plant_.pack().current_a(), 100 * plant_.pack().soc());
    text += fmt::format("inverter  {}, {:+.1f} kW, {}\n",
                        plant_.inverter().is_remote() ? "follows setpoints" : "by itself",
                        plant_.pack_power_kw(), to_string(plant_.inverter().manner()));
    for (const auto& device : devices_)
        text += fmt::format("{}  {}\n", device->id(), to_string(device->unit()));
    return text;
}

std::vector<std::string> SimulatedSite::description() const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        lines.push_back(
            fmt::format("{}  {}  {} points", devices_[i]->id(), places_[i], devices_[i]->points().size()));
    }
    return lines;
}

std::string find_profile_directory() {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const fs::path& candidate : {fs::path("config/devices"), program.parent_path() / "config/devices",
                                      fs::path("/usr/share/sitepower/devices")}) {
        if (fs::is_directory(candidate, error)) return candidate.string();
    }
    return {};
}

}  // namespace sitepower::sim
