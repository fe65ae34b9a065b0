// How long the daemon takes to answer for plans over its socket while it polls: an allocation that is made
// for the question, the plan carried into a load class, and the whole cycle. What a device takes is not in
// it.
#include <fmt/format.h>

#include "bench/answers.hpp"
#include "bench/benches.hpp"
#include "bench/harness/waiting.hpp"

namespace sitepower::bench {
namespace {

// From registers that hold millivolts of jars.
constexpr const char* power_points = R"(
[[derived]]
name = "input.power_kw"
op = "sum"
of = ["jar010.voltage_v"]
scale = 10
unit = "kW"

[[derived]]
name = "charge_pct"
op = "sum"
of = ["jar011.voltage_v"]
unit = "%"
)";

// Two days in quarters of an hour, a demand charge, a reserve, and four classes; one of them is told its cap.
std::string planned_site() {
    std::string text = R"(
[[price]]
id = "energy_price"
currency = "EUR"
source = "tariff"

[[price.period]]
price = 320
from = "08:00"
to = "20:00"

[[price.period]]
price = 90

[dispatch]
import_price = "energy_price"
load = ["{device}/input.power_kw"]
horizon_h = 48
import_limit_kw = 5000
demand_price_per_kw = 8

[[dispatch.battery]]
id = "LIB-01"
charge = "{device}/charge_pct"
capacity_kwh = 800
charge_max_kw = 400
discharge_max_kw = 400
critical_load = ["{device}/input.power_kw"]
required_autonomy_min = 10
)";
    for (const char* id : {"inference", "training", "air_miners", "batch"}) {
        text += fmt::format(
            "\n[[dispatch.load_class]]\nid = \"{}\"\ncop = 4\nentitlement_kw = 5\n"
            "\n[[dispatch.load_class.segment]]\nvalue_per_mwh = 900\nkw = 20\n",
            id);
    }
    text += "\n[dispatch.load_class.mqtt]\nsafe_cap_kw = 10\nrepeat_s = 5\n";  // of the last one
    const std::string_view device = "{device}";
    for (auto at = text.find(device); at != text.npos; at = text.find(device))
        text.replace(at, device.size(), device_id(1, 1));
    return text;
}

}  // namespace

void measure_plans(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = 8},
             .period = std::chrono::milliseconds{10},
             .more_points = power_points,
             .more = planned_site()});
    const auto daemon = rig.start_daemon();
    Asker asker(rig, *daemon);
    struct Measure {
        const char* name;
        Question question;
        double goal_ms;
    };
    for (const auto& measure :
         {Measure{"allocate", {"allocate"}, 50}, Measure{"execute", {"dispatch.execute"}, 10},
          Measure{"full_cycle", {"full_cycle"}, 200},
          Measure{"full_cycle.in_force", {"full_cycle", {{"simulate", "false"}}}, 200}}) {
        wait_until(fmt::format("{} is answered", measure.name), Seconds{30},
                   [&] { return asker.is_answered(measure.question); });
        const auto times = asker.times(measure.question, options.rounds_or(5));
        report.add({fmt::format("plans.{}.p50", measure.name), times.p50_ms, "ms"});
        report.add({fmt::format("plans.{}.p99", measure.name), times.p99_ms, "ms", at_most(measure.goal_ms)});
    }
}

}  // namespace sitepower::bench
