// The kinds of batteries of this box, loaded when first asked for. Lives only while a configuration is
// loaded, or while sitepower-lab runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/battery/model/cell_model.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

// The file that stands for a chemistry where a string names none.
std::string_view default_battery_file(Chemistry chemistry);

class BatteryShelf {
  public:
    // directories: the first that has NAME.toml wins.
    BatteryShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics);

    bool has(const std::string& name) const { return path_of(name).has_value(); }
    // nullptr after an error; the errors of a wrong file are told once, however many strings use it.
    std::shared_ptr<const CellModel> find(const std::string& name, const schema::Origin& wanted_at);

    // Of all files that were asked for.
    std::uint64_t fingerprint() const;

  private:
    struct Shelved {
        std::shared_ptr<const CellModel> model;
        std::uint64_t fingerprint = 0;
    };
    std::optional<std::string> path_of(const std::string& name) const;
    Shelved load(const std::string& name, const std::string& path);

    std::vector<std::string> directories_;
    schema::Diagnostics& diagnostics_;
    std::map<std::string, Shelved> loaded_;
};

}  // namespace sitepower::config
