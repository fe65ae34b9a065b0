// From the entries of the files to the resolved configuration: one function per part, called in this order by
// load_config. Each reports every error it finds and leaves out what is wrong.
#pragma once

#include <vector>

#include "daemon/config/battery_shelf.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/entries.hpp"
#include "daemon/config/fade_shelf.hpp"
#include "daemon/config/profile_shelf.hpp"
#include "daemon/config/sunspec_shelf.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

void build_locations(const SiteFile& file, SiteModel& model, schema::Diagnostics& diagnostics);

// In the order of the file.
std::vector<BusConfig> build_buses(const SiteFile& file, schema::Diagnostics& diagnostics);

// Fills model.devices, the units and fingerprints of `buses`, and `commands`. `document` is what `file` was
// read from.
void build_devices(const SiteFile& file, const schema::Node& document, ProfileShelf& profiles,
                   SunspecShelf& sunspec, const SiteModel* running, SiteModel& model,
                   std::vector<BusConfig>& buses, std::vector<CommandConfig>& commands,
                   schema::Diagnostics& diagnostics);

// Needs model.devices; fills upses, strings and batteries. `kinds`, `fades`: the files that strings name.
void build_batteries(const SiteFile& file, BatteryShelf& kinds, FadeShelf& fades, SiteModel& model,
                     schema::Diagnostics& diagnostics);

// What clocks show at each location of the model, read from the directory of the tz database.
std::vector<TimeZone> build_time_zones(const SiteFile& file, const std::string& directory,
                                       const SiteModel& model, schema::Diagnostics& diagnostics);

// Needs model.devices, for series that a device measures. `zones`: by location.
std::vector<PriceSettings> build_prices(const SiteFile& file, const ConfigPaths& paths,
                                        const std::vector<TimeZone>& zones, const SiteModel& model,
                                        schema::Diagnostics& diagnostics);

// Needs model.devices and model.strings. Null without [dispatch].
std::shared_ptr<const DispatchSettings> build_dispatch(const SiteFile& file,
                                                       const std::vector<PriceSettings>& prices,
                                                       const std::vector<TimeZone>& zones,
                                                       const SiteModel& model,
                                                       schema::Diagnostics& diagnostics);

// Needs model.devices, model.upses and `commands`. Null where no device follows a plan.
std::shared_ptr<const ControlSettings> build_control(const SiteFile& file, const DispatchSettings* dispatch,
                                                     const SiteModel& model,
                                                     const std::vector<BusConfig>& buses,
                                                     const std::vector<CommandConfig>& commands,
                                                     schema::Diagnostics& diagnostics);

// Reads the credential; empty, with an error at `at`, where systemd gave none of that name. Empty without an
// error on a desk, which has no credentials.
std::string find_credential(const std::string& directory, const std::string& name, const schema::Origin& at,
                            schema::Diagnostics& diagnostics);

// What holds only on this machine and at this moment: dates of installation lie before `now`, and files of
// certificates are there.
void check_present(const SiteFile& file, Time now, schema::Diagnostics& diagnostics);
// Needs model.devices. `zones`: by location.
ForecastSettings build_forecasts(const SiteFile& file, const std::vector<PriceSettings>& prices,
                                 const std::vector<TimeZone>& zones, const SiteModel& model,
                                 schema::Diagnostics& diagnostics);

// Needs model.id and model.devices, and of `config` commands, forecasts and publisher, which then listens to
// what groups need. Null without [[scaling]].
std::shared_ptr<const ScalingSettings> build_scaling(const SiteFile& file, const SiteModel& model,
                                                     Config& config, schema::Diagnostics& diagnostics);

PublisherSettings build_publisher(const SiteFile& file, const std::string& credentials_directory,
                                  schema::Diagnostics& diagnostics);
StoreSettings build_store(const SiteFile& file);
SiteSettings build_settings(const SiteFile& file, schema::Diagnostics& diagnostics);

// The location of that id; the only one when `id` is empty.
LocationIndex find_location(const SiteModel& model, const std::string& id, const schema::Origin& at,
                            schema::Diagnostics& diagnostics);

// The order in which devices get their DeviceIndex: positions in `entries`. A device of `running` keeps its
// place; the place of one that is gone goes to a new one, else to the last.
std::vector<std::size_t> device_order(const std::vector<DeviceEntry>& entries, const SiteModel* running);

}  // namespace sitepower::config
