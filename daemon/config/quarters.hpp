// Times of day on quarters of an hour, months and weekdays as tariffs and demand charges name them. Start-up
// and reload only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/price/tariff.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower::config {

bool is_quarter(std::string_view text);  // "07:15"
schema::Rule quarter_rule();

// A period without a value from checked texts: months 1 to 12, weekdays "mon" to "sun".
TariffPeriod make_period(const std::vector<int>& months, const std::vector<std::string>& weekdays,
                         const std::string& from, const std::string& to);

}  // namespace sitepower::config
