// The part of a site whose inverter follows the plan, as configuration text: for tests of the configuration
// and of the whole daemon. It needs a bus "pack", a device UPS-01 and a price "energy_price" beside it.
#pragma once

#include <string_view>

namespace sitepower::support {

// Its last table is [dispatch.battery.control].
inline constexpr std::string_view controlled_site = R"(
[[device]]
id = "INV-01"
profile = "sim-inverter"
bus = "pack"
unit = 2
commands = ["remote.take", "remote.release", "power.set", "keep_alive"]

[[device]]
id = "MTR-03"
profile = "sim-meter"
bus = "pack"
unit = 3

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
import_limit_kw = 200

[[dispatch.battery]]
id = "LIB-01"
charge = "INV-01/charge_pct"
capacity_kwh = 47
charge_max_kw = 8
discharge_max_kw = 8
critical_load = ["UPS-01/output.load_kw"]
required_autonomy_min = 10

[dispatch.battery.control]
device = "INV-01"
prepare = [{ command = "remote.take" }]
setpoint = "power.set"
keep_alive = "keep_alive"
release = "remote.release"
power = "INV-01/power_kw"
meter = "MTR-03/power_kw"
ramp_kw_per_s = 8
write_interval_s = 1
effect_within_s = 5
tolerance_kw = 1.5
)";

}  // namespace sitepower::support
