#include "daemon/operation/rows/subject.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower {
namespace {

// The position of the element with that `id`, as an index of its own type.
template <class Index, class Element>
std::optional<Index> find_by_id(const std::vector<Element>& elements, std::string_view id) {
    const auto found = std::ranges::find(elements, id, &Element::id);
    if (found == elements.end()) return std::nullopt;
    return Index{static_cast<std::uint32_t>(found - elements.begin())};
}

}  // namespace

Failure not_found(std::string_view kind, std::string_view id, std::string_view listed_by) {
    return {ErrorCode::not_found,
            fmt::format("no {} is called {}; the operation {} lists them", kind, id, listed_by)};
}

std::optional<BatteryIndex> find_battery(const SiteModel& model, std::string_view id) {
    return find_by_id<BatteryIndex>(model.batteries, id);
}
std::optional<LocationIndex> find_location(const SiteModel& model, std::string_view id) {
    return find_by_id<LocationIndex>(model.locations, id);
}
std::optional<DeviceIndex> find_device(const SiteModel& model, std::string_view id) {
    return find_by_id<DeviceIndex>(model.devices, id);
}
std::optional<StringIndex> find_string(const SiteModel& model, std::string_view id) {
    return find_by_id<StringIndex>(model.strings, id);
}

LocationIndex location_of(const SiteModel& model, BatteryIndex battery) {
    return model.strings[position(model.batteries[position(battery)].string)].location;
}

std::optional<LocationIndex> location_of(const SiteModel& model, const Subject& subject) {
    switch (subject.kind) {
        case SubjectKind::site:
            return std::nullopt;
        case SubjectKind::device:
        case SubjectKind::ups:
            if (const auto i = find_device(model, subject.id)) return model.devices[position(*i)].location;
            return std::nullopt;
        case SubjectKind::string:
            if (const auto i = find_string(model, subject.id)) return model.strings[position(*i)].location;
            return std::nullopt;
        case SubjectKind::battery:
            if (const auto i = find_battery(model, subject.id)) return location_of(model, *i);
            return std::nullopt;
    }
    return std::nullopt;
}

std::string_view to_string(DeviceKind kind) {
    switch (kind) {
        case DeviceKind::ups:
            return "ups";
        case DeviceKind::battery_monitor:
            return "battery_monitor";
        case DeviceKind::bms:
            return "bms";
        case DeviceKind::meter:
            return "meter";
        case DeviceKind::other:
            return "other";
    }
    return "other";
}

std::string_view to_string(Chemistry chemistry) {
    switch (chemistry) {
        case Chemistry::vrla:
            return "vrla";
        case Chemistry::lfp:
            return "lfp";
        case Chemistry::nmc:
            return "nmc";
        case Chemistry::nca:
            return "nca";
    }
    return "vrla";
}

Parameter skip_parameter() {
    return {.name = "skip",
            .type = ParameterType::integer,
            .help = "how many items of the list to leave out at its start",
            .fallback = "0",
            .minimum = 0,
            .maximum = 1'000'000'000};
}

Parameter limit_parameter(std::string_view fallback, double maximum) {
    return {.name = "limit",
            .type = ParameterType::integer,
            .help = "how many items to give at most",
            .fallback = fallback,
            .minimum = 1,
            .maximum = maximum};
}

Parameter identifier_parameter(std::string_view name, std::string_view help) {
    return {.name = name, .type = ParameterType::identifier, .help = help};
}

Parameter path_parameter(std::string_view name, std::string_view help) {
    return {.name = name, .type = ParameterType::identifier, .help = help, .required = true};
}

std::vector<Field> prefixed(std::string_view prefix, const std::vector<Field>& fields) {
    std::vector<Field> result = fields;
    for (auto& field : result) field.path.insert(0, prefix);
    return result;
}

std::vector<Field> joined(std::vector<Field> fields, const std::vector<Field>& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

std::vector<Field> page_fields(const std::vector<Field>& item_fields) {
    return joined(
        joined({{"items", "list", "", "the asked part of the list"}}, prefixed("items[].", item_fields)),
        {{"total", "integer", "", "length of the whole list"},
         {"skip", "integer", "", "as asked"},
         {"limit", "integer", "", "as asked"}});
}

void answer_from_history(Context& context, Reply reply, UniqueFunction<Outcome(History&)> work) {
    answer_after_history<Outcome>(context, std::move(reply), std::move(work),
                                  [](Outcome outcome, Context&) { return outcome; });
}

}  // namespace sitepower
