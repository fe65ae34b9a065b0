// SunSpec information models as data: which points a model holds, in order, with their types and scale
// factors. One TOML file per model or family (config/sunspec/*.toml); a new model needs a file and no code.
// Loaded while starting, checking or discovering (one thread); immutable afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower::sunspec {

// Types of the SunSpec Device Information Model Specification, with their "not implemented" values.
enum class PointKind : std::uint8_t {
    int16,
    uint16,
    acc16,
    enum16,
    bitfield16,
    pad,
    int32,
    uint32,
    acc32,
    enum32,
    bitfield32,
    int64,
    uint64,
    acc64,
    float32,
    float64,
    string,
    sunssf,
};

struct ModelPoint {
    std::string sunspec;  // the point's name in the definition: "PhVphA"
    PointKind type = PointKind::uint16;
    int size = 0;      // registers of a string
    std::string sf;    // the sunssf point of the same model
    std::string name;  // as published, after the model's name; empty: read by nobody
    std::string unit;
    double scale = 1.0;                                      // from SunSpec's unit to ours: W to kW
    std::vector<std::pair<std::string, std::string>> words;  // of an enum: value, meaning
    std::vector<std::pair<std::string, std::string>> flags;  // of a bit field: bit, name
    schema::Origins origins;

    int registers() const;
};

// Points that repeat behind those before them: strings, modules, cells, curves.
struct ModelGroup {
    std::string name;   // "string{s}"; without braces: once
    std::string count;  // the point that holds how many; empty: as many as the model's length has room for
    std::vector<ModelPoint> points;
    std::vector<ModelGroup> groups;  // inside each element, behind its points
    schema::Origins origins;

    bool repeats() const { return name.find('{') != std::string::npos; }
};

struct Model {
    int schema = 1;
    std::vector<int> ids;  // models of one layout
    std::string name;      // before the names of its points: "inverter"
    std::string label;
    ProfileKind kind = ProfileKind::other;
    std::vector<int> lengths;  // that are legal; empty: any that has room for the points
    bool numbered = false;     // "string1" also when there is only one
    std::string poll = "fast";
    std::vector<ModelPoint> points;
    std::vector<ModelGroup> groups;
    schema::Origins origins;

    // Registers of the points outside groups, ID and length not counted.
    int fixed_length() const;
    // Register of a point outside groups, counted from the ID; -1: no such point.
    int offset_of(std::string_view sunspec_name) const;
};

int length_of(const std::vector<ModelPoint>& points);

// The model definitions by id.
class Models {
  public:
    void add(Model model);
    const Model* find(int id) const;  // null: not known
    std::size_t size() const { return by_id_.size(); }

  private:
    std::map<int, std::shared_ptr<const Model>> by_id_;
};

const schema::Table<Model>& model_table();

// nullopt after an error, which is in `diagnostics`.
std::optional<Model> parse_model(std::string_view text, std::string_view file,
                                 schema::Diagnostics& diagnostics);

// All *.toml of the first of the directories that exists.
Models load_models(const std::vector<std::string>& directories, schema::Diagnostics& diagnostics);

}  // namespace sitepower::sunspec
