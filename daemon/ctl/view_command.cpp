// What can be written to devices, and what came of it.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {

std::string view_commands(const Json& data, Time /*now*/) {
    Table table(
        {{"DEVICE"}, {"COMMAND"}, {"ENABLED"}, {"VALUE"}, {"SHOWN BY"}, {"WHAT", Align::left, Fit::cut}});
    for (const auto& item : member(data, "items")) {
        const auto& unit = member(item, "unit");
        const bool takes_value = member(item, "lowest").is_number();
        const auto value = takes_value ? fmt::format("{} to {} {}", value_text(member(item, "lowest"), {}, 3),
                                                     value_text(member(item, "highest"), {}, 3),
                                                     unit.is_string() ? value_text(unit) : "")
                                       : std::string("-");
        table.add({value_text(member(item, "device_id")), value_text(member(item, "command")),
                   value_text(member(item, "enabled")), value, value_text(member(item, "verified_by")),
                   value_text(member(item, "label"))});
    }
    return table.text() + rest_of_list(data);
}

std::string view_command(const Json& data, Time /*now*/) {
    auto text =
        fmt::format("{} {}", value_text(member(data, "device_id")), value_text(member(data, "command")));
    if (member(data, "value").is_number()) text += " = " + value_text(member(data, "value"), {}, 3);
    text += ": " + value_text(member(data, "status"));
    if (member(data, "read_back").is_number()) {
        text += fmt::format(", reads back {}", value_text(member(data, "read_back"), {}, 3));
    }
    std::string words;
    for (const auto& word : member(data, "words")) words += " " + value_text(word);
    return text + fmt::format(" ({} {}:{})\n", value_text(member(data, "table")),
                              value_text(member(data, "address")), words);
}

}  // namespace sitepower::ctl
