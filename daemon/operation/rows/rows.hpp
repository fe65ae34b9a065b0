// The rows of the table of operations, one function per subject.
#pragma once

#include <vector>

#include "daemon/operation/operation.hpp"

namespace sitepower {

std::vector<Operation> system_rows();
std::vector<Operation> site_rows();
std::vector<Operation> battery_rows();
std::vector<Operation> battery_work_rows();
std::vector<Operation> history_rows();
std::vector<Operation> device_rows();
std::vector<Operation> command_rows();
std::vector<Operation> forecast_rows();
std::vector<Operation> alert_rows();
std::vector<Operation> maintenance_rows();
std::vector<Operation> configuration_rows();
std::vector<Operation> price_rows();
std::vector<Operation> plan_rows();
std::vector<Operation> allocation_rows();
std::vector<Operation> control_rows();
std::vector<Operation> scaling_rows();

}  // namespace sitepower
