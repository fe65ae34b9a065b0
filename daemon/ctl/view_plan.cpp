// The battery schedule.
#include <fmt/format.h>

#include <cmath>
#include <optional>

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
    const double kw = charge.get<double>() - discharge.get<double>();
    return fmt::format("{:+.1f}", std::abs(kw) < 0.05 ? 0.0 : kw);
}

// What a row says of a step beside its means: price, and of each battery its power and why.
std::string action_text(const Json& step) {
    auto text = value_text(member(step, "import_price_per_mwh"), {}, 1) + '\n';
    for (const auto& battery : member(step, "batteries"))
        text += power_text(battery) + value_text(member(battery, "reason")) + '\n';
    return text;
}

std::optional<Duration> length_of(const Json& minutes) {
    if (!minutes.is_number() || !(minutes.get<double>() > 0 && minutes.get<double>() < 1e6)) return {};
    return Duration{static_cast<std::int64_t>(minutes.get<double>() * 60'000)};
}

// "11-26 17:45Z", `later` after that.
std::string minute_text(const Json& time, Duration later) {
    const auto then =
        time.is_string() ? parse_time(time.get_ref<const std::string&>()) : std::optional<Time>();
    if (!then) return "-";
    auto text = format_time(*then + later).substr(5, 11) + 'Z';
    text[5] = ' ';
    return text;
}

// Of the steps [from, to); "-" where one is not known.
std::string mean_text(const Json& steps, std::size_t from, std::size_t to, std::string_view name) {
    double sum = 0;
    for (auto i = from; i < to; ++i) {
        const auto& value = member(steps[i], name);
        if (!value.is_number()) return "-";
        sum += value.get<double>();
    }
    return value_text(Json(sum / static_cast<double>(to - from)), {}, 1);
}

// One row per battery for the steps [from, to), which are alike; why stands below it.
void add_span(Table& table, const Json& steps, std::size_t from, std::size_t to,
              std::optional<Duration> step_length) {
    const auto& last = member(steps[to - 1], "batteries");
    std::size_t index = 0;
    for (const auto& battery : member(steps[from], "batteries")) {
        const bool first = index == 0;
        const auto& end = last.is_array() && index < last.size() ? last[index] : Json();
        const auto ends = step_length ? minute_text(member(steps[to - 1], "time"), *step_length) : "-";
        table.add(
            {first ? minute_text(member(steps[from], "time"), Duration{0}) : "", first ? ends : "",
             first ? value_text(member(steps[from], "import_price_per_mwh"), {}, 1) : "",
             first ? mean_text(steps, from, to, "load_kw") : "",
             first ? mean_text(steps, from, to, "import_kw") : "", value_text(member(battery, "battery")),
             power_text(battery), value_text(member(end, "stored_kwh"), {}, 1)},
            value_text(member(battery, "reason")));
        ++index;
    }
}

}  // namespace

// A row per battery for as long as price, power and reason stay the same, not per step: a day has 96 of them.
std::string view_plan(const Json& data, Time now) {
    const bool failed = member(data, "status") == "failed";
    auto text = failed
                    ? fmt::format("No plan, since {}\n", time_text(member(data, "made_at"), now))
                    : fmt::format("Plan {}{}, made {}, valid until {}\n", value_text(member(data, "status")),
                                  member(data, "is_valid") == true ? "" : " (run out)",
                                  age_text(member(data, "made_at"), now),
                                  short_time_text(member(data, "valid_until")));
    for (const auto* name : {"reason", "trouble"}) {
        if (member(data, name).is_string())
            text += wrapped(value_text(member(data, name)), terminal_width, 2) + '\n';
    }
    if (failed) return text;
    text += fmt::format(
        "Cost {}, no plan is below {} (gap {}), solved in {}\n",
        value_text(member(data, "certificate.objective"), value_text(member(data, "currency"))),
        value_text(member(data, "certificate.bound")), percent_text(member(data, "certificate.gap")),
        value_text(member(data, "certificate.solve_ms"), "ms"));
    text += wrapped("Load: " + value_text(member(data, "load_forecast")), terminal_width, 2) + '\n';
    // The table's year is that of the plan, which is told above.
    Table table({{"FROM"},
                 {"TO"},
                 {"PRICE", Align::right},
                 {"LOAD", Align::right},
                 {"IMPORT", Align::right},
                 {"BATTERY"},
                 {"KW", Align::right},
                 {"STORED", Align::right}});
    const auto& steps = member(data, "steps");
    const auto step_length = length_of(member(data, "step_min"));
    for (std::size_t from = 0; steps.is_array() && from < steps.size();) {
        const auto said = action_text(steps[from]);
        std::size_t to = from + 1;
        while (to < steps.size() && action_text(steps[to]) == said) ++to;
        add_span(table, steps, from, to, step_length);
        from = to;
    }
    const auto rows = table.text();
    if (rows.empty()) return text;
    text += '\n' + rows;
    return text + "PRICE and KW hold from FROM to TO, LOAD and IMPORT are means; STORED is at TO (kW, kWh)\n";
}

}  // namespace sitepower::ctl
