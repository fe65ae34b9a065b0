#include "daemon/config/json_schema.hpp"

#include <cmath>
#include <string>

namespace sitepower::config {

using Json = nlohmann::ordered_json;
using schema::Format;
using schema::KeyDescription;
using schema::Nesting;
using schema::TableDescription;
using schema::ValueRule;
using schema::ValueType;

namespace {

// A bound without a needless ".0".
Json number(double value) {
    if (value == std::floor(value) && std::abs(value) < 9e15) return Json(static_cast<std::int64_t>(value));
    return Json(value);
}

void add_range(const ValueRule& rule, Json& out) {
    if (!rule.rule.range) return;
    out["minimum"] = number(rule.rule.range->minimum);
    if (std::isfinite(rule.rule.range->maximum)) out["maximum"] = number(rule.rule.range->maximum);
}

Json text_schema(const ValueRule& rule) {
    Json out{{"type", "string"}};
    if (!rule.rule.choices.empty()) {
        out["enum"] = rule.rule.choices;
    } else if (rule.rule.format == Format::identifier) {
        out["pattern"] = "^[A-Za-z0-9_-]{1,64}$";
    } else if (rule.rule.format == Format::path) {
        out["pattern"] = "^/";
    } else if (rule.rule.format != Format::optional) {
        out["minLength"] = 1;
    }
    return out;
}

Json scalar_schema(const ValueRule& rule) {
    Json out;
    switch (rule.type) {
        case ValueType::boolean:
            return {{"type", "boolean"}};
        case ValueType::date:
            return {{"type", "string"}, {"format", "date"}};
        case ValueType::text:
            return text_schema(rule);
        case ValueType::integer:
            out["type"] = "integer";
            break;
        case ValueType::number:
            out["type"] = "number";
            break;
        case ValueType::integer_or_text:
            out["type"] = {"integer", "string"};
            break;
    }
    add_range(rule, out);
    return out;
}

Json value_schema(const ValueRule& rule) {
    if (!rule.list) return scalar_schema(rule);
    Json out{{"type", "array"}, {"items", scalar_schema(rule)}};
    if (rule.rule.min_items > 0) out["minItems"] = rule.rule.min_items;
    out["maxItems"] = rule.rule.max_items;
    return out;
}

// The default as JSON where JSON spells it like TOML, which is everywhere but for dates.
void add_default(const KeyDescription& key, Json& out) {
    auto value = Json::parse(key.default_value, nullptr, false);
    if (!value.is_discarded()) out["default"] = std::move(value);
}

Json table_schema(const TableDescription& table);

Json key_schema(const KeyDescription& key) {
    Json out;
    switch (key.nesting) {
        case Nesting::value:
            out = value_schema(key.value);
            add_default(key, out);
            break;
        case Nesting::table:
            out = table_schema(key.table.front());
            break;
        case Nesting::tables:
            out = {{"type", "array"}, {"items", table_schema(key.table.front())}};
            out["maxItems"] = key.value.rule.max_items;
            break;
        case Nesting::named_tables:
            out = {{"type", "object"}, {"propertyNames", text_schema(key.names)}};
            out["additionalProperties"] = table_schema(key.table.front());
            break;
        case Nesting::named_values:
            out = {{"type", "object"}, {"propertyNames", text_schema(key.names)}};
            out["additionalProperties"] = value_schema(key.value);
            break;
    }
    out["description"] = key.help;
    return out;
}

Json table_schema(const TableDescription& table) {
    Json out{{"type", "object"}, {"properties", Json::object()}};
    Json required = Json::array();
    for (const auto& key : table.keys) {
        out["properties"][key.name] = key_schema(key);
        if (key.value.rule.required) required.push_back(key.name);
    }
    if (!required.empty()) out["required"] = std::move(required);
    out["additionalProperties"] = false;
    return out;
}

}  // namespace

Json json_schema(const TableDescription& table, std::string_view title) {
    Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    out.update(table_schema(table));
    return out;
}

}  // namespace sitepower::config
