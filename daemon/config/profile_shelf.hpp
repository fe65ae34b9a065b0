// The device profiles of this box, loaded when first asked for. Lives only while a configuration is loaded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

struct ShelvedProfile {
    std::optional<Profile> profile;  // empty: refused, and the errors told
    std::uint64_t fingerprint = 0;   // of the file's text
};

class ProfileShelf {
  public:
    // directories: the first that has NAME.toml wins.
    ProfileShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics);

    // nullptr after an error; the errors of a wrong profile are told once, however many devices use it.
    const ShelvedProfile* find(const std::string& name, const schema::Origin& wanted_at);

    // An error for each profile that was asked for and whose `id` is not the name of its file.
    void check_names();

    // Of all profiles that were asked for.
    std::uint64_t fingerprint() const;

  private:
    std::optional<std::string> path_of(const std::string& name) const;
    std::vector<std::string> names() const;

    std::vector<std::string> directories_;
    schema::Diagnostics& diagnostics_;
    std::map<std::string, ShelvedProfile> loaded_;
};

}  // namespace sitepower::config
