// The tables of keys of the site configuration: every key with its type, range, default and help, once. From
// them come loading, checking, docs/configuration.md and docs/sitepower.schema.json.
#pragma once

#include "daemon/config/entries.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower::config {

schema::Table<SiteFile> site_file_table();

// Where a value comes from, "DEVICE/point", and what is published from outside, "SERVICE/NAME".
schema::Rule point_path(bool required = false);
schema::Rule metric_name();

// Parts of it, one per room.
schema::Table<LocationEntry> location_table();
schema::Table<BusEntry> bus_table();
schema::Table<DeviceEntry> device_table();
schema::Table<UpsEntry> ups_table();
schema::Table<StringEntry> string_table();
schema::Table<BrokerEntry> broker_table();
schema::Table<BrokerEntry> requests_table();
schema::Table<StoreEntry> store_table();
schema::Table<SeriesEntry> series_table();
schema::Table<ForecastEntry> forecast_table();
schema::Table<AlertEntry> alert_table();
schema::Table<PriceEntry> price_table();
schema::Table<DispatchEntry> dispatch_table();
schema::Table<ScalingEntry> scaling_table();
schema::Table<ActuatorEntry> actuator_table();
schema::Table<ControlEntry> battery_control_table();
schema::Table<ControlEntry> load_class_control_table();

}  // namespace sitepower::config
