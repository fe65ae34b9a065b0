#include "daemon/ctl/field/device.hpp"

#include <ostream>

#include "daemon/ctl/field/endpoint.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/profile/probe_inspector.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::ctl {

void tell(const schema::Diagnostics& diagnostics, std::ostream& err) {
    for (const auto& diagnostic : diagnostics.sorted()) err << to_string(diagnostic) << '\n';
    if (diagnostics.omitted() > 0) err << diagnostics.omitted() << " more\n";
}

Json describe(const schema::Diagnostics& diagnostics) {
    Json problems = Json::array();
    for (const auto& diagnostic : diagnostics.sorted()) {
        problems.push_back({{"file", diagnostic.at.file},
                            {"line", diagnostic.at.line},
                            {"column", diagnostic.at.column},
                            {"key", diagnostic.at.key},
                            {"problem", diagnostic.message}});
    }
    return problems;
}

std::string table_name(modbus::Table table) {
    switch (table) {
        case modbus::Table::holding:
            return "holding";
        case modbus::Table::input:
            return "input";
        case modbus::Table::coil:
            return "coil";
        case modbus::Table::discrete:
            return "discrete";
    }
    return "";
}

namespace {

std::vector<FieldDevice::ProbeRow> look_at_probe(const Profile& profile, int unit, modbus::LineReader& line) {
    const auto image =
        read_probe(profile, unit, [&](const modbus::Question& question, std::span<std::uint16_t> words) {
            return line.read(question, words);
        });
    auto results = check_probe(profile, image ? *image : RegisterImage{});
    const auto questions = probe_questions(profile, unit);
    std::vector<FieldDevice::ProbeRow> rows;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!image) results[i].found = image.error().message;
        rows.push_back({describe(questions[i]), std::move(results[i])});
    }
    return rows;
}

}  // namespace

std::optional<modbus::BusSettings> endpoint_of(const FieldCommand& command, std::ostream& err) {
    auto settings = parse_endpoint(command.endpoint);
    if (settings) return std::move(*settings);
    err << "sitepowerctl: --endpoint " << settings.error().message << '\n';
    return std::nullopt;
}

std::optional<FieldDevice> read_device(const FieldCommand& command, const modbus::BusSettings& endpoint,
                                       std::ostream& err) {
    schema::Diagnostics diagnostics;
    const auto text = schema::read_text(command.profile, diagnostics);
    auto profile = text ? parse_profile(*text, command.profile, diagnostics) : std::nullopt;
    if (!profile) {
        tell(diagnostics, err);
        return std::nullopt;
    }
    if (command.response_timeout > Duration::zero()) {
        profile->timing.response_timeout = command.response_timeout;
        profile->timing.late_window = 2 * command.response_timeout;
    }
    auto expanded = expand(
        *profile, {.device = DeviceIndex{0}, .device_id = "device", .unit = command.unit, .periods = {}});
    if (!expanded) {
        err << "sitepowerctl: " << expanded.error().message << '\n';
        return std::nullopt;
    }
    modbus::LineReader line(endpoint, expanded->plan.timing);
    if (const auto opened = line.open(); !opened) {
        err << "sitepowerctl: " << opened.error().message << '\n';
        return std::nullopt;
    }
    FieldDevice device{*text, std::move(*profile), std::move(*expanded), {}, {}};
    device.survey = survey(device.expanded, line);
    if (device.survey.answered == 0) {
        err << "sitepowerctl: unit " << command.unit << " at " << describe_endpoint(endpoint)
            << " gives nothing: " << device.survey.failure << '\n';
        return std::nullopt;
    }
    device.probe = look_at_probe(device.profile, command.unit, line);
    return device;
}

}  // namespace sitepower::ctl
