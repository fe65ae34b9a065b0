// `scan`: what is behind one configured endpoint. Only reads, and only there: never a sweep of a network.
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "daemon/config/config.hpp"
#include "daemon/config/sunspec_shelf.hpp"
#include "daemon/ctl/field/device.hpp"
#include "daemon/ctl/field/endpoint.hpp"
#include "daemon/ctl/format.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/profile/probe_inspector.hpp"
#include "drivers/sunspec/inspector.hpp"
#include "drivers/sunspec/profile.hpp"
#include "drivers/sunspec/walk.hpp"

namespace sitepower::ctl {
namespace {

constexpr Duration usual_timeout{1000};
// A profile is named when so much of it has a value; the best ones only.
constexpr double plausible_share = 0.5;
constexpr std::size_t most_candidates = 3;

struct Candidate {
    std::string profile;
    std::size_t good = 0;
    std::size_t points = 0;

    double share() const { return points == 0 ? 0 : static_cast<double>(good) / static_cast<double>(points); }
};

struct Found {
    int unit = 0;
    std::vector<std::string> left_out;
    sunspec::Chain chain;
    std::vector<Candidate> candidates;
};

// A file in an earlier directory stands before one of the same name, as it does for sitepowerd. What is
// broken is left out, and named.
std::vector<Profile> known_profiles(const std::vector<std::string>& directories) {
    std::vector<Profile> profiles;
    std::set<std::string> names;
    for (const auto& directory : directories) {
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
            const auto& path = entry.path();
            if (path.extension() != ".toml" || !names.insert(path.filename().string()).second) continue;
            schema::Diagnostics ignored;  // `profile check` is for that
            auto profile = load_profile(path.string(), ignored);
            if (profile) {
                profiles.push_back(std::move(*profile));
            } else {
                fmt::print(stderr, "{} is not tried, it has errors: see sitepowerctl profile check {}\n",
                           path.filename().string(), path.string());
            }
        }
    }
    std::ranges::sort(profiles, {}, &Profile::id);
    return profiles;
}

class Scan {
  public:
    Scan(modbus::LineReader& line, const FieldCommand& command)
        : line_(line),
          directories_(config::config_paths("", command.profiles).profile_directories),
          profiles_(known_profiles(directories_)),
          models_(sunspec::load_models(config::model_directories(directories_), problems_)) {}

    std::optional<Found> look_at(int unit) {
        if (!answers(unit)) return std::nullopt;
        Found found{.unit = unit, .left_out = {}, .chain = {}, .candidates = {}};
        find_sunspec(found);
        for (const auto& profile : profiles_) try_profile(profile, found);
        // Of equal shares the profile that finds more says more.
        std::ranges::stable_sort(found.candidates, std::greater{}, [](const Candidate& candidate) {
            return std::pair(candidate.share(), candidate.good);
        });
        if (found.candidates.size() > most_candidates) found.candidates.resize(most_candidates);
        return found;
    }

    std::size_t profiles() const { return profiles_.size(); }
    const std::vector<std::string>& directories() const { return directories_; }

  private:
    // A refusal is an answer, too. 0x0A and 0x0B are the gateway's own.
    bool answers(int unit) {
        std::array<std::uint16_t, 2> words{};
        for (const auto table : {modbus::Table::holding, modbus::Table::input}) {
            const auto answer = line_.read({static_cast<std::uint8_t>(unit), table, 0, 1}, words);
            if (answer.good()) return true;
            if (answer.kind == modbus::AnswerKind::exception) return answer.exception < 0x0A;
        }
        return false;
    }

    void find_sunspec(Found& found) {
        const modbus::Inspector::Read read = [this](const modbus::Question& question,
                                                    std::span<std::uint16_t> words) {
            return line_.read(question, words);
        };
        auto discovery = sunspec::discover(sunspec::reader_over(read, found.unit), models_);
        if (discovery.outcome != sunspec::Discovery::Outcome::found) return;
        for (const auto& device : discovery.chain.devices) {
            const auto made = sunspec::make_profile(device, models_);
            found.left_out.insert(found.left_out.end(), made.left_out.begin(), made.left_out.end());
        }
        found.chain = std::move(discovery.chain);
    }

    // A device that does not answer the profile's probe as it must is another one.
    bool may_be(const Profile& profile, int unit) {
        if (profile.probe.empty()) return true;
        const auto image = read_probe(
            profile, unit, [this](const modbus::Question& question, std::span<std::uint16_t> words) {
                return line_.read(question, words);
            });
        return image && is_match(check_probe(profile, *image));
    }

    void try_profile(const Profile& profile, Found& found) {
        if (!may_be(profile, found.unit)) return;
        auto expanded = expand(
            profile, {.device = DeviceIndex{0}, .device_id = "scan", .unit = found.unit, .periods = {}});
        if (!expanded) return;
        const auto survey = sitepower::survey(*expanded, line_);
        const Candidate candidate{profile.id, survey.good, survey.points.size()};
        if (candidate.share() >= plausible_share) found.candidates.push_back(candidate);
    }

    modbus::LineReader& line_;
    schema::Diagnostics problems_;
    std::vector<std::string> directories_;
    std::vector<Profile> profiles_;
    sunspec::Models models_;
};

std::string models_text(const sunspec::ChainDevice& device) {
    std::string text;
    for (const auto& model : device.models) text += fmt::format("{}{}", text.empty() ? "" : ", ", model.id);
    return text;
}

void print(const Found& found, std::ostream& out) {
    out << fmt::format("unit {}: answers\n", found.unit);
    std::size_t number = 0;
    for (const auto& device : found.chain.devices) {
        ++number;
        // Without it the first device would be meant by all.
        const auto which =
            found.chain.devices.size() > 1 ? fmt::format(", sunspec_device = {}", number) : std::string();
        out << fmt::format("  SunSpec: {} {}, serial {}, models {}: profile = \"sunspec\"{}\n",
                           device.manufacturer, device.model, device.serial.empty() ? "-" : device.serial,
                           models_text(device), which);
    }
    if (!found.chain.problem.empty())
        out << fmt::format("  SunSpec, not conforming: {}\n", found.chain.problem);
    for (const auto& what : found.left_out) out << fmt::format("  SunSpec, not read: {}\n", what);
    for (const auto& candidate : found.candidates) {
        out << fmt::format("  profile {}: {} of {} points have a plausible value\n", candidate.profile,
                           candidate.good, candidate.points);
    }
    if (found.chain.devices.empty() && found.candidates.empty()) {
        out << "  nothing that a profile fits: see the device's register map\n";
    }
}

Json describe(const Found& found) {
    Json devices = Json::array();
    for (const auto& device : found.chain.devices) {
        Json models = Json::array();
        for (const auto& model : device.models) {
            models.push_back({{"id", model.id}, {"address", model.address}, {"length", model.length}});
        }
        devices.push_back({{"manufacturer", device.manufacturer},
                           {"model", device.model},
                           {"version", device.version},
                           {"serial", device.serial},
                           {"sunspec_device", devices.size() + 1},
                           {"models", std::move(models)}});
    }
    Json profiles = Json::array();
    for (const auto& candidate : found.candidates) {
        profiles.push_back(
            {{"profile", candidate.profile}, {"good", candidate.good}, {"points", candidate.points}});
    }
    return {{"unit", found.unit},
            {"sunspec", std::move(devices)},
            {"sunspec_problem", found.chain.problem},
            {"sunspec_not_read", found.left_out},
            {"profiles", std::move(profiles)}};
}

}  // namespace

ExitCode scan_endpoint(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err) {
    const auto settings = endpoint_of(command, err);
    if (!settings) return ExitCode::usage;
    const auto units = parse_units(command.units);
    if (!units) {
        err << "sitepowerctl: --units " << units.error().message << '\n';
        return ExitCode::usage;
    }
    modbus::UnitTiming timing;
    timing.response_timeout =
        command.response_timeout > Duration::zero() ? command.response_timeout : usual_timeout;
    timing.late_window = 2 * timing.response_timeout;
    timing.retries = 0;
    modbus::LineReader line(*settings, timing);
    if (const auto opened = line.open(); !opened) {
        err << "sitepowerctl: " << opened.error().message << '\n';
        return ExitCode::failed;
    }
    Scan scan(line, command);
    if (scan.profiles() == 0) {
        err << fmt::format("sitepowerctl: there is no profile in {}; --profiles names their directory\n",
                           fmt::join(scan.directories(), " or "));
        return ExitCode::failed;
    }
    Json all = Json::array();
    std::size_t silent = 0;
    for (const int unit : *units) {
        if (isatty(STDERR_FILENO) != 0) err << fmt::format("unit {} ...\r", unit) << std::flush;
        const auto found = scan.look_at(unit);
        silent += found ? 0 : 1;
        if (!found) continue;
        if (json) {
            all.push_back(describe(*found));
        } else {
            print(*found, out);
        }
    }
    if (json) {
        out << Json{{"endpoint", command.endpoint}, {"units", std::move(all)}, {"silent", silent}}.dump()
            << '\n';
    } else {
        const auto answering = units->size() - silent;
        out << fmt::format("{}, {} silent; {} tried\n", count_text(answering, "unit answers", "units answer"),
                           count_text(silent, "is", "are"),
                           count_text(scan.profiles(), "profile was", "profiles were"));
    }
    return silent < units->size() ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::ctl
