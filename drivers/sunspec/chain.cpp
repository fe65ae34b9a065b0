#include "drivers/sunspec/chain.hpp"

#include <fmt/format.h>

#include <cctype>

#include "drivers/schema/document.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower::sunspec {
namespace {

using schema::Format;
using schema::Range;

schema::Table<ChainModel> chain_model_table() {
    return schema::Table<ChainModel>("model", "One model of the chain.")
        .key("id", &ChainModel::id, {.range = Range{0, 65534}, .required = true}, "Which model.")
        .key("address", &ChainModel::address, {.range = Range{0, 65535}, .required = true},
             "Of its ID register.")
        .key("length", &ChainModel::length, {.range = Range{1, 65533}, .required = true},
             "Registers behind ID and length.")
        .named_values("counts", &ChainModel::counts, {.format = Format::identifier, .max_items = 8},
                      {.range = Range{0, 65535}}, "What the points that count held.");
}

schema::Table<ChainDevice> device_table() {
    return schema::Table<ChainDevice>("device", "A common model and those behind it.")
        .key("manufacturer", &ChainDevice::manufacturer, {.format = Format::optional}, "As it says itself.")
        .key("model", &ChainDevice::model, {.format = Format::optional}, "As it says itself.")
        .key("version", &ChainDevice::version, {.format = Format::optional}, "As it says itself.")
        .key("serial", &ChainDevice::serial, {.format = Format::optional}, "As it says itself.")
        .tables("models", &ChainDevice::models, chain_model_table(), {.max_items = most_models}, "In order.");
}

schema::Table<Chain> chain_table() {
    return schema::Table<Chain>("SunSpec chain", "The models that a device was found to have.")
        .key("marker", &Chain::marker, {.range = Range{0, 65535}, .required = true}, "Address of \"SunS\".")
        .key("problem", &Chain::problem, {.format = Format::optional}, "Why the walk stopped early.")
        .tables("devices", &Chain::devices, device_table(), {.max_items = 64}, "In order.");
}

std::string toml_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
    }
    return out + '"';
}

void append(std::string& out, const ChainModel& model) {
    out += fmt::format("    {{ id = {}, address = {}, length = {}", model.id, model.address, model.length);
    if (!model.counts.empty()) {
        out += ", counts = { ";
        for (std::size_t i = 0; i < model.counts.size(); ++i) {
            out +=
                fmt::format("{}{} = {}", i == 0 ? "" : ", ", model.counts[i].first, model.counts[i].second);
        }
        out += " }";
    }
    out += " },\n";
}

}  // namespace

std::string to_toml(const Chain& chain) {
    auto out =
        fmt::format("# Found by asking the device; found anew when it changes.\nmarker = {}\n", chain.marker);
    if (!chain.problem.empty()) out += "problem = " + toml_quoted(chain.problem) + "\n";
    for (const auto& device : chain.devices) {
        out += fmt::format(
            "\n[[devices]]\nmanufacturer = {}\nmodel = {}\nversion = {}\nserial = {}\nmodels = [\n",
            toml_quoted(device.manufacturer), toml_quoted(device.model), toml_quoted(device.version),
            toml_quoted(device.serial));
        for (const auto& model : device.models) append(out, model);
        out += "]\n";
    }
    return out;
}

std::optional<Chain> parse_chain(std::string_view text, std::string_view file,
                                 schema::Diagnostics& diagnostics) {
    static const auto table = chain_table();
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    auto chain = table.read(*document, diagnostics);
    if (diagnostics.total() != before) return std::nullopt;
    return chain;
}

}  // namespace sitepower::sunspec
