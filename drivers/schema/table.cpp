#include "drivers/schema/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower::schema::detail {

std::string child_path(const std::string& path, std::string_view key) {
    return (path.empty() ? "" : path + '.') + std::string(key);
}

const List* list_of(const Node& node, const std::string& path, const ValueRule& rule,
                    Diagnostics& diagnostics) {
    const auto* list = node.list();
    const auto& limits = rule.rule;
    if (!list) {
        diagnostics.add(origin(node.position, path), fmt::format("expected a list, each item {}, not {}",
                                                                 expected(rule), kind_name(node)));
    } else if (list->size() < limits.min_items || list->size() > limits.max_items) {
        diagnostics.add(
            origin(node.position, path),
            fmt::format("expected {} to {} items, not {}", limits.min_items, limits.max_items, list->size()));
        return nullptr;
    }
    return list;
}

void report_unknown_keys(const Node& node, const std::string& path, const TableDescription& table,
                         Diagnostics& diagnostics) {
    std::vector<std::string_view> known;
    known.reserve(table.keys.size());
    for (const auto& key : table.keys) known.push_back(key.name);
    for (const auto& member : *node.members()) {
        if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
        const auto suggestion = closest(member.key, known);
        diagnostics.add(origin(member.position, child_path(path, member.key)),
                        suggestion.empty()
                            ? "is not a known key"
                            : fmt::format("is not a known key; did you mean \"{}\"?", suggestion));
    }
}

void report_missing(const Origin& table, const KeyDescription& key, Diagnostics& diagnostics) {
    auto at = table;
    at.key = child_path(at.key, key.name);
    const bool value = key.nesting == Nesting::value;
    diagnostics.add(std::move(at), value ? fmt::format("is missing: expected {}", expected(key.value))
                                         : "this table is missing");
}

const Members* table_of(const Node& node, const std::string& path, Diagnostics& diagnostics) {
    const auto* members = node.members();
    if (!members) {
        diagnostics.add(origin(node.position, path),
                        fmt::format("expected a table, not {}", kind_name(node)));
    }
    return members;
}

const List* tables_of(const Node& node, const std::string& path, const ValueRule& rule,
                      Diagnostics& diagnostics) {
    const auto* list = node.list();
    const auto& limits = rule.rule;
    if (!is_list_of_tables(node) && !(list && list->empty())) {
        diagnostics.add(
            origin(node.position, path),
            fmt::format("expected a list of tables, each written [[{}]], not {}", path, kind_name(node)));
        return nullptr;
    }
    if (list->size() < limits.min_items || list->size() > limits.max_items) {
        diagnostics.add(origin(node.position, path),
                        fmt::format("expected {} to {} tables, not {}", limits.min_items, limits.max_items,
                                    list->size()));
        return nullptr;
    }
    return list;
}

bool name_fits(const Member& member, const std::string& path, const ValueRule& names,
               Diagnostics& diagnostics) {
    Diagnostics unused;
    std::string out;
    const Node name{member.position, member.key};
    if (read_value(name, "", names, unused, out)) return true;
    std::vector<std::string_view> choices(names.rule.choices.begin(), names.rule.choices.end());
    const auto suggestion = closest(member.key, choices);
    diagnostics.add(origin(member.position, child_path(path, member.key)),
                    suggestion.empty()
                        ? "is not a known name: expected " + expected(names)
                        : fmt::format("is not a known name; did you mean \"{}\"?", suggestion));
    return false;
}

bool count_fits(const Node& node, const Members& members, const std::string& path, const ValueRule& rule,
                Diagnostics& diagnostics) {
    if (members.size() <= rule.rule.max_items) return true;
    diagnostics.add(origin(node.position, path),
                    fmt::format("expected at most {} names, not {}", rule.rule.max_items, members.size()));
    return false;
}

}  // namespace sitepower::schema::detail
