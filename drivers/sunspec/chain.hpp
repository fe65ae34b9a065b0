// What a SunSpec device says it is made of: the chain of its models, found by walking from the marker, and
// kept in a file so that its points are known before it is asked again. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::sunspec {

struct ChainModel {
    int id = 0;
    int address = 0;  // of its ID register
    int length = 0;   // L: the registers behind ID and L
    // What the points that count its groups held, by their SunSpec names.
    std::vector<std::pair<std::string, int>> counts{};

    bool operator==(const ChainModel&) const = default;
};

// One common model and those behind it, up to the next common model.
struct ChainDevice {
    std::string manufacturer;
    std::string model;
    std::string version;
    std::string serial;
    std::vector<ChainModel> models;

    bool operator==(const ChainDevice&) const = default;
};

struct Chain {
    int marker = 0;  // address of "SunS"
    std::vector<ChainDevice> devices;
    std::string problem;  // why the walk stopped early; empty: the device conforms

    bool operator==(const Chain&) const = default;
};

inline constexpr int most_models = 256;  // in one chain

// The chain as TOML, and back. nullopt after an error, which is in `diagnostics`.
std::string to_toml(const Chain& chain);
std::optional<Chain> parse_chain(std::string_view text, std::string_view file,
                                 schema::Diagnostics& diagnostics);

}  // namespace sitepower::sunspec
