// The table of operations: all rows of rows/, in the order of the reference page. Built once, immutable, any
// thread. To add an operation, add a row to the file of its subject in rows/; nothing else.
#pragma once

#include <span>
#include <string_view>

#include "daemon/operation/operation.hpp"

namespace sitepower {

std::span<const Operation> operations();

// nullptr when there is no operation of that name.
const Operation* find_operation(std::string_view name);

// The name that a mistyped one most likely stands for.
std::string_view nearest_operation(std::string_view name);

}  // namespace sitepower
