// How many instances of services run.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {

std::string view_scaling(const Json& data, Time /*now*/) {
    const auto& services = member(data, "services");
    if (services.empty()) return "No service is scaled.\n";
    Table table({{"SERVICE"},
                 {"STATUS"},
                 {"RUN", Align::right},
                 {"NEEDED", Align::right},
                 {"MIN", Align::right},
                 {"MAX", Align::right},
                 {"USED", Align::right},
                 {"CARRIED OUT BY", Align::left, Fit::cut}});
    for (const auto& service : services) {
        const bool has_reason = member(service, "status_reason").is_string();
        table.add(
            {value_text(member(service, "service_name")), value_text(member(service, "status")),
             value_text(member(service, "current_instances")),
             value_text(member(service, "desired_instances")), value_text(member(service, "min_instances")),
             value_text(member(service, "max_instances")), percent_text(member(service, "utilisation")),
             member(service, "advice_only") == true ? std::string("advice")
                                                    : value_text(member(service, "actuator"))},
            value_text(member(service, has_reason ? "status_reason" : "desired_reason")));
    }
    return table.text();
}

std::string view_decisions(const Json& data, Time /*now*/) {
    Table table({{"TIME"},
                 {"SERVICE"},
                 {"DECISION"},
                 {"FROM", Align::right},
                 {"TO", Align::right},
                 {"STATUS"},
                 {"ID", Align::left, Fit::cut}});
    for (const auto& decision : member(data, "items")) {
        const auto outcome = member(decision, "verification");
        table.add(
            {short_time_text(member(decision, "created_at")), value_text(member(decision, "service_name")),
             value_text(member(decision, "decision_type")), value_text(member(decision, "current_instances")),
             value_text(member(decision, "target_instances")), value_text(member(decision, "status")),
             value_text(member(decision, "id"))},
            value_text(member(decision, "reasoning")) +
                (outcome.is_string() ? "; " + value_text(outcome) : std::string()));
    }
    return list_text(table, data, "Nothing was decided yet.");
}

}  // namespace sitepower::ctl
