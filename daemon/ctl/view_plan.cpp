// The battery schedule.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {
namespace {

// Charging positive; "-" where it is not known.
std::string power_text(const Json& battery) {
    const auto& charge = member(battery, "charge_kw");
    const auto& discharge = member(battery, "discharge_kw");
    if (!charge.is_number() || !discharge.is_number()) return "-";
    return fmt::format("{:+.1f}", charge.get<double>() - discharge.get<double>() + 0.0);
}

}  // namespace

// A row per battery where something changes, not per step: a day has 96 of them.
std::string view_plan(const Json& data, Time now) {
    auto text =
        fmt::format("Plan {}{}, made {}, valid until {}\n", value_text(member(data, "status")),
                    member(data, "is_valid") == true ? "" : " (run out)",
                    age_text(member(data, "made_at"), now), short_time_text(member(data, "valid_until")));
    for (const auto* name : {"reason", "trouble"}) {
        if (member(data, name).is_string())
            text += wrapped(value_text(member(data, name)), terminal_width, 2) + '\n';
    }
    text += fmt::format(
        "Cost {}, no plan is below {} (gap {}), solved in {}\n",
        value_text(member(data, "certificate.objective"), value_text(member(data, "currency"))),
        value_text(member(data, "certificate.bound")), percent_text(member(data, "certificate.gap")),
        value_text(member(data, "certificate.solve_ms"), "ms"));
    text += wrapped("Load: " + value_text(member(data, "load_forecast")), terminal_width, 2) + '\n';
    Table table({{"FROM"},
                 {"PRICE", Align::right},
                 {"LOAD", Align::right},
                 {"IMPORT", Align::right},
                 {"BATTERY"},
                 {"KW", Align::right},
                 {"STORED", Align::right},
                 {"WHY", Align::left, Fit::cut}});
    std::string before;
    for (const auto& step : member(data, "steps")) {
        std::string now_said;
        for (const auto& battery : member(step, "batteries"))
            now_said += power_text(battery) + value_text(member(battery, "reason")) + '\n';
        if (now_said == before) continue;
        before = now_said;
        bool first = true;
        for (const auto& battery : member(step, "batteries")) {
            const auto of_step = [&](const Json& value, int decimals) {
                return first ? value_text(value, {}, decimals) : std::string();
            };
            table.add({first ? short_time_text(member(step, "time")) : std::string(),
                       of_step(member(step, "import_price_per_mwh"), 1), of_step(member(step, "load_kw"), 1),
                       of_step(member(step, "import_kw"), 1), value_text(member(battery, "battery")),
                       power_text(battery), value_text(member(battery, "stored_kwh"), {}, 1),
                       value_text(member(battery, "reason"))});
            first = false;
        }
    }
    return text + '\n' + table.text();
}

}  // namespace sitepower::ctl
