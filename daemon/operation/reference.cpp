#include "daemon/operation/reference.hpp"

#include <fmt/format.h>

#include <iterator>

#include "daemon/operation/error_table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower {
namespace {

constexpr std::string_view introduction = R"(# Operations

Everything that can be asked of `sitepowerd`. The same table serves HTTP over the Unix socket
(`/run/sitepower/sitepower.sock`), MQTT 5 requests (`request/<name>`, reading operations only) and `sitepowerctl`.
This page is made from that table (`daemon/operation`); do not edit it by hand.

A success is `{"data": ..., "meta": {...}}`, a failure `{"error": {"code", "message", "details"}, "meta": {...}}`;
`meta` holds `timestamp`, `request_id` and `processing_time_ms`. Times are ISO 8601 in UTC. What is not known is
`null`, and `reasons` of the same object says why, by field name. Lists take `skip` and `limit` and hold `total`.

Roles: viewer reads; engineer (group `sitepower`) acknowledges, resolves and plans maintenance; admin (root, group
`sitepower-admin`) changes the configuration. Each change of state is written to the audit trail.
)";

// A '|' would end the cell of a table.
std::string cell(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '|') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

void append_errors(std::string& page) {
    page += "\n## Errors\n\n| code | HTTP status | meaning |\n| --- | --- | --- |\n";
    for (const auto& row : error_table()) {
        fmt::format_to(std::back_inserter(page), "| {} | {} | {} |\n", row.name, row.http_status,
                       cell(row.meaning));
    }
}

std::string_view need_of(const Parameter& parameter) {
    if (parameter.required) return "required";
    return parameter.fallback.empty() ? "-" : parameter.fallback;
}

void append_operation(const Operation& operation, std::string& page) {
    const auto out = std::back_inserter(page);
    fmt::format_to(out, "\n## {}\n\n`{} {}`, role {}. {}.\n", operation.name, to_string(operation.method),
                   operation.path, to_string(operation.role), operation.summary);
    if (!operation.parameters.empty()) {
        page += "\n| parameter | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
    }
    for (const auto& parameter : operation.parameters) {
        fmt::format_to(out, "| {} | {} | {} | {} | {} |\n", parameter.name, to_string(parameter.type),
                       need_of(parameter), cell(allowed_text(parameter)), cell(parameter.help));
    }
    page += "\n| field | type | unit | meaning |\n| --- | --- | --- | --- |\n";
    for (const auto& field : operation.result) {
        fmt::format_to(out, "| {} | {} | {} | {} |\n", field.path, field.type,
                       field.unit.empty() ? "-" : field.unit, cell(field.help));
    }
    if (operation.errors.empty()) return;
    page += "\nMay also answer";
    for (const auto code : operation.errors) {
        fmt::format_to(out, "{} {}", code == operation.errors.front() ? "" : ",", to_string(code));
    }
    page += ".\n";
}

}  // namespace

std::string operations_reference() {
    std::string page(introduction);
    append_errors(page);
    for (const auto& operation : operations()) append_operation(operation, page);
    return page;
}

}  // namespace sitepower
