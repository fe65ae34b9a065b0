#include "daemon/config/battery_shelf.hpp"

#include <utility>

#include "daemon/config/battery_file.hpp"

namespace sitepower::config {
namespace {

BatteryShelf::Parsed parse(const std::string& text, const std::string& path,
                           schema::Diagnostics& diagnostics) {
    auto model = parse_battery_file(text, path, diagnostics);
    if (!model) return {};
    std::string id = model->parameters().id;
    return {.id = std::move(id), .content = std::move(model)};
}

}  // namespace

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
    : FileShelf("battery file", parse, std::move(directories), diagnostics) {}

}  // namespace sitepower::config
