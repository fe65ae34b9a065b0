#include "drivers/sunspec/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>

#include "drivers/schema/document.hpp"

namespace sitepower::sunspec {
namespace {

using schema::Format;
using schema::Range;

bool is_published_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.{}") == std::string_view::npos;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 10 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

const schema::Rule published_name{.valid = is_published_name, .expected = "a name of a-z, 0-9, _ and dots"};
const schema::Rule whole_number{.valid = is_number, .expected = "a whole number"};

std::vector<schema::Choice<PointKind>> kinds() {
    using enum PointKind;
    return {{"int16", int16},           {"uint16", uint16}, {"acc16", acc16},           {"enum16", enum16},
            {"bitfield16", bitfield16}, {"pad", pad},       {"int32", int32},           {"uint32", uint32},
            {"acc32", acc32},           {"enum32", enum32}, {"bitfield32", bitfield32}, {"int64", int64},
            {"uint64", uint64},         {"acc64", acc64},   {"float32", float32},       {"float64", float64},
            {"string", string},         {"sunssf", sunssf}};
}

schema::Table<ModelPoint> point_table() {
    return schema::Table<ModelPoint>("point", "One point of a model, in the order of the definition.")
        .key("sunspec", &ModelPoint::sunspec, {.format = Format::identifier, .required = true},
             "Its name in the SunSpec definition.")
        .choice("type", &ModelPoint::type, kinds(), "Its SunSpec type.", true)
        .key("size", &ModelPoint::size, {.range = Range{1, 100}}, "Registers of a string.")
        .key("sf", &ModelPoint::sf, {.format = Format::optional}, "The point that holds its scale factor.")
        .key("name", &ModelPoint::name, published_name, "Its published name, with its unit at the end.")
        .key("unit", &ModelPoint::unit, {.format = Format::optional}, "Its unit as published.")
        .key("scale", &ModelPoint::scale, {}, "From SunSpec's unit to the published one.")
        .named_values("enum", &ModelPoint::words, whole_number, {}, "What the values of an enum mean.")
        .named_values("flags", &ModelPoint::flags, whole_number, {},
                      "Bits of a bit field, published one by one.")
        .origins(&ModelPoint::origins);
}

// Groups nest: curve sets hold curves, and those their points.
schema::Table<ModelGroup> group_table(int depth) {
    auto table =
        schema::Table<ModelGroup>("group", "Points that repeat.")
            .key("name", &ModelGroup::name,
                 {.required = true, .valid = is_published_name, .expected = "a name such as \"string{s}\""},
                 "Stands before each point's name; {x} is the running number.")
            .key("count", &ModelGroup::count, {.format = Format::optional},
                 "The point that holds how many there are.")
            .tables("points", &ModelGroup::points, point_table(), {.required = true, .max_items = 200},
                    "Points of one element.")
            .origins(&ModelGroup::origins);
    if (depth > 0) {
        table.tables("groups", &ModelGroup::groups, group_table(depth - 1), {.max_items = 8},
                     "Groups inside each element.");
    }
    return table;
}

schema::Table<Model> make_table() {
    return schema::Table<Model>("SunSpec model", "The points of a SunSpec information model.")
        .key("schema", &Model::schema, {.range = Range{1, 1}, .required = true}, "Version of this format.")
        .key("ids", &Model::ids,
             {.range = Range{1, 65534}, .required = true, .max_items = 20, .min_items = 1},
             "Models that have this layout.")
        .key("name", &Model::name,
             {.required = true, .valid = is_published_name, .expected = "a name such as \"inverter\""},
             "Stands before the names of its points.")
        .key("label", &Model::label, {.format = Format::optional}, "What it is, for people.")
        .choice("kind", &Model::kind,
                {{"ups", ProfileKind::ups},
                 {"battery_monitor", ProfileKind::battery_monitor},
                 {"bms", ProfileKind::bms},
                 {"meter", ProfileKind::meter},
                 {"other", ProfileKind::other}},
                "What a device with this model is.")
        .key("lengths", &Model::lengths, {.range = Range{1, 65533}, .max_items = 10},
             "Legal lengths; any other is a non-conforming device.")
        .key("numbered", &Model::numbered, {}, "Number its name also when the device has only one.")
        .key("poll", &Model::poll, {.choices = {"fast", "slow"}}, "Poll group.")
        .tables("points", &Model::points, point_table(), {.required = true, .max_items = 500}, "Points.")
        .tables("groups", &Model::groups, group_table(3), {.max_items = 8}, "Points that repeat.")
        .origins(&Model::origins);
}

class Checker {
  public:
    Checker(const Model& model, schema::Diagnostics& diagnostics)
        : model_(model), diagnostics_(diagnostics) {}

    void run() {
        check(model_.points);
        for (const auto& group : model_.groups) check(group);
        const auto fixed = model_.fixed_length();
        for (const int length : model_.lengths) {
            if (length < fixed) {
                diagnostics_.add(model_.origins.of("lengths"),
                                 fmt::format("{} has no room for the points, which need {}", length, fixed));
            }
        }
    }

  private:
    void check(const std::vector<ModelPoint>& points) {
        for (const auto& point : points) {
            if ((point.type == PointKind::string) != (point.size > 0)) {
                diagnostics_.add(point.origins.of("size"), "expected for a string, and only for one");
            }
            if (!point.sf.empty() && !is_factor(point.sf)) {
                diagnostics_.add(point.origins.of("sf"),
                                 fmt::format("the model has no sunssf point \"{}\"", point.sf));
            }
        }
    }
    void check(const ModelGroup& group) {
        check(group.points);
        if (!group.count.empty() && model_.offset_of(group.count) < 0) {
            diagnostics_.add(group.origins.of("count"),
                             fmt::format("the model has no point \"{}\"", group.count));
        }
        for (const auto& inner : group.groups) check(inner);
    }
    bool is_factor(std::string_view name) const {
        return std::ranges::any_of(model_.points, [&](const ModelPoint& point) {
            return point.type == PointKind::sunssf && point.sunspec == name;
        });
    }

    const Model& model_;
    schema::Diagnostics& diagnostics_;
};

}  // namespace

int ModelPoint::registers() const {
    switch (type) {
        case PointKind::int32:
        case PointKind::uint32:
        case PointKind::acc32:
        case PointKind::enum32:
        case PointKind::bitfield32:
        case PointKind::float32:
            return 2;
        case PointKind::int64:
        case PointKind::uint64:
        case PointKind::acc64:
        case PointKind::float64:
            return 4;
        case PointKind::string:
            return size;
        default:
            return 1;
    }
}

int length_of(const std::vector<ModelPoint>& points) {
    return std::accumulate(points.begin(), points.end(), 0,
                           [](int sum, const ModelPoint& point) { return sum + point.registers(); });
}

int Model::fixed_length() const {
    return length_of(points);
}

int Model::offset_of(std::string_view sunspec_name) const {
    int offset = 2;
    for (const auto& point : points) {
        if (point.sunspec == sunspec_name) return offset;
        offset += point.registers();
    }
    return -1;
}

void Models::add(Model model) {
    const auto shared = std::make_shared<const Model>(std::move(model));
    for (const int id : shared->ids) by_id_[id] = shared;
}

const Model* Models::find(int id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second.get();
}

const schema::Table<Model>& model_table() {
    static const schema::Table<Model> table = make_table();
    return table;
}

std::optional<Model> parse_model(std::string_view text, std::string_view file,
                                 schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    auto model = model_table().read(*document, diagnostics);
    if (diagnostics.total() == before) Checker(model, diagnostics).run();
    if (diagnostics.total() != before) return std::nullopt;
    return model;
}

Models load_models(const std::vector<std::string>& directories, schema::Diagnostics& diagnostics) {
    namespace fs = std::filesystem;
    Models models;
    for (const auto& directory : directories) {
        std::error_code error;
        std::vector<std::string> paths;
        for (const auto& entry : fs::directory_iterator(directory, error)) {
            if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
        }
        std::ranges::sort(paths);
        for (const auto& path : paths) {
            const auto text = schema::read_text(path, diagnostics);
            if (!text) continue;
            if (auto model = parse_model(*text, path, diagnostics)) models.add(std::move(*model));
        }
        if (models.size() > 0) break;
    }
    return models;
}

}  // namespace sitepower::sunspec
