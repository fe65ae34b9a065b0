// Device profiles: any text ends as a profile or as diagnostics, and exactly one of the two. A profile that
// was accepted expands, and each of its points can be decoded from registers that exist.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/profile/snapshot.hpp"

namespace {

void decode_anything(const sitepower::modbus::RegisterPoint& point) {
    const int first = point.scale_factor && point.scale_factor->address < point.address
                          ? point.scale_factor->address
                          : point.address;
    if (point.address + point.registers() > 65'536) std::abort();
    const std::vector<std::uint16_t> words(400, 0x5A5A);
    const auto reading =
        sitepower::modbus::PointDecoder(point, static_cast<std::uint16_t>(first)).decode(words);
    if (!(reading.value == reading.value)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    sitepower::schema::Diagnostics diagnostics;
    const auto profile = sitepower::parse_profile(text, "fuzz.toml", diagnostics);
    if (profile.has_value() != diagnostics.empty()) std::abort();
    if (!profile) return 0;
    const auto device = sitepower::expand(*profile, {});
    if (!device) std::abort();
    std::size_t slot = 0;
    const auto walk = [&](const sitepower::modbus::UnitPlan& plan) {
        for (const auto& group : plan.groups) {
            if (group.layout->first_slot != slot) std::abort();
            if (group.published() + group.derived.size() != group.layout->points.size()) std::abort();
            slot += group.layout->points.size();
            for (const auto& point : group.points) decode_anything(point);
        }
    };
    walk(device->plan);
    for (const auto& plan : device->sub_units) walk(plan);
    if (slot != device->points.size()) std::abort();
    for (const auto& value : sitepower::snapshot(*profile, {})) {
        if (value.quality == sitepower::Quality::good && value.point.registers.registers() > 0) std::abort();
    }
    return 0;
}
