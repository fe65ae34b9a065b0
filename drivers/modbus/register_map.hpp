// What is read from one Modbus unit and what it means: the profile of a device, expanded and resolved into
// plain register addresses. Made by drivers/profile; read by the planner, the decoder and the bus worker;
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/frame.hpp"
#include "core/base/identifier.hpp"
#include "core/base/time.hpp"

namespace sitepower::modbus {

enum class Table : std::uint8_t { holding, input, coil, discrete };  // FC 03, 04, 01, 02

enum class ValueType : std::uint8_t { u16, s16, u32, s32, u64, s64, f32, f64, boolean };

// High word first (the Modbus habit) or low word first; likewise the bytes inside each register.
enum class Order : std::uint8_t { big, little };

// A scale factor register of SunSpec's kind: value = raw * 10^exponent, exponent an s16 read in the same
// response.
struct ScaleFactor {
    std::uint16_t address = 0;
    std::optional<std::uint16_t> invalid = 0x8000;
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

// One poll group: its points are read together when due and give one frame. points[i] belongs to
// layout->points[i].
struct PollGroup {
    std::shared_ptr<const Layout> layout;  // name, period and point names
    std::vector<RegisterPoint> points;
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
    std::shared_ptr<const Inspector> inspector{};  // null: the map is what it is
};

}  // namespace sitepower::modbus
