// docs/operations.md, made from the table of operations; a test keeps the page equal to it.
#pragma once

#include <string>

namespace sitepower {

std::string operations_reference();

}  // namespace sitepower
