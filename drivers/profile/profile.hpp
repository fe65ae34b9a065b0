// A device profile: one TOML file that says which registers of a family of devices hold which points. Data,
// never executed; most devices need nothing else. Loaded and checked while starting or checking (one thread),
// immutable afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

enum class ProfileKind : std::uint8_t { ups, battery_monitor, bms, meter, other };

// modbus::ValueType, and what a profile names without publishing it: a SunSpec scale factor and a text.
enum class PointType : std::uint8_t { u16, s16, u32, s32, u64, s64, f32, f64, boolean, sunssf, string };

// One flag of a bit field, published as a point of its own that is 0 or 1.
struct ProfileBit {
    int bit = 0;
    std::string name;
    std::string label;
    std::string alarm;  // "", "info", "warning", "critical": how grave it is when the flag is set
    schema::Origins origins;
};

// One register value (or text) as the file describes it. Inside a repeat group `address` counts from the
// element's first register and `name` follows the group's name and a dot.
struct ProfilePoint {
    std::string name;
    std::string label;
    std::string unit;
    std::optional<modbus::Table> table;  // what is empty here comes from the profile's defaults
    int address = -1;                    // 0-based, as sent on the wire
    PointType type = PointType::u16;
    std::optional<modbus::Order> word_order;
    std::optional<modbus::Order> byte_order;
    double scale = 1.0;  // value = raw * scale + offset
    double offset = 0.0;
    std::vector<std::int64_t> invalid;  // raw values, negative ones in two's complement; empty: the
                                        // defaults', unless the file says so
    std::vector<double> range;          // empty, or lowest and highest published value
    std::string sf;                     // name of a sunssf point, in the same group first
    // A part of the word: one bit, or (raw & mask) >> shift.
    std::optional<int> bit;
    std::optional<std::int64_t> mask;
    int shift = 0;
    int length = 0;  // strings: registers
    // Flags, published instead of the number; such a point has no name of its own outside the file.
    std::vector<ProfileBit> bits;
    std::vector<std::pair<std::string, std::string>> words;  // enum: raw value, what it means
    std::string poll;                                        // group; empty: the default one
    Duration max_age{0};                                     // 0: never too old
    schema::Origins origins;
};

// One running number of a repeat group, "{j}" in its name.
struct ProfileRepeat {
    std::string index;
    int count = 1;
    int first = 1;
    int stride = 0;  // registers from one element to the next
    schema::Origins origins;
};

// Points that repeat: strings, jars, cells. Several repeats nest, the first one outermost.
struct ProfileGroup {
    std::string name;  // "string{s}.jar{j}"
    int address = 0;   // of the first element
    std::vector<ProfileRepeat> repeat;
    std::vector<ProfilePoint> points;
    schema::Origins origins;
};

struct ProfileDefaults {
    modbus::Table table = modbus::Table::holding;
    modbus::Order word_order = modbus::Order::big;
    modbus::Order byte_order = modbus::Order::big;
    std::string poll;  // the group of points that name none; needed when there are several groups
    std::vector<std::int64_t> invalid_u16, invalid_s16, invalid_u32, invalid_s32, invalid_u64, invalid_s64;
};

// Registers in a row, as a device answered them.
struct SampleBlock {
    modbus::Table table = modbus::Table::holding;
    int address = 0;
    std::vector<int> registers;
};

// A self-test of the profile, run by each check.
struct ProfileSample {
    std::string about;
    std::vector<SampleBlock> blocks;
    std::vector<std::pair<std::string, double>> expect;               // point, value
    std::vector<std::pair<std::string, std::string>> expect_quality;  // point, why there is no value
    schema::Origins origins;
};

// late_window is twice response_timeout where the file does not say it.
struct ProfileTiming : modbus::UnitTiming {
    schema::Origins origins;
};

struct Profile {
    int schema = 1;
    std::string id;
    ProfileKind kind = ProfileKind::other;
    std::string manufacturer;
    std::vector<std::string> models;
    std::string reference;
    modbus::UnitLimits limits;
    ProfileTiming timing;
    ProfileDefaults defaults;
    std::vector<std::pair<std::string, Duration>> poll;  // poll groups and their default periods
    // By point name as written, "{s}" included: "charge_positive", or "discharge_positive" to be turned
    // round.
    std::vector<std::pair<std::string, std::string>> sign;
    std::vector<ProfilePoint> points;
    std::vector<ProfileGroup> groups;
    std::vector<ProfileSample> samples;
    schema::Origins origins;
};

}  // namespace sitepower
