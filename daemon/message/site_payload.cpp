// The site described once: what stands where and what is measured in which unit.
#include <array>

#include "daemon/message/json_writer.hpp"
#include "daemon/message/payload.hpp"
#include "daemon/message/payload_head.hpp"

namespace sitepower {
namespace {

std::string_view word(DeviceKind kind) {
    constexpr std::array<std::string_view, 5> words{"ups", "battery_monitor", "bms", "meter", "other"};
    return words[static_cast<std::size_t>(kind)];
}

std::string_view word(Chemistry chemistry) {
    constexpr std::array<std::string_view, 4> words{"vrla", "lfp", "nmc", "nca"};
    return words[static_cast<std::size_t>(chemistry)];
}

void field(JsonWriter& json, std::string_view name, std::string_view value) {
    json.key(name);
    if (value.empty())
        json.null();
    else
        json.text(value);
}

void field(JsonWriter& json, std::string_view name, std::optional<double> value) {
    json.key(name);
    if (value)
        json.number(*value);
    else
        json.null();
}

void write_location(JsonWriter& json, const Location& location) {
    json.begin_object();
    field(json, "id", location.id);
    field(json, "name", location.name);
    field(json, "region", location.region);
    field(json, "city", location.city);
    field(json, "country", location.country);
    field(json, "latitude", location.latitude);
    field(json, "longitude", location.longitude);
    json.end_object();
}

void write_device(JsonWriter& json, const SiteModel& model, const DeviceModel& device) {
    json.begin_object();
    field(json, "id", device.id);
    field(json, "kind", word(device.kind));
    field(json, "profile", device.profile);
    field(json, "bus", device.bus);
    json.key("unit");
    json.integer(device.unit);
    field(json, "location", model.locations[position(device.location)].id);
    json.key("points");
    json.begin_object();
    for (const auto& point : device.points) {
        json.key(point.name);
        json.text(point.unit);
    }
    json.end_object();
    json.end_object();
}

void write_ups(JsonWriter& json, const SiteModel& model, const UpsModel& ups) {
    json.begin_object();
    field(json, "id", model.devices[position(ups.device)].id);
    json.key("strings");
    json.begin_array();
    for (const auto string : ups.strings) json.text(model.strings[position(string)].id);
    json.end_array();
    json.end_object();
}

void write_string(JsonWriter& json, const SiteModel& model, const StringModel& string) {
    json.begin_object();
    field(json, "id", string.id);
    field(json, "location", model.locations[position(string.location)].id);
    field(json, "ups",
          string.ups ? std::string_view(model.devices[position(model.upses[position(*string.ups)].device)].id)
                     : std::string_view());
    field(json, "chemistry", word(string.chemistry));
    field(json, "nominal_voltage_v", string.nominal_voltage_v);
    field(json, "nominal_capacity_ah", string.nominal_capacity_ah);
    json.end_object();
}

void write_battery(JsonWriter& json, const SiteModel& model, const BatteryModel& battery) {
    json.begin_object();
    field(json, "id", battery.id);
    field(json, "string", model.strings[position(battery.string)].id);
    json.key("position");
    json.integer(battery.position);
    field(json, "manufacturer", battery.manufacturer);
    field(json, "model", battery.model);
    field(json, "serial_number", battery.serial_number);
    json.key("installed_date");
    if (battery.installed_date)
        json.time(*battery.installed_date);
    else
        json.null();
    json.key("warranty_months");
    if (battery.warranty_months)
        json.integer(*battery.warranty_months);
    else
        json.null();
    json.end_object();
}

}  // namespace

std::string site_json(const PayloadHead& head, const SiteModel& model) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {});
    field(json, "name", model.name);
    json.key("locations");
    json.begin_array();
    for (const auto& location : model.locations) write_location(json, location);
    json.end_array();
    json.key("devices");
    json.begin_array();
    for (const auto& device : model.devices) write_device(json, model, device);
    json.end_array();
    json.key("upses");
    json.begin_array();
    for (const auto& ups : model.upses) write_ups(json, model, ups);
    json.end_array();
    json.key("strings");
    json.begin_array();
    for (const auto& string : model.strings) write_string(json, model, string);
    json.end_array();
    json.key("batteries");
    json.begin_array();
    for (const auto& battery : model.batteries) write_battery(json, model, battery);
    json.end_array();
    json.end_object();
    return out;
}

}  // namespace sitepower
