// The documents made from the table of journal messages. Pure; used by "sitepowerd print" and by a test that
// keeps the committed files equal to the table.
#pragma once

#include <string>

namespace sitepower::journal {

std::string catalog();         // systemd/sitepower.catalog, in the format of systemd's message catalogue
std::string reference_page();  // docs/journal.md

}  // namespace sitepower::journal
