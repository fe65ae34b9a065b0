// A device profile: one TOML file that says which registers of a family of devices hold which points. Data,
// never executed; most devices need nothing else. Loaded and checked while starting or checking (one thread),
// immutable afterwards. What each key means for its writer stands in keys.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/modbus/text.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower {

enum class ProfileKind : std::uint8_t { ups, battery_monitor, bms, meter, other };

// modbus::ValueType, accumulators (whose 0 means "nothing accumulated yet"), and what a profile names without
// publishing it: a SunSpec scale factor and a text. Integers stand first.
enum class PointType : std::uint8_t {
    u16,
    s16,
    u32,
    s32,
    u48,
    s48,
    u64,
    s64,
    acc32,
    acc64,
    f32,
    f64,
    boolean,
    sunssf,
    datetime,
    string
};

// One flag of a bit field, published as a point of its own that is 0 or 1.
struct ProfileBit {
    int bit = 0;
    std::string name;
    std::string label;
    std::string alias;
    std::string alarm;  // "", "info", "warning", "critical": how grave it is when the flag is set
    schema::Origins origins;
};

// A point of its own that is 1 while the number is one of `values`: a state of an enum that is worth an
// alarm.
struct ProfileState {
    std::vector<std::int64_t> values;
    std::string name;
    std::string label;
    std::string alias;
    std::string alarm;
    schema::Origins origins;
};

// A register that says whether others exist.
struct ProfileCondition {
    std::optional<modbus::Table> table;
    int address = -1;
    std::optional<int> bit;
    std::optional<std::int64_t> mask;
    std::vector<std::int64_t> equals;  // empty: any bit set
    schema::Origins origins;
};

// Another register whose content chooses the scale.
struct ProfileScaleRef {
    std::string point;
    std::vector<std::pair<std::string, double>> map;  // content, factor
    schema::Origins origins;
};

enum class ByteOfWord : std::uint8_t { high, low };

// One register value (or text) as the file describes it. Inside a repeat group `address` counts from the
// element's first register and `name` follows the group's name and a dot.
struct ProfilePoint {
    std::string name;
    std::string label;
    std::string alias;  // another name that finds it
    std::string alarm;  // of one bit: how grave it is when it is set
    std::string unit;
    std::optional<modbus::Table> table;  // what is empty here comes from the profile's defaults
    int address = -1;                    // 0-based, as sent on the wire
    PointType type = PointType::u16;
    std::optional<modbus::Order> word_order;
    std::optional<modbus::Order> byte_order;
    double scale = 1.0;  // value = raw * scale / 2^scale_shift + offset
    int scale_shift = 0;
    double offset = 0.0;
    std::optional<ProfileScaleRef> scale_ref;
    std::string sf;                     // name of a sunssf point, in the same group first
    std::vector<std::int64_t> invalid;  // raw values, negative ones in two's complement; empty: the
                                        // defaults', unless the file says so
    std::optional<std::int64_t> invalid_mask;
    std::vector<double> range;  // empty, or lowest and highest published value
    std::optional<ProfileCondition> available_if;
    // A part of the word: one bit, one byte, or (raw & mask) >> shift.
    std::optional<int> bit;
    std::optional<ByteOfWord> byte;
    std::optional<std::int64_t> mask;
    int shift = 0;
    bool bcd = false;
    int length = 0;  // strings: registers
    modbus::TextBytes chars = modbus::TextBytes::both;
    std::string pad = " ";
    std::string fields;  // of a datetime, see modbus::RegisterPoint
    // Flags, published instead of the number; such a point has no name of its own outside the file.
    std::vector<ProfileBit> bits;
    std::vector<std::pair<std::string, std::string>> words;  // enum: raw value, what it means
    std::vector<ProfileState> states;
    std::string poll;     // group; empty: the default one
    std::string atomic;   // points of one name come from one answer
    std::string mailbox;  // the point's registers are words of this mailbox
    bool publish = true;  // false: only for the sake of others
    Duration max_age{0};  // 0: never too old
    Duration min_interval{0};
    schema::Origins origins;
};

// A value that is worked out from points of the same device.
struct ProfileDerived {
    std::string name;
    std::string label;
    std::string alias;
    std::string unit;
    modbus::Operation operation = modbus::Operation::sum;
    std::vector<std::string> of;  // names, or patterns that stand for all points of a group
    std::vector<double> weights;
    bool skip_absent = false;
    double scale = 1.0;
    double offset = 0.0;
    std::vector<double> range;
    std::string poll;
    schema::Origins origins;
};

// One running number of a repeat group, "{j}" in its name.
struct ProfileRepeat {
    std::string index;
    int count = 1;
    std::string count_from;  // a point that says how many of them there are
    int first = 1;
    int stride = 0;       // registers from one element to the next
    int unit_stride = 0;  // unit ids from one element to the next
    schema::Origins origins;
};

// Points that repeat: strings, jars, cells. Several repeats nest, the first one outermost.
struct ProfileGroup {
    std::string name;         // "string{s}.jar{j}"
    int address = 0;          // of the first element
    std::optional<int> unit;  // of the first element; empty: the device's own
    std::string fill_rest;    // a point that holds how many registers follow it: elements fill them
    std::vector<ProfileRepeat> repeat;
    std::vector<ProfilePoint> points;
    std::vector<ProfileDerived> derived;
    schema::Origins origins;
};

struct ProfileDefaults {
    modbus::Table table = modbus::Table::holding;
    modbus::Order word_order = modbus::Order::big;
    modbus::Order byte_order = modbus::Order::big;
    std::string poll;  // the group of points that name none; needed when there are several groups
    std::vector<std::int64_t> invalid_u16, invalid_s16, invalid_u32, invalid_s32, invalid_u64, invalid_s64,
        invalid_f32, invalid_f64;
    schema::Origins origins;
};

// How the device is reached unless the site says otherwise: what the scan tries first.
struct ProfileTransport {
    std::vector<std::string> modes;  // "tcp", "rtu", "rtu_over_tcp"; empty: any
    int port = 502;
    int unit = 1;
    int baud = 9600;
    std::string parity = "N";
    int data_bits = 8;
    int stop_bits = 1;
    schema::Origins origins;
};

// Registers that tell whether a device is one of this profile. Judged in exactly one way: equals,
// starts_with, between, or at_least and below.
struct ProfileProbe {
    std::optional<modbus::Table> table;
    std::optional<int> address;
    // Instead of registers: a text of the device's identification, and where the question starts.
    std::optional<int> object;
    std::optional<int> object_from;
    PointType type = PointType::u16;
    std::optional<modbus::Order> word_order;
    std::optional<modbus::Order> byte_order;
    std::optional<std::int64_t> mask;
    int length = 0;
    modbus::TextBytes chars = modbus::TextBytes::both;
    std::vector<std::int64_t> equals;
    std::vector<std::string> starts_with;  // a text, one of these
    std::vector<std::int64_t> between;     // lowest and highest number
    std::string at_least, below;           // a version: numbers with dots between them
    schema::Origins origins;
};

// Words that a device hands out on request: the index is written, a register says when they are there, and a
// window is read until all have come. Points whose `mailbox` is its name count their addresses in these
// words: those of the first index, then those of the second.
struct ProfileMailbox {
    std::string name;
    int request_address = -1;
    std::vector<std::int64_t> request;  // words to write
    std::vector<std::int64_t> indices;  // what is asked for, one after the other; empty: the request as it is
    int index_word = 0;                 // of the request
    int ready_address = -1;
    std::optional<int> ready;          // content that says so; empty: the index
    std::optional<int> index_address;  // the register that shows the index, where that is another
    int window_address = -1;
    int window_length = 1;
    int windows = 1;   // how often the window is read
    std::string poll;  // group; empty: the default one
    Duration ready_within{2000};
    schema::Origins origins;

    int words() const { return windows * window_length; }  // of one index
    std::size_t turns() const { return indices.empty() ? 1 : indices.size(); }
};

// A write that an operator may ask for where the site allows it; never sent by itself.
struct ProfileCommand {
    std::string name;
    std::string label;
    modbus::Table table = modbus::Table::holding;
    int address = -1;
    bool multiple = false;            // function 16 (15) even for one register (coil)
    std::vector<std::int64_t> write;  // fixed words; or
    std::vector<double> range;        // lowest and highest value that may be set,
    PointType type = PointType::u16;  // u16, s16, u32, s32, f32; of a coil boolean
    std::optional<modbus::Order> word_order;
    double scale = 1.0;              // raw = value / scale
    std::string unit;                // of the value
    std::string verify;              // a point that shows the effect
    std::vector<double> expect;      // of fixed words: what it then shows, lowest and highest
    double tolerance = 0;            // of a value: how far the point may be off
    std::optional<Duration> settle;  // empty: timing.write_settle
    Duration effect{0};              // how long the effect may take to show
    // Once it was sent, the device takes itself back when it does not come again within so long; 0: does not.
    Duration dead_man{0};
    schema::Origins origins;
};

// Registers in a row, as a device answered them.
struct SampleBlock {
    modbus::Table table = modbus::Table::holding;
    std::optional<int> unit;  // of a group with a unit of its own
    std::string mailbox;      // words of this mailbox
    int address = 0;
    std::vector<int> registers;
};

// A self-test of the profile, run by each check.
struct ProfileSample {
    std::string about;
    std::vector<SampleBlock> blocks;
    std::vector<std::pair<std::string, double>> expect;               // point, value
    std::vector<std::pair<std::string, std::string>> expect_text;     // point, text or time
    std::vector<std::pair<std::string, std::string>> expect_quality;  // point, why there is no value
    schema::Origins origins;
};

struct ProfileLimits : modbus::UnitLimits {
    bool close_after_cycle = false;
};

// late_window is twice response_timeout where the file does not say it.
struct ProfileTiming : modbus::UnitTiming {
    Duration connect_delay{0};
    Duration write_settle{100};
    schema::Origins origins;
};

struct Profile {
    int schema = 1;
    std::string id;
    ProfileKind kind = ProfileKind::other;
    std::string manufacturer;
    std::vector<std::string> models;
    std::string firmware;
    std::string reference;
    ProfileTransport transport;
    ProfileLimits limits;
    ProfileTiming timing;
    ProfileDefaults defaults;
    std::vector<std::pair<std::string, Duration>> poll;  // poll groups and their default periods
    std::vector<ProfileProbe> probe;
    // By point name as written, "{s}" included: "charge_positive", or "discharge_positive" to be turned
    // round.
    std::vector<std::pair<std::string, std::string>> sign;
    std::vector<ProfilePoint> points;
    std::vector<ProfileGroup> groups;
    std::vector<ProfileDerived> derived;
    std::vector<ProfileMailbox> mailboxes;
    std::vector<ProfileCommand> commands;
    std::vector<ProfileSample> samples;
    std::vector<modbus::MapHeader> headers;  // of a map that the device told; no file has them
    schema::Origins origins;
};

bool is_integer(PointType type);
// A number that goes into frames, as opposed to a scale factor or a text.
bool is_number(PointType type);
// How many 16-bit registers a value of this type covers; 0 where its length says.
int registers_of(PointType type);
// The same for a point.
int registers_of(const ProfilePoint& point);

}  // namespace sitepower
