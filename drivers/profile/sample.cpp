#include "drivers/profile/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/profile/expand.hpp"

namespace sitepower {
namespace {

using Registers = std::map<std::pair<modbus::Table, int>, std::uint16_t>;

Registers registers_of(const ProfileSample& sample) {
    Registers registers;
    for (const SampleBlock& block : sample.blocks) {
        for (std::size_t i = 0; i < block.registers.size(); ++i) {
            registers[{block.table, block.address + static_cast<int>(i)}] =
                static_cast<std::uint16_t>(block.registers[i]);
        }
    }
    return registers;
}

// What lies from the first register of the point (or of its scale factor) to the last one. Registers in
// between that the sample does not hold read as 0; nullopt when one of the point's own is missing.
std::optional<modbus::Reading> decode(const modbus::RegisterPoint& point, const Registers& registers) {
    const modbus::PointSpan span = modbus::span_of(point);
    const auto is_needed = [&point](std::uint32_t address) {
        return (address >= point.address && std::cmp_less(address, point.address + point.registers())) ||
               (point.scale_factor && address == point.scale_factor->address);
    };
    std::vector<std::uint16_t> words;
    for (std::uint32_t address = span.begin; address < span.end; ++address) {
        const auto found = registers.find({point.table, static_cast<int>(address)});
        if (found == registers.end() && is_needed(address)) return std::nullopt;
        words.push_back(found != registers.end() ? found->second : std::uint16_t{0});
    }
    return modbus::PointDecoder(point, static_cast<std::uint16_t>(span.begin)).decode(words);
}

// Exact for integers of any size that a double holds; generous enough for the rounding of an f32.
bool same(double a, double b) {
    return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b));
}

// One sample against the points of the profile.
class SampleRun {
  public:
    SampleRun(const std::vector<PlacedPoint>& points, const ProfileSample& sample,
              schema::Diagnostics& diagnostics)
        : points_(points), sample_(sample), registers_(registers_of(sample)), diagnostics_(diagnostics) {}

    void run() {
        for (const auto& [name, value] : sample_.expect) {
            const auto reading = read("expect", name);
            if (!reading) continue;
            if (reading->quality != Quality::good) {
                fail("expect",
                     fmt::format("{}: expected {}, is {}", name, value, to_string(reading->quality)));
            } else if (!same(reading->value, value)) {
                fail("expect", fmt::format("{}: expected {}, is {}", name, value, reading->value));
            }
        }
        for (const auto& [name, quality] : sample_.expect_quality) {
            const auto reading = read("expect_quality", name);
            if (!reading || to_string(reading->quality) == quality) continue;
            fail("expect_quality", fmt::format("{}: expected {}, is {} ({})", name, quality,
                                               to_string(reading->quality), reading->value));
        }
    }

  private:
    void fail(std::string_view key, std::string message) {
        diagnostics_.add(sample_.origins.of(key), std::move(message));
    }

    std::optional<modbus::Reading> read(std::string_view key, const std::string& name) {
        const auto point =
            std::ranges::find(points_, name, [](const PlacedPoint& placed) { return placed.point.name; });
        if (point == points_.end()) {
            fail(key, fmt::format("{}: the profile has no such point", name));
            return std::nullopt;
        }
        const auto reading = decode(point->point.registers, registers_);
        if (!reading) fail(key, fmt::format("{}: the sample does not hold its registers", name));
        return reading;
    }

    const std::vector<PlacedPoint>& points_;
    const ProfileSample& sample_;
    Registers registers_;
    schema::Diagnostics& diagnostics_;
};

}  // namespace

void run_samples(const Profile& profile, schema::Diagnostics& diagnostics) {
    if (profile.samples.empty()) return;
    const std::vector<PlacedPoint> points = place_points(profile);
    for (const ProfileSample& sample : profile.samples) SampleRun(points, sample, diagnostics).run();
}

}  // namespace sitepower
