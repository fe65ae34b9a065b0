// Devices with `profile = "sunspec"`: their points come from the chain of models that was found when the
// device was asked, kept in the state directory. Until then such a device has no points, and its bus asks it.
// Lives only while a configuration is loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/config/config.hpp"
#include "daemon/config/entries.hpp"
#include "daemon/config/fingerprint.hpp"
#include "drivers/modbus/inspector.hpp"
#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/sunspec/model.hpp"

namespace sitepower::config {

inline constexpr const char* sunspec_profile = "sunspec";

// Where the chain of a device is kept.
std::string chain_path(const std::string& state_directory, const std::string& device_id);
// Writes it there, whole or not at all. False with errno when that cannot be done.
bool save_chain(const std::string& state_directory, const std::string& device_id, const std::string& text);

// Where models are: "sunspec" beside each directory of profiles.
std::vector<std::string> model_directories(const std::vector<std::string>& profile_directories);

struct SunspecDevice {
    Profile profile;
    std::shared_ptr<const modbus::Inspector> inspector;
    std::uint64_t fingerprint = 0;  // of the chain and of the models
    std::string problem{};          // why a device that told its models has no points
};

class SunspecShelf {
  public:
    SunspecShelf(std::vector<std::string> profile_directories, std::string state_directory,
                 schema::Diagnostics& diagnostics)
        : profile_directories_(std::move(profile_directories)),
          state_directory_(std::move(state_directory)),
          diagnostics_(diagnostics) {}

    // A chain that is missing, damaged or no longer fits the models gives a device without points: it is
    // found anew.
    SunspecDevice find(const DeviceEntry& entry);

    std::uint64_t fingerprint() const { return print_.value(); }
    // Of all devices that were looked for.
    const std::vector<SunspecLeftOut>& left_out() const { return left_out_; }

  private:
    const std::shared_ptr<const sunspec::Models>& models(const schema::Origin& wanted_at);

    std::vector<std::string> profile_directories_;
    std::string state_directory_;
    schema::Diagnostics& diagnostics_;
    std::shared_ptr<const sunspec::Models> models_;
    Fingerprint print_;
    std::vector<SunspecLeftOut> left_out_;
};

}  // namespace sitepower::config
