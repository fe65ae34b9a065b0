#include "daemon/operation/table.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "daemon/operation/route.hpp"
#include "daemon/operation/rows/rows.hpp"

namespace sitepower {
namespace {

std::vector<Operation> all_rows() {
    std::vector<Operation> table;
    for (auto* rows : {system_rows, site_rows, battery_rows, battery_work_rows, history_rows, device_rows,
                       command_rows, alert_rows, maintenance_rows, price_rows, forecast_rows, plan_rows,
                       allocation_rows, control_rows, scaling_rows, configuration_rows}) {
        std::ranges::move(rows(), std::back_inserter(table));
    }
    return table;
}

}  // namespace

std::span<const Operation> operations() {
    static const std::vector<Operation> table = all_rows();
    return table;
}

const Operation* find_operation(std::string_view name) {
    const auto table = operations();
    const auto found = std::ranges::find(table, name, &Operation::name);
    return found == table.end() ? nullptr : &*found;
}

std::string_view nearest_operation(std::string_view name) {
    const auto table = operations();
    const auto nearest = std::ranges::min_element(
        table, {}, [&](const Operation& operation) { return edit_distance(name, operation.name); });
    return nearest->name;
}

}  // namespace sitepower
