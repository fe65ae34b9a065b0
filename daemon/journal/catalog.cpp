#include "daemon/journal/catalog.hpp"

#include <fmt/format.h>

#include "daemon/journal/messages.hpp"

namespace sitepower::journal {

std::string catalog() {
    std::string text = "# Made from daemon/journal/messages.hpp by \"./dev docs\".\n";
    for (const auto* kind : kinds) {
        text += fmt::format("\n-- {}\nSubject: {}\nDefined-By: sitepower\n\n{}\n", kind->message_id,
                            kind->subject, kind->advice);
    }
    return text;
}

std::string reference_page() {
    std::string text =
        "# What sitepowerd says in the journal\n\n"
        "Made from `daemon/journal/messages.hpp` by `./dev docs`. Every line carries `MESSAGE_ID` and the "
        "fields\n"
        "`SITEPOWER_KIND`, `SITEPOWER_DEVICE`, ... so that one can filter on fields and not on prose:\n"
        "`journalctl -u sitepowerd SITEPOWER_KIND=device_offline SITEPOWER_DEVICE=UPS-01`; `journalctl -x` "
        "shows the\n"
        "advice. At most 50 lines of one kind in 30 seconds are written; what is left out is counted.\n\n"
        "| kind | priority | meaning | what to do |\n| --- | --- | --- | --- |\n";
    for (const auto* kind : kinds) {
        text += fmt::format("| `{}` | {} | {} | {} |\n", kind->name, static_cast<int>(kind->priority),
                            kind->subject, kind->advice);
    }
    return text;
}

}  // namespace sitepower::journal
