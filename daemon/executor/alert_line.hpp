// The journal's line of an alert: which subject, what happened, and how urgent. Pure.
#pragma once

#include <string>

#include "core/alert/alert.hpp"
#include "daemon/journal/journal.hpp"

namespace sitepower {

// "ups UPS-01: critical ups_on_battery triggered: The load runs from the batteries"; of one that is over
// "ups UPS-01: critical ups_on_battery is over (it was: The load runs from the batteries)", so that nobody
// takes the old message for the present state. What somebody has done names the person and the note.
std::string alert_line(const AlertChange& change);

const journal::Kind& alert_kind(const AlertChange& change);
// Of the line: an open alert by its severity; one that is over, or that somebody is on, a notice.
journal::Priority alert_priority(const AlertChange& change);

}  // namespace sitepower
