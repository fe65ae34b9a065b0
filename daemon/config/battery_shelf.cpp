#include "daemon/config/battery_shelf.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/config/battery_file.hpp"
#include "daemon/config/fingerprint.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

namespace fs = std::filesystem;

std::string_view default_battery_file(Chemistry chemistry) {
    switch (chemistry) {
        case Chemistry::lfp:
            return "lfp";
        case Chemistry::nmc:
            return "nmc-18650-20r";
        case Chemistry::nca:
            return "nca-18650pf";
        case Chemistry::vrla:
            break;
    }
    return "vrla-12v";
}

BatteryShelf::BatteryShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics)
    : directories_(std::move(directories)), diagnostics_(diagnostics) {}

std::shared_ptr<const CellModel> BatteryShelf::find(const std::string& name,
                                                    const schema::Origin& wanted_at) {
    const auto found = loaded_.find(name);
    if (found != loaded_.end()) return found->second.model;
    const auto path = path_of(name);
    if (!path) {
        diagnostics_.add(wanted_at, fmt::format("there is no battery file \"{}.toml\" in {}", name,
                                                fmt::join(directories_, " or ")));
        return nullptr;
    }
    return loaded_.emplace(name, load(name, *path)).first->second.model;
}

BatteryShelf::Shelved BatteryShelf::load(const std::string& name, const std::string& path) {
    Shelved shelved;
    const auto text = schema::read_text(path, diagnostics_);
    if (!text) return shelved;
    shelved.fingerprint = Fingerprint().add(*text).value();
    shelved.model = parse_battery_file(*text, path, diagnostics_);
    if (shelved.model && shelved.model->parameters().id != name) {
        diagnostics_.add({.file = path, .key = "id"}, fmt::format(R"(is "{}", but the file's name says "{}")",
                                                                  shelved.model->parameters().id, name));
        shelved.model = nullptr;
    }
    return shelved;
}

std::uint64_t BatteryShelf::fingerprint() const {
    Fingerprint print;
    for (const auto& [name, shelved] : loaded_) print.add(name).add(shelved.fingerprint);
    return print.value();
}

std::optional<std::string> BatteryShelf::path_of(const std::string& name) const {
    for (const auto& directory : directories_) {
        const auto path = fs::path(directory) / (name + ".toml");
        std::error_code error;
        if (fs::exists(path, error)) return path.string();
    }
    return std::nullopt;
}

}  // namespace sitepower::config
