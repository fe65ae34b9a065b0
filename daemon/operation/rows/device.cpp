// Devices and their points: what is polled, how it answers, what it said last. UPSs: what carries the load.
#include <algorithm>

#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

struct DeviceFilter {
    std::optional<std::string> kind;
    std::optional<std::string> bus;
};

DeviceFilter read_filter(const Parameters& parameters) {
    return {parameters.text("kind"), parameters.text("bus")};
}

bool passes(const DeviceModel& device, const DeviceFilter& filter) {
    return (!filter.kind || *filter.kind == to_string(device.kind)) &&
           (!filter.bus || *filter.bus == device.bus);
}

Json describe_periods(const DeviceModel& device) {
    Json periods = Json::object();
    for (const auto& layout : device.layouts) periods[layout->group] = layout->period.count();
    return periods;
}

Json describe_device(const Context& context, const DeviceState& state) {
    const auto& model = context.site().model();
    const auto& device = model.devices[position(state.device)];
    const auto counters = context.unit_counters(state.device);
    Record record;
    record.set("id", device.id).set("kind", to_string(device.kind)).set("profile", device.profile);
    record.unknown("identity", "not_read_from_device");
    record.set("bus", device.bus).set("unit", device.unit);
    record.set("location_id", model.locations[position(device.location)].id);
    record.set("state", to_string(state.status)).set("since", state.since);
    record.time("last_seen", state.last_seen, "never_answered");
    record.text("reason", state.reason, state.status == DeviceStatus::online ? "online" : "not_polled_yet");
    record.set("poll_period_ms", describe_periods(device));
    record.set("errors", Json{{"polls", counters.polls},
                              {"failures", counters.failures},
                              {"timeouts", counters.timeouts},
                              {"exceptions", counters.exceptions}});
    return record.take();
}

Outcome devices(const Request& request, Context& context) {
    const auto filter = read_filter(request.parameters);
    const auto& model = context.site().model();
    if (filter.bus &&
        std::ranges::find(model.devices, *filter.bus, &DeviceModel::bus) == model.devices.end()) {
        return not_found("bus with devices", *filter.bus, "devices");
    }
    std::vector<DeviceState> found;
    std::ranges::copy_if(context.site().devices(), std::back_inserter(found), [&](const DeviceState& state) {
        return passes(model.devices[position(state.device)], filter);
    });
    return page(found, request.parameters,
                [&](const DeviceState& state) { return describe_device(context, state); });
}

Json describe_point(const SiteView& site, const PointRef& ref) {
    const auto& device = site.model().devices[position(ref.device)];
    const auto& latest = site.latest(ref.device)[ref.slot];
    Record record;
    record.set("device", device.id).set("point", device.points[ref.slot].name);
    record.set("unit", device.points[ref.slot].unit);
    if (!latest.seen) {
        record.unknown("value", "not_read_yet")
            .unknown("time", "not_read_yet")
            .unknown("quality", "not_read_yet");
        return record.take();
    }
    const bool good = latest.quality == Quality::good;
    record.maybe("value", good ? std::optional(latest.value) : std::nullopt, to_string(latest.quality));
    return record.set("time", latest.time).set("quality", to_string(latest.quality)).take();
}

Outcome points(const Request& request, Context& context) {
    const auto& site = context.site();
    const auto filter = read_filter(request.parameters);
    const auto device_id = request.parameters.text("device_id");
    if (device_id && !find_device(site.model(), *device_id))
        return not_found("device", *device_id, "devices");
    std::vector<PointRef> found;
    for (std::uint32_t d = 0; d < site.model().devices.size(); ++d) {
        const auto& device = site.model().devices[d];
        if (!passes(device, filter) || (device_id && *device_id != device.id)) continue;
        for (std::uint32_t slot = 0; slot < device.points.size(); ++slot) {
            found.push_back({DeviceIndex{d}, slot});
        }
    }
    return page(found, request.parameters, [&](const PointRef& ref) { return describe_point(site, ref); });
}

// Of three phases the lowest: the one that something may be wrong with.
void describe_voltage(Record& record, const SiteView& site, DeviceIndex device, std::string_view field,
                      std::string_view prefix) {
    const auto& points = site.model().devices[position(device)].points;
    const auto latest = site.latest(device);
    std::optional<double> lowest;
    std::string_view reason = "no_sensor";
    for (std::size_t slot = 0; slot < points.size(); ++slot) {
        const std::string_view name = points[slot].name;
        if (!name.starts_with(prefix) || !name.ends_with("_v")) continue;
        if (!latest[slot].seen || latest[slot].quality != Quality::good) {
            reason = latest[slot].seen ? to_string(latest[slot].quality) : "not_read_yet";
        } else {
            lowest = std::min(lowest.value_or(latest[slot].value), latest[slot].value);
        }
    }
    record.maybe(field, lowest, reason);
}

Json describe_ups(const SiteView& site, const UpsState& state) {
    const auto& ups = site.model().upses[position(state.ups)];
    const auto& device = site.model().devices[position(ups.device)];
    Record record;
    record.set("ups_id", device.id)
        .set("location_id", site.model().locations[position(device.location)].id)
        .set("status", to_string(state.status));
    if (state.on_battery) {
        record.set("mode", *state.on_battery ? "battery" : "mains");
    } else {
        record.unknown("mode", state.on_battery_reason);
    }
    record.measured("load_kw", state.load_kw);
    describe_voltage(record, site, ups.device, "input_voltage_v", "input.voltage");
    describe_voltage(record, site, ups.device, "output_voltage_v", "output.voltage");
    record.estimated("autonomy_min", state.autonomy_min)
        .maybe("autonomy_p10_min", state.autonomy_p10_min, state.autonomy_min.reason)
        .maybe("autonomy_p90_min", state.autonomy_p90_min, state.autonomy_min.reason)
        .estimated("autonomy_forecast_min", state.autonomy_at_forecast.median)
        .maybe("autonomy_forecast_p10_min", state.autonomy_at_forecast.p10,
               state.autonomy_at_forecast.median.reason)
        .maybe("autonomy_forecast_p90_min", state.autonomy_at_forecast.p90,
               state.autonomy_at_forecast.median.reason)
        .measured("autonomy_ups_min", state.autonomy_ups_min)
        .maybe("required_autonomy_min", ups.required_autonomy_min, "not_configured");
    record.measured("voltage_imbalance_v", state.voltage_imbalance_v);
    describe_weakest(record, site, state.weakest);
    Json strings = Json::array();
    for (const auto string : ups.strings) strings.push_back(site.model().strings[position(string)].id);
    return record.set("strings", std::move(strings)).take();
}

Outcome upses(const Request& request, Context& context) {
    const auto& site = context.site();
    return page(site.upses(), request.parameters,
                [&](const UpsState& state) { return describe_ups(site, state); });
}

Outcome ups(const Request& request, Context& context) {
    const auto& site = context.site();
    const auto id = request.parameters.required_text("ups_id");
    for (const auto& state : site.upses()) {
        const auto device = site.model().upses[position(state.ups)].device;
        if (site.model().devices[position(device)].id == id) return describe_ups(site, state);
    }
    return not_found("UPS", id, "upses");
}

std::vector<Field> ups_fields() {
    return {{"ups_id", "text", "", "identifier, of its device"},
            {"location_id", "text", "", "where it stands"},
            {"status", "text", "", "healthy, warning, critical or unknown"},
            {"mode", "text", "", "mains, or battery while the load runs from its batteries"},
            {"load_kw", "number", "kW", "of its output"},
            {"input_voltage_v", "number", "V", "of three phases the lowest"},
            {"output_voltage_v", "number", "V", "likewise"},
            {"autonomy_min", "number", "min", "that its batteries would carry the load, as estimated here"},
            {"autonomy_p10_min", "number", "min", "one runtime in ten is shorter"},
            {"autonomy_p90_min", "number", "min", "one runtime in ten is longer"},
            {"autonomy_forecast_min", "number", "min",
             "likewise, of the load that is forecast from now on, where a series has the UPS's load point"},
            {"autonomy_forecast_p10_min", "number", "min", "one runtime in ten is shorter"},
            {"autonomy_forecast_p90_min", "number", "min", "one runtime in ten is longer"},
            {"autonomy_ups_min", "number", "min", "its own figure"},
            {"required_autonomy_min", "number", "min", "as configured"},
            {"voltage_imbalance_v", "number", "V", "of its strings the largest distance from a median"},
            {"weakest_battery", "text", "", "of that string the one of the lowest voltage"},
            {"strings[]", "text", "", "of its batteries"}};
}

std::vector<Parameter> filter_parameters() {
    return {{.name = "kind",
             .type = ParameterType::choice,
             .help = "only devices of that kind",
             .allowed = "ups, battery_monitor, bms, meter, other"},
            identifier_parameter("bus", "only devices on that bus"),
            skip_parameter(),
            limit_parameter()};
}

std::vector<Parameter> point_parameters() {
    auto parameters = filter_parameters();
    parameters.insert(parameters.begin(), identifier_parameter("device_id", "only points of that device"));
    return parameters;
}

}  // namespace

std::vector<Operation> device_rows() {
    return {{.name = "devices",
             .path = "/api/v1/devices",
             .summary = "The devices of the site, how they answer, and since when",
             .parameters = filter_parameters(),
             .result = page_fields(
                 {{"id", "text", "", "identifier"},
                  {"kind", "text", "", "ups, battery_monitor, bms, meter or other"},
                  {"profile", "text", "", "what turns its registers into points"},
                  {"identity", "text", "", "maker, model and serial as the device says"},
                  {"bus", "text", "", "the link it is behind"},
                  {"unit", "integer", "", "Modbus unit"},
                  {"location_id", "text", "", "where it stands"},
                  {"state", "text", "", "online, stale, offline or unknown"},
                  {"since", "time", "", "of the state"},
                  {"last_seen", "time", "", "of its last answer"},
                  {"reason", "text", "", "why it is not online, or why a part of it has no values"},
                  {"poll_period_ms.*", "integer", "ms", "of each poll group"},
                  {"errors.polls", "integer", "", "since start"},
                  {"errors.failures", "integer", "", "polls without any answer"},
                  {"errors.timeouts", "integer", "", "requests without an answer in time"},
                  {"errors.exceptions", "integer", "", "requests that the device refused"}}),
             .handler = devices},
            {.name = "points",
             .path = "/api/v1/points",
             .summary = "The latest value of every point",
             .parameters = point_parameters(),
             .result = page_fields({{"device", "text", "", "identifier"},
                                    {"point", "text", "", "name of the point, unit in the name"},
                                    {"unit", "text", "", "of the value"},
                                    {"value", "number", "", "null when its quality is not good"},
                                    {"time", "time", "", "when it was read"},
                                    {"quality", "text", "", "good, or what is wrong with it"}}),
             .errors = {ErrorCode::not_found},
             .handler = points},
            {.name = "upses",
             .path = "/api/v1/upses",
             .summary = "The UPSs: what carries the load, and for how long the batteries would",
             .parameters = {skip_parameter(), limit_parameter()},
             .result = page_fields(ups_fields()),
             .handler = upses},
            {.name = "ups",
             .path = "/api/v1/upses/{ups_id}",
             .summary = "One UPS",
             .parameters = {path_parameter("ups_id", "the UPS")},
             .result = ups_fields(),
             .errors = {ErrorCode::not_found},
             .handler = ups}};
}

}  // namespace sitepower
