// The fade libraries of this box, loaded when first asked for. Lives only while a configuration is loaded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/battery/rul/trajectory/library.hpp"
#include "core/site/model.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

// The library that stands for a chemistry where a string names none; empty for lead-acid.
std::string_view default_fade_library(Chemistry chemistry);

class FadeShelf {
  public:
    // directories: the first that has NAME.toml wins.
    FadeShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics);

    bool has(const std::string& name) const { return path_of(name).has_value(); }
    // nullptr after an error; the errors of a wrong file are told once, however many strings use it.
    std::shared_ptr<const FadeSource> find(const std::string& name, const schema::Origin& wanted_at);

    // Of all files that were asked for.
    std::uint64_t fingerprint() const;

  private:
    struct Shelved {
        std::shared_ptr<const FadeSource> source;
        std::uint64_t fingerprint = 0;
    };
    std::optional<std::string> path_of(const std::string& name) const;
    Shelved load(const std::string& name, const std::string& path);

    std::vector<std::string> directories_;
    schema::Diagnostics& diagnostics_;
    std::map<std::string, Shelved> loaded_;
};

}  // namespace sitepower::config
