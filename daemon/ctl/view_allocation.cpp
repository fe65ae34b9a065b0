// The power auction.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {

std::string view_allocation(const Json& data, Time /*now*/) {
    const auto currency = value_text(member(data, "currency"));
    auto text = fmt::format("Made {}; one more kW costs {}\n", short_time_text(member(data, "made_at")),
                            explained(data, "marginal_price", currency + "/MWh", 1));
    text += fmt::format("{} of the supply used, {} of the value bid for awarded{}\n\n",
                        percent_text(member(data, "optimization_metrics.utilization")),
                        percent_text(member(data, "optimization_metrics.allocation_efficiency")),
                        member(data, "constraints_satisfied") == false ? "; entitlements are cut" : "");
    Table table(
        {{"CLASS"}, {"KW", Align::right}, {"PAYS/H", Align::right}, {"VALUES FROM", Align::left, Fit::cut}});
    const auto& awards = member(data, "allocation");
    for (const auto& item : awards.items()) {
        const auto& name = item.key();
        if (name.empty()) continue;
        table.add({printable(name), value_text(item.value(), {}, 1),
                   value_text(member(member(data, "payments"), name)),
                   value_text(member(member(data, "valuations"), name))},
                  value_text(member(member(data, "reasons"), name)));
    }
    text += table.text();
    Table supply({{"SUPPLY"}, {"KW", Align::right}, {"PRICE/MWH", Align::right}});
    for (const auto& tier : member(data, "supply")) {
        supply.add({value_text(member(tier, "source")), value_text(member(tier, "kw"), {}, 1),
                    value_text(member(tier, "price_per_mwh"), {}, 1)});
    }
    return text + '\n' + supply.text();
}

}  // namespace sitepower::ctl
