#include "daemon/config/file_shelf.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/config/fingerprint.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

namespace fs = std::filesystem;

std::optional<std::string> NamedFiles::path_of(const std::string& name) const {
    for (const auto& directory : directories_) {
        const auto path = fs::path(directory) / (name + ".toml");
        std::error_code error;
        if (fs::exists(path, error)) return path.string();
    }
    return std::nullopt;
}

void NamedFiles::report_missing(const std::string& name, const schema::Origin& wanted_at) const {
    diagnostics_.add(wanted_at, fmt::format("there is no {} \"{}.toml\" in {}", kind_, name,
                                            fmt::join(directories_, " or ")));
}

void NamedFiles::report_other_id(const std::string& path, const std::string& name,
                                 const std::string& id) const {
    diagnostics_.add({.file = path, .key = "id"},
                     fmt::format(R"(is "{}", but the file's name says "{}")", id, name));
}

std::optional<FileText> read_file(const std::string& path, schema::Diagnostics& diagnostics) {
    auto text = schema::read_text(path, diagnostics);
    if (!text) return std::nullopt;
    const auto fingerprint = Fingerprint().add(*text).value();
    return FileText{.text = std::move(*text), .fingerprint = fingerprint};
}

std::uint64_t fingerprint_of(const std::map<std::string, std::uint64_t>& files) {
    Fingerprint print;
    for (const auto& [name, fingerprint] : files) print.add(name).add(fingerprint);
    return print.value();
}

}  // namespace sitepower::config
