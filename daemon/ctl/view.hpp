// The data of a reply as text for people: one view per operation that has its own command, a plain outline
// for all others. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/operation/json.hpp"

namespace sitepower::ctl {

// `data` of the envelope of `operation`, `now` of its meta. Lines of at most terminal_width, each ending with
// a newline.
std::string view(std::string_view operation, const Json& data, Time now);

// "data", an error of the envelope, for stderr: code, message and each detail.
std::string view_error(const Json& error);

// The views, by the folder's files.
std::string view_status(const Json& data, Time now);
std::string view_inventory(const Json& data, Time now);
std::string view_locations(const Json& data, Time now);
std::string view_devices(const Json& data, Time now);
std::string view_points(const Json& data, Time now);
std::string view_commands(const Json& data, Time now);
std::string view_command(const Json& data, Time now);
std::string view_batteries(const Json& data, Time now);
std::string view_battery(const Json& data, Time now);
std::string view_replaced(const Json& data, Time now);
std::string view_alerts(const Json& data, Time now);
std::string view_alert(const Json& data, Time now);
std::string view_windows(const Json& data, Time now);
std::string view_window(const Json& data, Time now);
std::string view_prices(const Json& data, Time now);
std::string view_control(const Json& data, Time now);
std::string view_scaling(const Json& data, Time now);
std::string view_decisions(const Json& data, Time now);
std::string view_plan(const Json& data, Time now);
std::string view_allocation(const Json& data, Time now);
std::string view_history(const Json& data, Time now);
std::string view_forecast(const Json& data, Time now);
std::string view_predictions(const Json& data, Time now);
std::string view_models(const Json& data, Time now);
std::string view_jobs(const Json& data, Time now);
std::string view_events(const Json& data, Time now);
std::string view_verdict(const Json& data, Time now);

// The table of a list and what it leaves out, or "no batteries", say, when there are none.
std::string list_text(const Table& table, const Json& data, std::string_view nothing);

// "3 of 72 shown; --skip and --limit give the others", or nothing when all are.
std::string rest_of_list(const Json& data);

}  // namespace sitepower::ctl
