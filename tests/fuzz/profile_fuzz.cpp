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

namespace {

void decode_anything(const sitepower::modbus::RegisterPoint& point) {
    const int first = point.scale_factor && point.scale_factor->address < point.address
                          ? point.scale_factor->address
                          : point.address;
    if (point.address + point.registers() > 65'536) std::abort();
    const std::vector<std::uint16_t> words(200, 0x5A5A);
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
    if (!device || device->points.empty()) std::abort();
    std::size_t slot = 0;
    for (const auto& group : device->plan.groups) {
        if (group.layout->first_slot != slot || group.points.size() != group.layout->points.size())
            std::abort();
        slot += group.points.size();
    }
    if (slot != device->points.size()) std::abort();
    for (const auto& point : device->points) decode_anything(point.registers);
    return 0;
}
