// Points whose scale factor stands too far away for one request, as in long SunSpec models, or where the
// device refuses what lies between. Their factors are read before and after the values; when a factor is not
// the same both times, the values between are not used. Owned by a GroupReader; a bus's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"

namespace sitepower::modbus {

class FarFactors {
  public:
    // apart: points that one request cannot bring together with their factor, whatever the limits say.
    FarFactors(std::span<const RegisterPoint> points, const UnitLimits& limits,
               const std::set<std::uint32_t>& apart = {});

    bool any() const { return !far_.empty(); }
    bool is_far(std::uint32_t point) const { return far_.contains(point); }
    // The points as the planner shall see them: without their far factors.
    std::vector<RegisterPoint> near() const;
    // Requests that bring the factors; their `points` are those that need one of them.
    std::vector<ReadBlock> blocks() const { return blocks_; }

    // Of one poll, in this order.
    void begin() { seen_.clear(); }
    void before(const ReadBlock& block, std::span<const std::uint16_t> words);
    // words: those of the point alone. comm_error while the factor is not known.
    Reading decode(std::uint32_t point, std::span<const std::uint16_t> words) const;
    void after(const ReadBlock& block, std::span<const std::uint16_t> words);
    // Whether the factor was the same before and after.
    bool is_certain(std::uint32_t point) const;

  private:
    struct Far {
        PointDecoder decoder;
        Table table = Table::holding;
        std::uint16_t address = 0;  // of the factor
        std::size_t registers = 0;  // of the point
    };
    struct Seen {
        std::uint16_t word = 0;
        bool confirmed = false;
    };

    std::optional<Seen> seen(const Far& far) const;

    std::vector<RegisterPoint> points_;
    std::map<std::uint32_t, Far> far_;  // by point
    std::vector<ReadBlock> blocks_;
    std::map<std::pair<Table, std::uint16_t>, Seen> seen_;
};

}  // namespace sitepower::modbus
