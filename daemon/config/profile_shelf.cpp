#include "daemon/config/profile_shelf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "daemon/config/fingerprint.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/schema/document.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower::config {

namespace fs = std::filesystem;

ProfileShelf::ProfileShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics)
    : directories_(std::move(directories)), diagnostics_(diagnostics) {}

const ShelvedProfile* ProfileShelf::find(const std::string& name, const schema::Origin& wanted_at) {
    auto found = loaded_.find(name);
    if (found == loaded_.end()) {
        const auto path = path_of(name);
        if (!path) {
            const auto known = names();
            const auto suggestion = schema::closest(name, {known.begin(), known.end()});
            auto message =
                fmt::format("there is no profile \"{}\" in {}", name, fmt::join(directories_, " or "));
            if (!suggestion.empty()) message += fmt::format("; did you mean \"{}\"?", suggestion);
            diagnostics_.add(wanted_at, std::move(message));
            return nullptr;
        }
        ShelvedProfile shelved;
        if (const auto text = schema::read_text(*path, diagnostics_)) {
            shelved.profile = parse_profile(*text, *path, diagnostics_);
            shelved.fingerprint = Fingerprint().add(*text).value();
        }
        found = loaded_.emplace(name, std::move(shelved)).first;
    }
    return found->second.profile ? &found->second : nullptr;
}

void ProfileShelf::check_names() {
    for (const auto& [name, shelved] : loaded_) {
        if (shelved.profile) check_profile_name(*shelved.profile, name, diagnostics_);
    }
}

std::uint64_t ProfileShelf::fingerprint() const {
    Fingerprint print;
    for (const auto& [name, shelved] : loaded_) print.add(name).add(shelved.fingerprint);
    return print.value();
}

std::optional<std::string> ProfileShelf::path_of(const std::string& name) const {
    for (const auto& directory : directories_) {
        const auto path = fs::path(directory) / (name + ".toml");
        std::error_code error;
        if (fs::exists(path, error)) return path.string();
    }
    return std::nullopt;
}

std::vector<std::string> ProfileShelf::names() const {
    std::vector<std::string> result;
    for (const auto& directory : directories_) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(directory, error)) {
            if (entry.path().extension() == ".toml") result.push_back(entry.path().stem().string());
        }
    }
    std::sort(result.begin(), result.end());
    return result;
}

}  // namespace sitepower::config
