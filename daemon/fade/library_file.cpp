#include "daemon/fade/library_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <system_error>

#include "drivers/schema/table.hpp"

namespace sitepower::fade {
namespace {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

struct CurveEntry {
    std::string name;
    std::string group;
    std::vector<double> age;
    std::vector<double> health_pct;
};

struct FileEntry {
    std::int64_t schema = 0;
    std::string id;
    std::string source;
    std::string age_unit;
    double end_of_life_pct = 80;
    double noise_pct = 0.4;
    double alike_share = 0.8;
    double curves_weight = 1;
    double life_weighted = 0;
    std::vector<double> scale_below{1, 1, 1, 1};
    std::vector<double> scale_above{1, 1, 1, 1};
    std::vector<CurveEntry> curves;
};

Table<CurveEntry> curve_table() {
    return Table<CurveEntry>("curve", "The life of one battery, with few points.")
        .key("name", &CurveEntry::name, {.required = true}, "Of the battery.")
        .key("group", &CurveEntry::group, {.format = Format::optional},
             "Of batteries used alike: protocol, lot.")
        .key("age", &CurveEntry::age,
             {.range = Range{1, 1e9}, .required = true, .max_items = 500, .min_items = 3},
             "Ascending ages, from 1.")
        .key("health_pct", &CurveEntry::health_pct,
             {.range = Range{1, 199}, .required = true, .max_items = 500, .min_items = 3},
             "Capacity over rated capacity at these ages.");
}

const Table<FileEntry>& file_table() {
    const schema::Rule scale{.range = Range{0.1, 10},
                             .max_items = LibraryParameters::scale_rows,
                             .min_items = LibraryParameters::scale_rows};
    static const Table<FileEntry> table =
        Table<FileEntry>("fade library", "How batteries of one kind have faded, written by learn-fade.")
            .key("schema", &FileEntry::schema, {.range = Range{1, 1}, .required = true},
                 "Version of this format.")
            .key("id", &FileEntry::id, {.format = Format::identifier, .required = true},
                 "The file's name without .toml.")
            .key("source", &FileEntry::source, {.format = Format::optional, .required = true},
                 "Whose batteries these were.")
            .key("age_unit", &FileEntry::age_unit, {.required = true}, "What ages are counted in.")
            .key("end_of_life_pct", &FileEntry::end_of_life_pct, {.range = Range{11, 99}, .required = true},
                 "Health at which a life ends.")
            .key("noise_pct", &FileEntry::noise_pct, {.range = Range{0.02, 9}}, "What no curve explains.")
            .key("alike_share", &FileEntry::alike_share, {.range = Range{0, 1}},
                 "How far the battery's own group is trusted.")
            .key("curves_weight", &FileEntry::curves_weight, {.range = Range{0, 1}},
                 "Of the curves against a straight line.")
            .key("life_weighted", &FileEntry::life_weighted, {.range = Range{0, 1}},
                 "1: the central estimate has the least error over the life.")
            .key("scale_below", &FileEntry::scale_below, scale,
                 "Of the intervals, by share of the fade used up.")
            .key("scale_above", &FileEntry::scale_above, scale, "Likewise.")
            .tables("curves", &FileEntry::curves, curve_table(),
                    {.max_items = FadeLibrary::most_curves, .min_items = 1}, "One per battery.");
    return table;
}

LibraryFile library_of(const FileEntry& entry) {
    LibraryFile file{.id = entry.id, .source = entry.source, .age_unit = entry.age_unit};
    file.parameters.end_of_life = entry.end_of_life_pct / 100;
    file.parameters.noise_sigma = entry.noise_pct / 100;
    file.parameters.alike_share = entry.alike_share;
    file.parameters.curves_weight = entry.curves_weight;
    file.parameters.life_weighted = entry.life_weighted;
    for (std::size_t i = 0; i < file.parameters.scale.size(); ++i) {
        file.parameters.scale[i] = {entry.scale_below[i], entry.scale_above[i]};
    }
    for (const CurveEntry& curve : entry.curves) {
        FadeShape& shape = file.curves.emplace_back(FadeShape{curve.name, curve.group, curve.age, {}});
        for (const double health : curve.health_pct) shape.health.push_back(health / 100);
    }
    return file;
}

std::optional<LibraryFile> read_library(const schema::Node& document, Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const FileEntry entry = file_table().read(document, diagnostics);
    if (diagnostics.total() != before) return std::nullopt;
    LibraryFile file = library_of(entry);
    const auto usable = FadeLibrary::make(file.curves, file.parameters);
    if (usable) return file;
    diagnostics.add(schema::origin(document.position, ""), usable.error().message);
    return std::nullopt;
}

}  // namespace

std::optional<LibraryFile> parse_library(std::string_view text, std::string_view file,
                                         Diagnostics& diagnostics) {
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    return read_library(*document, diagnostics);
}

std::optional<LibraryFile> load_library(const std::filesystem::path& path, Diagnostics& diagnostics) {
    const auto document = schema::read_document(path.string(), diagnostics);
    if (!document) return std::nullopt;
    return read_library(*document, diagnostics);
}

std::string library_text(const LibraryFile& library) {
    const LibraryParameters& parameters = library.parameters;
    std::array<double, LibraryParameters::scale_rows> below{};
    std::array<double, LibraryParameters::scale_rows> above{};
    for (std::size_t i = 0; i < below.size(); ++i) {
        below[i] = parameters.scale[i].below;
        above[i] = parameters.scale[i].above;
    }
    std::string text = fmt::format(
        "# Written by \"sitepower-lab learn-fade\". Curves are smoothed and thinned to corner points.\n"
        "schema = 1\nid = \"{}\"\nsource = \"{}\"\nage_unit = \"{}\"\nend_of_life_pct = {:.2f}\n"
        "noise_pct = {:.3f}\nalike_share = {:.2f}\ncurves_weight = {:.2f}\nlife_weighted = {:.0f}\n"
        "scale_below = [{:.2f}]\nscale_above = [{:.2f}]\n",
        library.id, library.source, library.age_unit, 100 * parameters.end_of_life,
        100 * parameters.noise_sigma, parameters.alike_share, parameters.curves_weight,
        parameters.life_weighted, fmt::join(below, ", "), fmt::join(above, ", "));
    for (const FadeShape& curve : library.curves) {
        std::vector<double> health_pct;
        for (const double health : curve.health) health_pct.push_back(100 * health);
        text +=
            fmt::format("\n[[curves]]\nname = \"{}\"\ngroup = \"{}\"\nage = [{}]\nhealth_pct = [{:.2f}]\n",
                        curve.name, curve.group, fmt::join(curve.age, ", "), fmt::join(health_pct, ", "));
    }
    return text;
}

}  // namespace sitepower::fade
