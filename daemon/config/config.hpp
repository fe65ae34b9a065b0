// The configuration of the daemon, loaded, checked and resolved: plain values that the app builds its parts
// from. Loaded at start-up and at reload on the loop thread (some ten milliseconds), immutable afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "daemon/control/settings.hpp"
#include "daemon/forecast/settings.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/planner/settings.hpp"
#include "daemon/price/settings.hpp"
#include "daemon/publish/settings.hpp"
#include "daemon/scaling/settings.hpp"
#include "daemon/store/settings.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/profile/command.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::schema {
struct Node;
}

namespace sitepower::config {

// Exit status of a daemon whose configuration is refused (EX_CONFIG of sysexits.h); systemd does not start it
// again.
inline constexpr int exit_bad_configuration = 78;

struct ConfigPaths {
    std::string file = "/etc/sitepower/sitepower.toml";
    std::string conf_d = "/etc/sitepower/conf.d";
    std::vector<std::string> profile_directories{"/etc/sitepower/devices", "/usr/share/sitepower/devices"};
    std::vector<std::string> battery_directories{"/etc/sitepower/batteries",
                                                 "/usr/share/sitepower/batteries"};
    std::vector<std::string> fade_directories{"/etc/sitepower/fade", "/usr/share/sitepower/fade"};
    std::string credentials_directory;  // empty: not started by systemd, credentials are not looked for
    std::string time_zone_directory = "/usr/share/zoneinfo";
    // Set for a check and for a reload: then what holds only here and now is looked at as well
    // (check_present). A start leaves it empty: the clock may not be set yet, and a site that is read is
    // worth more than a certificate that is missing.
    std::optional<Time> checked_at{};
};

// For `--config`: a file, or a directory with sitepower.toml; conf.d, devices, batteries and fade stand
// beside the file. An empty `location` gives the installed places. `shipped_profiles`: empty for the
// installed ones, and the shipped batteries and fade libraries stand beside them. Credentials are looked for
// where the environment variable CREDENTIALS_DIRECTORY points.
ConfigPaths config_paths(const std::string& location, const std::string& shipped_profiles = "");

struct BusConfig {
    modbus::BusSettings settings;
    std::vector<modbus::UnitPlan> units;
    std::uint64_t fingerprint = 0;  // of all that its worker depends on
};

// A command that a device understands by its profile, and whether the site allows it to be sent.
struct CommandConfig {
    DeviceIndex device{};
    bool enabled = false;
    DeviceCommand command;
};

// A model of a device, or a part of it, that is not read, and why.
struct SunspecLeftOut {
    std::string device;
    std::string what;
};

// 64-bit hashes of what each part was made from: equal for parts that a reload need not touch.
struct Fingerprints {
    std::uint64_t model = 0;
    std::uint64_t publisher = 0;
    std::uint64_t store = 0;
    std::uint64_t settings = 0;
    std::uint64_t http = 0;
    std::uint64_t journal = 0;
    std::uint64_t prices = 0;
    std::uint64_t dispatch = 0;
    std::uint64_t forecasts = 0;
    std::uint64_t scaling = 0;
};

struct Config {
    std::shared_ptr<const SiteModel> model;
    std::vector<BusConfig> buses;
    std::vector<CommandConfig> commands;  // by device, then in the order of its profile
    PublisherSettings publisher;
    StoreSettings store;
    SiteSettings settings;
    std::vector<PriceSettings> prices;                 // in the order of the file
    std::shared_ptr<const DispatchSettings> dispatch;  // null: nothing is planned
    std::shared_ptr<const ControlSettings> control;    // null: nothing follows a plan
    ForecastSettings forecasts;
    std::shared_ptr<const ScalingSettings> scaling;  // null: nothing is scaled
    std::string environment;                         // as told by the operation `health`
    std::string http_socket;
    journal::Priority journal_level = journal::Priority::info;
    Fingerprints fingerprints;
    std::vector<SunspecLeftOut> sunspec_left_out{};
    // What it was made from, when devices tell themselves what they hold: a chain that was found changes what
    // the files in force mean, and not which files are in force. Null elsewhere.
    std::shared_ptr<const schema::Node> document;
};

// nullopt exactly when `diagnostics` got an error. `running`: the model in use, so that a device keeps its
// DeviceIndex over a reload where it can, and with it the buses that did not change can go on.
std::optional<Config> load_config(const ConfigPaths& paths, schema::Diagnostics& diagnostics,
                                  const SiteModel* running = nullptr);

// The files in force once more, with what SunSpec devices have told since: edits of the files that nobody has
// reloaded stay out. nullopt without such devices, and when `diagnostics` got an error.
std::optional<Config> with_what_devices_told(const Config& running, const ConfigPaths& paths,
                                             schema::Diagnostics& diagnostics);

}  // namespace sitepower::config
