#include "daemon/config/fade_shelf.hpp"

#include <memory>
#include <utility>

#include "daemon/fade/library_file.hpp"

namespace sitepower::config {
namespace {

FadeShelf::Parsed parse(const std::string& text, const std::string& path, schema::Diagnostics& diagnostics) {
    auto library = fade::parse_library(text, path, diagnostics);
    if (!library) return {};
    FadeSource source{std::move(library->curves), library->parameters};
    return {.id = std::move(library->id), .content = std::make_shared<const FadeSource>(std::move(source))};
}

}  // namespace

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
    : FileShelf("fade library", parse, std::move(directories), diagnostics) {}

}  // namespace sitepower::config
