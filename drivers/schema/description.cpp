#include "drivers/schema/description.hpp"

#include <fmt/format.h>

#include <map>

namespace sitepower::schema {

std::string toml_text(bool value) {
    return value ? "true" : "false";
}

std::string toml_text(std::int64_t value) {
    return std::to_string(value);
}

std::string toml_text(double value) {
    const auto text = fmt::format("{}", value);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string toml_text(const std::string& value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

std::string toml_text(const IntegerOrText& value) {
    const auto* integer = std::get_if<std::int64_t>(&value);
    return integer ? toml_text(*integer) : toml_text(std::get<std::string>(value));
}

std::string toml_text(Time value) {
    return format_time(value).substr(0, 10);
}

namespace {

std::string cell(std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '|' ? "\\|" : std::string(1, c);
    return result;
}

std::string allowed(const KeyDescription& key) {
    switch (key.nesting) {
        case Nesting::table:
            return "a table, below";
        case Nesting::tables:
            return "tables, below";
        case Nesting::named_tables:
            return "tables by name, below";
        case Nesting::named_values:
            return "names, each with " + expected(key.value);
        case Nesting::value:
            return (key.value.list ? "a list, each item " : "") + expected(key.value);
    }
    return "";
}

std::string default_words(const KeyDescription& key) {
    if (key.value.rule.required) return "required";
    return key.default_value.empty() || key.default_value == "\"\"" ? "" : "`" + key.default_value + "`";
}

std::string heading(const std::string& path, const KeyDescription& key) {
    const auto full = path.empty() ? key.name : path + '.' + key.name;
    if (key.nesting == Nesting::tables) return "[[" + full + "]]";
    return "[" + full + (key.nesting == Nesting::named_tables ? ".NAME]" : "]");
}

// Under which heading a table stands on the page already, by its title and keys.
using Printed = std::map<std::string, std::string>;

std::string identity(const TableDescription& table) {
    std::string text = table.title;
    for (const auto& key : table.keys) text += '\n' + key.name;
    return text;
}

void append_table(const TableDescription& table, const std::string& path, std::string& out,
                  Printed& printed) {
    if (!table.keys.empty()) out += "| key | takes | default | what it is for |\n| --- | --- | --- | --- |\n";
    for (const auto& key : table.keys) {
        out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(allowed(key)),
                           cell(default_words(key)), cell(key.help));
    }
    for (const auto& key : table.keys) {
        if (key.table.empty()) continue;
        const auto& inner = key.table.front();
        const auto title = heading(path, key);
        const auto [first, fresh] = printed.emplace(identity(inner), title);
        if (!fresh) {
            out += fmt::format("\n## `{}`\n\nThe keys of `{}`.\n", title, first->second);
            continue;
        }
        out += fmt::format("\n## `{}`\n\n{}\n\n", title, inner.help);
        const auto inner_path = (path.empty() ? "" : path + '.') + key.name;
        append_table(inner, key.nesting == Nesting::named_tables ? inner_path + ".NAME" : inner_path, out,
                     printed);
    }
}

}  // namespace

std::string reference_page(const TableDescription& table, std::string_view title) {
    std::string out = fmt::format("# {}\n\n{}\n\n", title, table.help);
    Printed printed;
    append_table(table, "", out, printed);
    return out;
}

}  // namespace sitepower::schema
