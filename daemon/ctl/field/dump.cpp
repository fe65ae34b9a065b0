// `profile dump`: a copy of the profile with the device's registers as one more sample, which from then on
// every check of the copy runs.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>

#include "daemon/ctl/field/device.hpp"
#include "daemon/ctl/table.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/profile/snapshot.hpp"

namespace sitepower::ctl {
namespace {

std::string toml_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
    return out + '"';
}

// Registers in rows without a hole.
std::string blocks_of(const Survey& survey) {
    std::string text;
    Survey::Place next{own_unit, modbus::Table::holding, -1};
    for (const auto& [place, word] : survey.words) {
        const auto& [unit, table, address] = place;
        if (place == next) {
            text += ", ";
        } else {
            if (!text.empty()) text += "]\n";
            text += "\n[[samples.blocks]]\n";
            if (unit != own_unit) text += fmt::format("unit = {}\n", unit);
            text += fmt::format("table = \"{}\"\naddress = {}\nregisters = [", table_name(table), address);
        }
        text += std::to_string(word);
        next = {unit, table, address + 1};
    }
    return text.empty() ? text : text + "]\n";
}

RegisterImage image_of(const Survey& survey) {
    RegisterImage image;
    for (const auto& [place, word] : survey.words) {
        const auto& [unit, table, address] = place;
        image.set(unit, table, address, word);
    }
    return image;
}

// What the words decode to that are kept: a register that was read twice may have changed in between.
std::string sample_of(const FieldDevice& device, std::string_view about) {
    auto text = fmt::format("\n[[samples]]\nabout = {}\n{}", toml_quoted(about), blocks_of(device.survey));
    std::string values = "\n[samples.expect]\n";
    std::string texts;
    std::string reasons;
    for (const auto& found : snapshot(device.profile, image_of(device.survey))) {
        const auto name = toml_quoted(found.point.name);
        const bool is_text = found.point.registers.type == modbus::ValueType::text;
        if (found.quality == Quality::good && is_text) {
            texts += fmt::format("{} = {}\n", name, toml_quoted(found.text));
        } else if (found.quality == Quality::good) {
            values += fmt::format("{} = {}\n", name, found.value);
        } else if (found.quality != Quality::comm_error && !found.point.derived) {
            reasons += fmt::format("{} = \"{}\"\n", name, to_string(found.quality));
        }
    }
    text += values;
    if (!texts.empty()) text += "\n[samples.expect_text]\n" + texts;
    if (!reasons.empty()) text += "\n[samples.expect_quality]\n" + reasons;
    return text;
}

std::string output_of(const FieldCommand& command) {
    if (!command.output.empty()) return command.output;
    return std::filesystem::path(command.profile).stem().string() + "-with-sample.toml";
}

bool write_new(const std::string& path, const std::string& text, std::ostream& err) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
        err << "sitepowerctl: " << path << " is there already; name another file with --output\n";
        return false;
    }
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (file.flush()) return true;
    err << "sitepowerctl: cannot write " << path << '\n';
    return false;
}

}  // namespace

ExitCode dump_device(const FieldCommand& command, bool json, Time now, std::ostream& out, std::ostream& err) {
    const auto endpoint = endpoint_of(command, err);
    if (!endpoint) return ExitCode::usage;
    if (command.about.size() > 1024 || printable(command.about) != command.about) {
        err << "sitepowerctl: --about: expected at most 1024 characters in UTF-8, none of them a control "
               "character\n";
        return ExitCode::usage;
    }
    const auto device = read_device(command, *endpoint, err);
    if (!device) return ExitCode::failed;
    const auto about = command.about.empty()
                           ? fmt::format("{} unit {}, {}", command.endpoint, command.unit, format_time(now))
                           : command.about;
    const auto text = device->text + sample_of(*device, about);
    const auto path = output_of(command);
    // What was read must pass as a sample, or the copy would be refused when it is used.
    schema::Diagnostics diagnostics;
    if (!parse_profile(text, path, diagnostics)) {
        tell(diagnostics, err);
        return ExitCode::failed;
    }
    if (!write_new(path, text, err)) return ExitCode::failed;
    if (json) {
        out << Json{{"file", path},
                    {"registers", device->survey.words.size()},
                    {"values", device->survey.good}}
                   .dump()
            << '\n';
    } else {
        out << fmt::format("{}: {} registers, {} values\n", path, device->survey.words.size(),
                           device->survey.good);
    }
    return ExitCode::fine;
}

}  // namespace sitepower::ctl
