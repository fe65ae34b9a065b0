// How many alerts there were, by severity, type, place and day. One row of the table of operations.
#pragma once

#include "daemon/operation/operation.hpp"

namespace sitepower {

Operation alert_stats_row();

}  // namespace sitepower
