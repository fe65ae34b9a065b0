// `profile probe`: one look at a device through a profile.
#include <fmt/format.h>

#include <ostream>

#include "daemon/ctl/field/device.hpp"
#include "daemon/ctl/table.hpp"
#include "drivers/profile/snapshot.hpp"

namespace sitepower::ctl {
namespace {

std::string raw_text(const SurveyedPoint& point) {
    std::string text;
    for (const auto word : point.raw) text += fmt::format("{}{:04X}", text.empty() ? "" : " ", word);
    return text.empty() ? "-" : text;
}

std::string address_text(const SurveyedPoint& surveyed) {
    const auto& point = *surveyed.point;
    if (point.derived) return "-";
    const auto unit = surveyed.unit == own_unit ? "" : fmt::format("unit {}, ", surveyed.unit);
    return fmt::format("{}{} {}", unit, table_name(point.registers.table), point.registers.address);
}

// The word for an enum's value, the time that a clock shows; empty for numbers.
std::string meaning_of(const DevicePoint& point, double value) {
    if (!point.derived && point.registers.type == modbus::ValueType::datetime) return clock_text(value);
    for (const auto& [number, word] : point.words) {
        if (std::stod(number) == value) return word;
    }
    return "";
}

Json row(const SurveyedPoint& point) {
    const bool good = point.quality == Quality::good;
    Json row = {{"name", point.point->name},
                {"table", table_name(point.point->registers.table)},
                {"address", point.point->registers.address},
                {"raw", point.raw},
                {"value", !good           ? Json()
                          : point.is_text ? Json(point.text)
                                          : Json(point.value)},
                {"unit", point.point->unit},
                {"meaning", good && !point.is_text ? meaning_of(*point.point, point.value) : ""},
                {"quality", to_string(point.quality)},
                {"reason", point.reason}};
    if (point.unit != own_unit) row["unit_id"] = point.unit;
    if (point.point->derived) row["table"] = row["address"] = nullptr;
    return row;
}

void print(const FieldDevice& device, std::ostream& out) {
    Table table({{"POINT", Align::left, Fit::whole},
                 {"ADDRESS"},
                 {"RAW"},
                 {"VALUE", Align::right},
                 {"UNIT"},
                 {"REASON", Align::left, Fit::cut}});
    for (const auto& point : device.survey.points) {
        const bool good = point.quality == Quality::good;
        const auto meaning = good && !point.is_text ? meaning_of(*point.point, point.value) : "";
        table.add({point.point->name, address_text(point), raw_text(point),
                   !good           ? "-"
                   : point.is_text ? point.text
                                   : fmt::format("{}", point.value),
                   meaning.empty() ? point.point->unit : meaning,
                   good ? "" : fmt::format("{}: {}", to_string(point.quality), point.reason)});
    }
    out << table.text(160)
        << fmt::format("{} of {} points have a value\n", device.survey.good, device.survey.points.size());
    for (const auto& [asked, result] : device.probe) {
        out << (result.matches
                    ? fmt::format("probe: {} is {}, as expected\n", asked, result.found)
                    : fmt::format("probe: {} is {} instead of {}\n", asked, result.found, result.wanted));
    }
}

}  // namespace

ExitCode probe_device(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err) {
    const auto endpoint = endpoint_of(command, err);
    if (!endpoint) return ExitCode::usage;
    const auto device = read_device(command, *endpoint, err);
    if (!device) return ExitCode::failed;
    if (!json) {
        print(*device, out);
        return ExitCode::fine;
    }
    Json probe = Json::array();
    for (const auto& [asked, result] : device->probe) {
        probe.push_back({{"asked", asked},
                         {"found", result.found},
                         {"wanted", result.wanted},
                         {"matches", result.matches}});
    }
    Json points = Json::array();
    for (const auto& point : device->survey.points) points.push_back(row(point));
    out << Json{{"profile", device->profile.id}, {"endpoint", command.endpoint},
                {"unit", command.unit},          {"good", device->survey.good},
                {"probe", std::move(probe)},     {"points", std::move(points)}}
               .dump()
        << '\n';
    return ExitCode::fine;
}

}  // namespace sitepower::ctl
