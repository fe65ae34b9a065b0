// The site as configured: what stands where, and which point of which device measures it. Built once from the
// configuration (daemon/config), immutable afterwards, shared read-only by all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/frame.hpp"
#include "core/base/identifier.hpp"
#include "core/base/time.hpp"

namespace sitepower {

struct Location {
    std::string id;
    std::string name;  // this and the next three are for people, and may be empty
    std::string region;
    std::string city;
    std::string country;
    std::optional<double> latitude;   // degrees, north positive, -90 to 90; both or none
    std::optional<double> longitude;  // degrees, east positive, -180 to 180
    // Added to the weather of the place to get the room's climate; empty: the room's was never compared.
    std::optional<double> temperature_offset_c;
    std::optional<double> humidity_offset_pct;
};

// A point of a device, resolved from "device.point" when the configuration is loaded.
struct PointRef {
    DeviceIndex device{};
    std::uint32_t slot = 0;  // position in DeviceModel::points
};

struct PointModel {
    std::string name;     // flat, unit in the name: "string1.jar12.voltage_v"
    std::string unit;     // of UCUM, as in LayoutPoint
    std::string alias{};  // another name that finds it, such as NUT's; may be empty
};

// A point of a device that is not 0 while something is wrong with it, as its profile says.
struct DeviceAlarm {
    std::uint32_t slot = 0;  // position in DeviceModel::points
    Severity severity = Severity::warning;
    std::string label;  // for people: "Replace the battery"
};

enum class DeviceKind : std::uint8_t { ups, battery_monitor, bms, meter, other };

struct DeviceModel {
    std::string id;
    DeviceKind kind = DeviceKind::other;
    std::string profile;  // name of its file, without ".toml"
    std::string bus;      // id of the link that it is polled over
    int unit = 0;         // Modbus unit id
    LocationIndex location{};
    std::vector<PointModel> points;                      // by slot
    std::vector<DeviceAlarm> alarms;                     // in the order of the profile
    std::vector<std::shared_ptr<const Layout>> layouts;  // one per poll group; their slots cover `points`
};

enum class Chemistry : std::uint8_t { vrla, lfp, nmc, nca };

class CellModel;    // core/battery/model
struct FadeSource;  // core/battery/rul/trajectory

// A jar of a VRLA string, or a Li-ion pack: what is watched, replaced and reported on its own.
struct BatteryModel {
    std::string id;
    StringIndex string{};
    int position = 1;  // in the string, from 1
    std::string manufacturer;
    std::string model;
    std::string serial_number;           // what was learnt is forgotten when it changes; may be empty
    std::optional<Time> installed_date;  // midnight UTC of that day
    std::optional<int> warranty_months;  // from the installed date on
    std::optional<PointRef> voltage_v;   // empty here and below: nobody measures it ("no_sensor")
    std::optional<PointRef> temperature_c;
    std::optional<PointRef> internal_resistance_ohm;
    std::optional<PointRef> soc_pct;  // as the pack's own BMS reports it
    std::optional<PointRef> soh_pct;
};

// Batteries in series: they share one current, so their charge is estimated together.
struct StringModel {
    std::string id;
    LocationIndex location{};
    std::optional<UpsIndex> ups;
    Chemistry chemistry = Chemistry::vrla;
    double nominal_voltage_v = 12;      // of one battery
    double nominal_capacity_ah = 0;     // at the reference rate and 25 C
    double float_voltage_v = 13.65;     // of one battery at 25 C
    std::optional<PointRef> current_a;  // charging positive
    std::optional<PointRef> voltage_v;
    std::optional<PointRef> ambient_temperature_c;
    std::shared_ptr<const CellModel> cell_model;  // of this kind of battery; nullptr: not known
    std::shared_ptr<const FadeSource> fade;       // of lithium: how such batteries have faded; may be nullptr
    std::vector<BatteryIndex> batteries;
};

// A device of kind ups, as the engine looks at it.
struct UpsModel {
    DeviceIndex device{};
    std::optional<PointRef> on_battery;  // 1 while the load runs from the batteries
    std::optional<PointRef> load_kw;
    std::optional<PointRef> runtime_min;  // the UPS's own estimate
    // How long the batteries must carry the load; empty: nobody asks for it.
    std::optional<double> required_autonomy_min;
    std::vector<StringIndex> strings;
};

struct SiteModel {
    std::string id;
    std::string name;
    std::vector<Location> locations;
    std::vector<DeviceModel> devices;
    std::vector<UpsModel> upses;
    std::vector<StringModel> strings;
    std::vector<BatteryModel> batteries;
};

}  // namespace sitepower
