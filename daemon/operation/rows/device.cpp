// Devices and their points: what is polled, how it answers, what it said last.
#include <algorithm>

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
    return {
        {.name = "devices",
         .path = "/api/v1/devices",
         .summary = "The devices of the site, how they answer, and since when",
         .parameters = filter_parameters(),
         .result = page_fields({{"id", "text", "", "identifier"},
                                {"kind", "text", "", "ups, battery_monitor, bms, meter or other"},
                                {"profile", "text", "", "what turns its registers into points"},
                                {"identity", "text", "", "maker, model and serial as the device says"},
                                {"bus", "text", "", "the link it is behind"},
                                {"unit", "integer", "", "Modbus unit"},
                                {"location_id", "text", "", "where it stands"},
                                {"state", "text", "", "online, stale, offline or unknown"},
                                {"since", "time", "", "of the state"},
                                {"last_seen", "time", "", "of its last answer"},
                                {"reason", "text", "", "why it is not online"},
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
         .handler = points}};
}

}  // namespace sitepower
