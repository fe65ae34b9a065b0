// Prices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {
namespace {

// Some earn thousandths: two decimals would say that they earn nothing.
int decimals_of(const Json& price) {
    if (!price.is_number()) return 2;
    const double size = std::abs(price.get<double>());
    return size == 0 || size >= 1 ? 2 : std::min(9, 2 + static_cast<int>(-std::floor(std::log10(size))));
}

std::string price_text(const Json& price, std::string_view unit = {}) {
    return value_text(price, unit, decimals_of(price));
}

}  // namespace

std::string view_prices(const Json& data, Time /*now*/) {
    const auto& metadata = member(data, "metadata");
    const auto unit =
        value_text(member(metadata, "currency")) + (member(metadata, "unit") == "per_mwh" ? "/MWh" : "");
    auto text =
        fmt::format("{}: now {}, from {} to {}, {}\n", value_text(member(metadata, "series")),
                    explained(metadata, "latest_price", unit, decimals_of(member(metadata, "latest_price"))),
                    price_text(member(metadata, "price_range.min")),
                    price_text(member(metadata, "price_range.max"), unit), explained(metadata, "trend"));
    text += fmt::format("Known until {}\n", value_text(member(metadata, "known_until")));
    if (member(metadata, "stale") == true) text += fmt::format("Stale: {}\n", reason_text(metadata, "stale"));
    const auto& trouble = member(metadata, "trouble");
    if (trouble.is_string() && member(metadata, "stale") != true)
        text += fmt::format("No news: {}\n", value_text(trouble));
    const auto& rows = member(data, "data");
    std::vector<Column> columns{{"FROM"}};
    std::vector<std::string> series;
    if (rows.is_array() && !rows.empty() && rows.front().is_object()) {
        for (const auto& item : rows.front().items()) {
            const auto& name = item.key();
            if (name == "timestamp" || name == "volatility_24h" || name == "reasons") continue;
            series.push_back(name);
            columns.push_back({printable(name), Align::right, Fit::cut});
        }
    }
    Table table(std::move(columns));
    for (const auto& row : rows) {
        std::vector<std::string> cells{short_time_text(member(row, "timestamp"))};
        for (const auto& name : series) cells.push_back(price_text(member(row, name)));
        table.add(std::move(cells));
    }
    return text + '\n' + table.text();
}

}  // namespace sitepower::ctl
