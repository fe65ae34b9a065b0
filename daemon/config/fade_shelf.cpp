#include "daemon/config/fade_shelf.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/config/fingerprint.hpp"
#include "daemon/fade/library_file.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

namespace fs = std::filesystem;

std::string_view default_fade_library(Chemistry chemistry) {
    switch (chemistry) {
        case Chemistry::lfp:
            return "hust-lfp";
        case Chemistry::nmc:
            return "xjtu-nmc";
        case Chemistry::nca:
            return "tju";
        case Chemistry::vrla:
            break;
    }
    return "";
}

FadeShelf::FadeShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics)
    : directories_(std::move(directories)), diagnostics_(diagnostics) {}

std::shared_ptr<const FadeSource> FadeShelf::find(const std::string& name, const schema::Origin& wanted_at) {
    const auto found = loaded_.find(name);
    if (found != loaded_.end()) return found->second.source;
    const auto path = path_of(name);
    if (!path) {
        diagnostics_.add(wanted_at, fmt::format("there is no fade library \"{}.toml\" in {}", name,
                                                fmt::join(directories_, " or ")));
        return nullptr;
    }
    return loaded_.emplace(name, load(name, *path)).first->second.source;
}

FadeShelf::Shelved FadeShelf::load(const std::string& name, const std::string& path) {
    Shelved shelved;
    const auto text = schema::read_text(path, diagnostics_);
    if (!text) return shelved;
    shelved.fingerprint = Fingerprint().add(*text).value();
    auto library = fade::parse_library(*text, path, diagnostics_);
    if (!library) return shelved;
    if (library->id != name) {
        diagnostics_.add({.file = path, .key = "id"},
                         fmt::format(R"(is "{}", but the file's name says "{}")", library->id, name));
        return shelved;
    }
    shelved.source =
        std::make_shared<const FadeSource>(FadeSource{std::move(library->curves), library->parameters});
    return shelved;
}

std::uint64_t FadeShelf::fingerprint() const {
    Fingerprint print;
    for (const auto& [name, shelved] : loaded_) print.add(name).add(shelved.fingerprint);
    return print.value();
}

std::optional<std::string> FadeShelf::path_of(const std::string& name) const {
    for (const auto& directory : directories_) {
        const auto path = fs::path(directory) / (name + ".toml");
        std::error_code error;
        if (fs::exists(path, error)) return path.string();
    }
    return std::nullopt;
}

}  // namespace sitepower::config
