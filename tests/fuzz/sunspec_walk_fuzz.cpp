// Whatever a device holds, the walk ends, reads within the address space, and gives a chain that goes through
// its file unchanged and makes a profile that can be planned.
#include <algorithm>
#include <cstdlib>
#include <map>

#include "drivers/modbus/group_reader.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/sunspec/chain.hpp"
#include "drivers/sunspec/profile.hpp"
#include "drivers/sunspec/walk.hpp"

namespace {

using namespace sitepower;

const sunspec::Models& models() {
    static const auto loaded = [] {
        schema::Diagnostics diagnostics;
        return sunspec::load_models({SITEPOWER_SOURCE_DIR "/config/sunspec"}, diagnostics);
    }();
    return loaded;
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

// The input is the map from 40000 on; what is behind its end is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    int reads = 0;
    const sunspec::Reader reader = [&](std::uint16_t address, std::uint16_t count) {
        require(count > 0 && address + count <= 0x10000);
        require(++reads < 10'000);
        sunspec::Reply reply{.kind = sunspec::Reply::Kind::words, .words = {}, .detail = {}};
        for (int at = address; at < address + count; ++at) {
            const auto offset = 2 * static_cast<std::size_t>(std::max(at - 40000, 0));
            if (at < 40000 || offset + 2 > size)
                return sunspec::Reply{.kind = sunspec::Reply::Kind::refused, .words = {}, .detail = {}};
            reply.words.push_back(static_cast<std::uint16_t>(data[offset] << 8 | data[offset + 1]));
        }
        return reply;
    };
    const auto found = sunspec::discover(reader, models());
    if (found.outcome != sunspec::Discovery::Outcome::found) return 0;
    schema::Diagnostics diagnostics;
    const auto again = sunspec::parse_chain(sunspec::to_toml(found.chain), "chain", diagnostics);
    require(again && again->devices.size() == found.chain.devices.size());
    require(sunspec::recheck(reader, found.chain) == sunspec::Recheck::same);
    for (const auto& device : found.chain.devices) {
        const auto made = sunspec::make_profile(device, models());
        const auto expanded =
            expand(made.profile, {.device = DeviceIndex{0}, .device_id = "d", .unit = 1, .periods = {}});
        require(static_cast<bool>(expanded));
        for (const auto& group : expanded->plan.groups) {
            require(modbus::GroupReader(expanded->plan, group).requests() > 0);
        }
    }
    return 0;
}
