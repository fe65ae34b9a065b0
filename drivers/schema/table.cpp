#include "drivers/schema/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower::schema::detail {

namespace {
constexpr std::size_t longest_plain_key = 64;
}  // namespace

std::string child_path(const std::string& path, std::string_view key) {
    const bool is_plain = !key.empty() && key.size() <= longest_plain_key &&
                          std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
    return (path.empty() ? "" : path + '.') + (is_plain ? std::string(key) : quoted(key));
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

namespace {

std::string unknown_key_words(std::string_view key, const std::vector<std::string_view>& known,
                              const std::vector<ForbiddenKey>& forbidden) {
    const auto refused = std::find_if(forbidden.begin(), forbidden.end(),
                                      [&](const ForbiddenKey& f) { return f.name == key; });
    if (refused != forbidden.end()) return "is refused: " + refused->why;
    const auto suggestion = closest(key, known);
    if (suggestion.empty()) return "is not a known key";
    return fmt::format("is not a known key; did you mean \"{}\"?", suggestion);
}

}  // namespace

void report_unknown_keys(const Node& node, const std::string& path, const TableDescription& table,
                         Diagnostics& diagnostics) {
    std::vector<std::string_view> known;
    known.reserve(table.keys.size());
    for (const auto& key : table.keys) known.push_back(key.name);
    for (const auto& member : *node.members()) {
        if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
        diagnostics.add(origin(member.position, child_path(path, member.key)),
                        unknown_key_words(member.key, known, table.forbidden));
    }
}

void report_missing(const Origin& table, const KeyDescription& key, Diagnostics& diagnostics) {
    auto at = table;
    at.key = child_path(at.key, key.name);
    std::string words = "this table is missing";
    if (key.nesting == Nesting::value) {
        words = fmt::format("is missing: expected {}{}", key.value.list ? "a list, each item " : "",
                            expected(key.value));
    }
    diagnostics.add(std::move(at), std::move(words));
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
    const auto& limits = rule.rule;
    if (members.size() >= limits.min_items && members.size() <= limits.max_items) return true;
    diagnostics.add(
        origin(node.position, path),
        fmt::format("expected {} to {} names, not {}", limits.min_items, limits.max_items, members.size()));
    return false;
}

}  // namespace sitepower::schema::detail
