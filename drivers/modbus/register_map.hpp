// What is read from one Modbus unit and what it means: the profile of a device, expanded and resolved into
// plain register addresses. Made by drivers/profile; read by the planner, the decoder and the bus worker;
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/frame.hpp"
#include "core/base/identifier.hpp"
#include "core/base/time.hpp"

namespace sitepower::modbus {

enum class Table : std::uint8_t { holding, input, coil, discrete };  // FC 03, 04, 01, 02

enum class ValueType : std::uint8_t {
    u16,
    s16,
    u32,
    s32,
    u48,
    s48,
    u64,
    s64,
    f32,
    f64,
    boolean,
    datetime,  // `length` registers, see date_fields
    text,      // `length` registers; decoded by text.hpp, never part of a frame
};

// High word first (the Modbus habit) or low word first; likewise the bytes inside each register.
enum class Order : std::uint8_t { big, little };

// A register of the same answer that scales another one. Without a map it is of SunSpec's kind: value = raw *
// 10^content, content an s16. With a map its content, (word & mask) >> shift, is looked up there: value = raw
// * factor. That register may be the point's own: a sign bit beside a magnitude.
struct ScaleFactor {
    std::uint16_t address = 0;
    std::uint16_t mask = 0xFFFF;  // of one with a map
    std::uint8_t shift = 0;
    std::optional<std::uint16_t> invalid = 0x8000;
    std::vector<std::pair<std::uint16_t, double>> map{};
};

// Addresses [begin, end) of the point's table.
struct AddressSpan {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    bool operator==(const AddressSpan&) const = default;
};

struct RegisterPoint {
    Table table = Table::holding;
    std::uint16_t address = 0;  // 0-based, as sent on the wire
    ValueType type = ValueType::u16;
    Order word_order = Order::big;
    Order byte_order = Order::big;
    std::uint64_t mask = ~std::uint64_t{0};  // integers only: (raw & mask) >> shift, before sign and scale
    std::uint8_t shift = 0;
    double scale = 1.0;
    double offset = 0.0;
    std::optional<ScaleFactor> scale_factor{};
    std::vector<std::uint64_t> invalid{};  // raw values that mean "not available"; a float NaN always does
    std::optional<double> minimum{};       // of the value; outside is out_of_range
    std::optional<double> maximum{};
    std::uint64_t invalid_mask = ~std::uint64_t{0};  // only these bits are compared with `invalid`
    // A boolean is 1 when its field is one of these; without any, when a bit of it is set. An integer with
    // any becomes such a boolean of its field.
    std::vector<std::uint64_t> matches{};
    bool bcd = false;  // integers: four bits to a decimal digit
    int length = 0;    // registers of a datetime or a text
    // Of a datetime: a letter for each byte, Y M D h m s or - for one that says nothing; a letter twice in a
    // row is one number of two bytes, in bcd of four digits. A year below 100 is one of this century.
    std::string date_fields{};
    std::optional<AddressSpan> together{};  // what must come in one answer with it

    int registers() const;  // how many registers (or bits, for coils and discretes) the point covers
};

// What a unit tolerates in one request.
struct UnitLimits {
    int max_registers = 125;
    int max_bits = 2000;
    int max_hole = 8;                       // unwanted registers that may be read along to save a request
    std::vector<std::uint16_t> barriers{};  // addresses that a request may not cross
    bool one_point_per_request = false;
};

struct UnitTiming {
    Duration response_timeout{1000};
    Duration late_window{2000};  // answers come at most this late; see quarantine.hpp
    Duration frame_gap{0};       // silence before each request to this unit
    Duration busy_wait{200};     // before a retry after exceptions 0x05 and 0x06
    int retries = 1;
    int busy_retries = 3;
    bool repeats_answers = false;  // the device is known to send answers twice
};

// points[point] exists only while points[other] is good and at least `minimum`: what the device says about
// which of its registers are in use. Otherwise it is not_implemented.
struct Presence {
    std::uint32_t point = 0;
    std::uint32_t other = 0;
    double minimum = 1;
};

enum class Operation : std::uint8_t { sum, sub, mul, div, min, max, mean };

// A value that is worked out from others of the same poll: value = op(weight * operand...) * scale + offset.
// Its quality is that of its first operand that is not good.
struct DerivedPoint {
    Operation operation = Operation::sum;
    std::vector<std::uint32_t> operands{};  // positions in points; points.size() + n: the n-th derived one
    std::vector<double> weights{};          // by operand; empty: all 1
    bool skip_absent = false;               // operands that are not_implemented are left out, if one remains
    double scale = 1.0;
    double offset = 0.0;
    std::optional<double> minimum{};
    std::optional<double> maximum{};
};

// Words that a device hands out on request: what is written to ask for them, the registers that say when the
// window holds them, and the window. All are holding registers. How it is read: mailbox_reader.hpp.
struct Mailbox {
    // A register, and what it holds once the window holds what was asked for.
    struct Sign {
        std::uint16_t address = 0;
        std::uint16_t word = 0;
        bool shows_index = false;  // it tells one index from another
    };

    std::string name{};
    std::optional<std::uint16_t> index{};  // which words are asked for; empty: there are no others
    std::uint16_t request_address = 0;
    std::vector<std::uint16_t> request{};  // the index stands in it
    std::vector<Sign> signs{};             // all must show it; they fit into one request
    std::uint16_t window_address = 0;
    std::uint16_t window_length = 1;
    int windows = 1;              // more than 1: each read makes the device show the next words
    Duration settle{100};         // silence of the unit after the request
    Duration ready_within{2000};  // how long the device may then take
};

// One poll group: its points are read together when due and give one frame. The layout names the points that
// are published: points[i] is layout->points[i], then come the derived ones. The last `hidden` points are
// read for the sake of others only. The addresses of points of a mailbox count in its words.
struct PollGroup {
    std::shared_ptr<const Layout> layout;  // name, period and point names
    std::vector<RegisterPoint> points;
    std::size_t hidden = 0;
    std::vector<Presence> presences{};
    std::vector<DerivedPoint> derived{};
    std::optional<Mailbox> mailbox{};

    std::size_t published() const { return points.size() - hidden; }
};

// Two holding registers that say what stands behind them, in [address, end): SunSpec's ID and length. While
// they hold something else, the map is not the one that the points were made from.
struct MapHeader {
    std::uint16_t address = 0;
    std::uint32_t content = 0;
    std::uint32_t end = 0;

    bool operator==(const MapHeader&) const = default;
};

class Inspector;

// One device behind a link.
struct UnitPlan {
    DeviceIndex device{};
    std::string device_id;
    int unit = 1;
    UnitLimits limits;
    UnitTiming timing;
    std::vector<PollGroup> groups;
    std::vector<MapHeader> headers{};  // read with each poll of points behind them
    std::string problem{};             // of a known device without groups: why there is nothing to read
    std::shared_ptr<const Inspector> inspector{};  // null: the map is what it is
};

}  // namespace sitepower::modbus
