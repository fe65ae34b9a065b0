// What the site measures at present of what plans speak of. Loop thread.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/dispatch/control/mains.hpp"
#include "daemon/operation/site_view.hpp"
#include "daemon/planner/settings.hpp"
#include "daemon/planner/solve.hpp"

namespace sitepower {

// The last good value of a point; empty: there is none, or it is stale.
std::optional<double> present_value(const SiteView& site, PointRef point);
// The sum of the points. The error names the point that is not known, and since when.
Result<double> present_kw(const SiteView& site, const MeasuredPower& power);
// The same, for whom the reason does not matter.
std::optional<double> known_kw(const SiteView& site, const MeasuredPower& power);
// Puts the power, or why it is not known, where a plan keeps them.
void take_power(const Result<double>& found, std::optional<double>& kw, std::string& gap);
// By the UPSs that say whether they are on battery; one of them is enough for an outage.
dispatch::Mains present_mains(const SiteView& site);
// The error says why its charge is not known.
Result<BatterySnapshot> present_battery(const SiteView& site, const PlannedBattery& battery);

}  // namespace sitepower
