#include "daemon/config/sunspec_shelf.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "drivers/profile/check.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/schema/document.hpp"
#include "drivers/sunspec/inspector.hpp"
#include "drivers/sunspec/profile.hpp"

namespace sitepower::config {
namespace {

namespace fs = std::filesystem;

Profile empty_profile() {
    return sunspec::make_profile({}, {}).profile;
}

std::string with_reason(std::string text, const std::string& reason) {
    return reason.empty() ? text : text + ": " + reason;
}

// What the chain gives for the device; without points, and then with a problem, when it gives nothing.
sunspec::MadeProfile made_of(const sunspec::Chain& chain, const DeviceEntry& entry,
                             const sunspec::Models& models, std::string& problem) {
    const auto wanted = static_cast<std::size_t>(entry.sunspec_device - 1);
    if (wanted >= chain.devices.size()) {
        problem = with_reason(chain.devices.empty()
                                  ? "nothing of its SunSpec chain can be read"
                                  : fmt::format("SunSpec device {} is none of the {} that the unit has",
                                                entry.sunspec_device, chain.devices.size()),
                              chain.problem);
        return {empty_profile(), {}};
    }
    auto made = sunspec::make_profile(chain.devices[wanted], models);
    const auto points = place_points(made.profile).size();
    if (points == 0) problem = with_reason("none of its SunSpec models can be read", chain.problem);
    // A device may claim what no profile may be, such as a hundred thousand points.
    if (points > static_cast<std::size_t>(max_profile_points)) {
        problem = fmt::format("its SunSpec models have {} points, and a device may have {}", points,
                              max_profile_points);
        made.profile = empty_profile();
    }
    return made;
}

}  // namespace

std::string chain_path(const std::string& state_directory, const std::string& device_id) {
    return (fs::path(state_directory) / "sunspec" / (device_id + ".toml")).string();
}

bool save_chain(const std::string& state_directory, const std::string& device_id, const std::string& text) {
    const fs::path path = chain_path(state_directory, device_id);
    const fs::path temporary = path.string() + ".new";
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << text;
        if (!file.flush()) return false;
    }
    fs::rename(temporary, path, error);
    return !error;
}

std::vector<std::string> model_directories(const std::vector<std::string>& profile_directories) {
    std::vector<std::string> directories;
    for (const auto& profiles : profile_directories) {
        // "config/devices/" and "config/devices" are the same place.
        auto path = fs::path(profiles);
        if (!path.has_filename()) path = path.parent_path();
        directories.push_back((path.parent_path() / "sunspec").string());
    }
    return directories;
}

const std::shared_ptr<const sunspec::Models>& SunspecShelf::models(const schema::Origin& wanted_at) {
    if (models_ != nullptr) return models_;
    const auto directories = model_directories(profile_directories_);
    const auto before = diagnostics_.total();
    models_ = std::make_shared<const sunspec::Models>(sunspec::load_models(directories, diagnostics_));
    if (models_->size() == 0 && diagnostics_.total() == before) {
        diagnostics_.add(wanted_at,
                         fmt::format("there are no SunSpec models in {}", fmt::join(directories, " or ")));
    }
    return models_;
}

SunspecDevice SunspecShelf::find(const DeviceEntry& entry) {
    const auto& models = this->models(entry.origins.of("profile"));
    schema::Diagnostics unreadable;
    std::optional<sunspec::Chain> chain;
    std::string text;
    const auto path = chain_path(state_directory_, entry.id);
    if (std::error_code error; fs::exists(path, error)) {
        text = schema::read_text(path, unreadable).value_or("");
        chain = sunspec::parse_chain(text, path, unreadable);
    }
    SunspecDevice device;
    device.profile = empty_profile();
    if (chain) {
        auto made = made_of(*chain, entry, *models, device.problem);
        device.profile = std::move(made.profile);
        for (auto& what : made.left_out) left_out_.push_back({entry.id, std::move(what)});
    }
    device.inspector = std::make_shared<const sunspec::ChainInspector>(entry.unit, chain, models);
    device.fingerprint = Fingerprint().add(text).add(models->size()).value();
    print_.add(entry.id).add(device.fingerprint);
    return device;
}

}  // namespace sitepower::config
