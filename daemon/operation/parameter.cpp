#include "daemon/operation/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include "core/base/identifier.hpp"

namespace sitepower {
namespace {

constexpr std::size_t longest_text = 500;
constexpr std::size_t most_field_errors = 50;  // a reply about a hostile body stays small

bool has_range(const Parameter& parameter) {
    return parameter.minimum != 0 || parameter.maximum != 0;
}

std::size_t text_limit(const Parameter& parameter) {
    return parameter.maximum > 0 ? static_cast<std::size_t>(parameter.maximum) : longest_text;
}

// Calls `visit` with each word of "a, b, c".
template <class Visit>
void for_each_word(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const auto comma = list.find(", ");
        visit(list.substr(0, comma));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 2);
    }
}

bool is_choice(const Parameter& parameter, std::string_view word) {
    bool found = false;
    for_each_word(parameter.allowed, [&](std::string_view choice) { found = found || choice == word; });
    return found;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What is stored and published as JSON must be UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto byte = [&](std::size_t i) -> unsigned {
            return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
        };
        const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
        std::size_t length = 1;
        if (byte(0) >= 0x80) {
            length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
            const unsigned pair = byte(0) << 8U | byte(1);
            const bool possible = byte(0) >= 0xC2 && byte(0) <= 0xF4 && !(pair >= 0xE080 && pair <= 0xE09F) &&
                                  !(pair >= 0xEDA0 && pair <= 0xEDBF) &&
                                  !(pair >= 0xF080 && pair <= 0xF08F) && !(pair >= 0xF490 && pair <= 0xF4BF);
            for (std::size_t i = 1; i < length; ++i) {
                if (!possible || !follows(i)) return false;
            }
        }
        text.remove_prefix(length);
    }
    return true;
}

// A value, or what is wrong with it.
using Checked = std::variant<ParameterValue, std::string>;

Checked wrong(std::string problem) {
    return Checked{std::in_place_index<1>, std::move(problem)};
}

Checked right(ParameterValue value) {
    return Checked{std::in_place_index<0>, std::move(value)};
}

Checked check_integer(const Parameter& parameter, std::int64_t value) {
    const auto as_double = static_cast<double>(value);
    if (has_range(parameter) && (as_double < parameter.minimum || as_double > parameter.maximum)) {
        return wrong("is out of range");
    }
    return right(value);
}

Checked check_number(const Parameter& parameter, double value) {
    if (!std::isfinite(value)) return wrong("is not a finite number");
    if (has_range(parameter) && (value < parameter.minimum || value > parameter.maximum)) {
        return wrong("is out of range");
    }
    return right(value);
}

Checked check_word(const Parameter& parameter, std::string_view text) {
    switch (parameter.type) {
        case ParameterType::identifier:
            if (!is_identifier(text)) return wrong("is not an identifier");
            break;
        case ParameterType::choice:
            if (!is_choice(parameter, text)) return wrong("is not one of the allowed words");
            break;
        default:
            if (parameter.required && text.empty()) return wrong("is empty");
            if (text.size() > text_limit(parameter)) return wrong("is too long");
            if (text.find('\0') != std::string_view::npos) return wrong("holds a NUL byte");
            if (!is_utf8(text)) return wrong("is not UTF-8");
    }
    return right(std::string(text));
}

std::size_t json_limit(const Parameter& parameter) {
    return parameter.maximum > 0 ? static_cast<std::size_t>(parameter.maximum) : 10'000;
}

Checked check_structure(const Parameter& parameter, std::string_view text) {
    if (text.size() > json_limit(parameter)) return wrong("is too long");
    const auto json = parse_input(text);
    if (parameter.type == ParameterType::object) {
        if (!json.is_object()) return wrong("is not an object");
    } else if (!json.is_array()) {
        return wrong("is not a list");
    }
    return right(std::string(text));
}

Checked check_text(const Parameter& parameter, std::string_view text) {
    switch (parameter.type) {
        case ParameterType::integer:
            if (const auto value = read_number<std::int64_t>(text)) return check_integer(parameter, *value);
            return wrong("is not a whole number");
        case ParameterType::number:
            if (const auto value = read_number<double>(text)) return check_number(parameter, *value);
            return wrong("is not a number");
        case ParameterType::boolean:
            if (text == "true" || text == "1") return right(true);
            if (text == "false" || text == "0") return right(false);
            return wrong("is neither true nor false");
        case ParameterType::time:
            if (const auto value = parse_time(text)) return right(*value);
            return wrong("is not a time");
        case ParameterType::list:
        case ParameterType::object:
            return check_structure(parameter, text);
        default:
            return check_word(parameter, text);
    }
}

Checked check_json(const Parameter& parameter, const InputJson& json) {
    switch (parameter.type) {
        case ParameterType::list:
            if (!json.is_array()) return wrong("is not a list");
            return check_structure(parameter, to_text(json));
        case ParameterType::object:
            if (!json.is_object()) return wrong("is not an object");
            return check_structure(parameter, to_text(json));
        case ParameterType::integer:
            if (!json.is_number_integer()) return wrong("is not a whole number");
            if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{1} << 62) {
                return wrong("is out of range");
            }
            return check_integer(parameter, json.get<std::int64_t>());
        case ParameterType::number:
            if (!json.is_number()) return wrong("is not a number");
            return check_number(parameter, json.get<double>());
        case ParameterType::boolean:
            if (!json.is_boolean()) return wrong("is neither true nor false");
            return right(json.get<bool>());
        default:
            if (!json.is_string()) return wrong("is not a text");
            return check_text(parameter, json.get_ref<const std::string&>());
    }
}

std::string known_names(std::span<const Parameter> declared) {
    if (declared.empty()) return "no parameters";
    std::string names = "parameters ";
    for (const auto& parameter : declared) {
        if (&parameter != declared.data()) names += ", ";
        names += parameter.name;
    }
    return names;
}

// Puts checked values into place and collects what is wrong.
class Check {
  public:
    explicit Check(std::span<const Parameter> declared) : declared_(declared), values_(declared) {}

    template <class CheckValue>
    void give(std::string_view name, CheckValue check_value) {
        const auto found = std::ranges::find(declared_, name, &Parameter::name);
        if (found == declared_.end()) {
            report({std::string(name.substr(0, 64)), "is not a parameter of this operation",
                    known_names(declared_)});
            return;
        }
        auto& place = values_[static_cast<std::size_t>(found - declared_.begin())];
        if (!std::holds_alternative<std::monostate>(place)) {
            report({std::string(name), "is given more than once", "one value"});
            return;
        }
        Checked checked = check_value(*found);
        if (auto* problem = std::get_if<std::string>(&checked)) {
            wrong_.push_back(found->name);
            report({std::string(name), std::move(*problem), allowed_text(*found)});
        } else {
            place = std::get<0>(std::move(checked));
        }
    }

    std::variant<Parameters, std::vector<FieldError>> finish() {
        for (std::size_t i = 0; i < declared_.size(); ++i) fill_absent(i);
        if (!errors_.empty()) return std::move(errors_);
        return std::move(values_);
    }

  private:
    void fill_absent(std::size_t i) {
        const auto& parameter = declared_[i];
        if (!std::holds_alternative<std::monostate>(values_[i])) return;
        if (std::ranges::find(wrong_, parameter.name) != wrong_.end()) return;
        if (!parameter.fallback.empty()) {
            Checked checked = check_text(parameter, parameter.fallback);
            assert(checked.index() == 0);
            values_[i] = std::get<0>(std::move(checked));
        } else if (parameter.required) {
            report({std::string(parameter.name), "is missing", allowed_text(parameter)});
        }
    }

    void report(FieldError error) {
        if (errors_.size() < most_field_errors) errors_.push_back(std::move(error));
    }

    std::span<const Parameter> declared_;
    Parameters values_;
    std::vector<std::string_view> wrong_;  // given, but refused: not missing as well
    std::vector<FieldError> errors_;
};

}  // namespace

std::string_view to_string(ParameterType type) {
    switch (type) {
        case ParameterType::text:
            return "text";
        case ParameterType::identifier:
            return "identifier";
        case ParameterType::integer:
            return "integer";
        case ParameterType::number:
            return "number";
        case ParameterType::boolean:
            return "boolean";
        case ParameterType::time:
            return "time";
        case ParameterType::list:
            return "list";
        case ParameterType::choice:
            return "choice";
        case ParameterType::object:
            return "object";
    }
    return "text";
}

std::string allowed_text(const Parameter& parameter) {
    switch (parameter.type) {
        case ParameterType::text:
            return fmt::format("text of {} {} bytes", parameter.required ? "1 to" : "at most",
                               text_limit(parameter));
        case ParameterType::identifier:
            return "1 to 64 of A-Z a-z 0-9 _ -";
        case ParameterType::integer:
        case ParameterType::number:
            if (has_range(parameter)) return fmt::format("{} to {}", parameter.minimum, parameter.maximum);
            return parameter.type == ParameterType::integer ? "a whole number" : "a number";
        case ParameterType::boolean:
            return "true, false";
        case ParameterType::time:
            return "ISO 8601 time such as 2026-11-22T06:14:28Z";
        case ParameterType::list:
            return fmt::format("a JSON list of at most {} bytes", json_limit(parameter));
        case ParameterType::object:
            return fmt::format("a JSON object of at most {} bytes", json_limit(parameter));
        case ParameterType::choice:
            return std::string(parameter.allowed);
    }
    return {};
}

template <class T>
std::optional<T> Parameters::get(std::string_view name) const {
    const auto found = std::ranges::find(declared_, name, &Parameter::name);
    assert(found != declared_.end());
    if (found == declared_.end()) return std::nullopt;
    const auto& value = values_[static_cast<std::size_t>(found - declared_.begin())];
    assert(std::holds_alternative<T>(value) || std::holds_alternative<std::monostate>(value));
    const auto* typed = std::get_if<T>(&value);
    return typed != nullptr ? std::optional<T>(*typed) : std::nullopt;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
    return get<std::string>(name);
}
std::string Parameters::required_text(std::string_view name) const {
    return get<std::string>(name).value_or(std::string());
}
std::optional<std::int64_t> Parameters::integer(std::string_view name) const {
    return get<std::int64_t>(name);
}
std::optional<double> Parameters::number(std::string_view name) const {
    return get<double>(name);
}
std::optional<bool> Parameters::flag(std::string_view name) const {
    return get<bool>(name);
}
std::optional<Time> Parameters::time(std::string_view name) const {
    return get<Time>(name);
}
std::optional<InputJson> Parameters::json(std::string_view name) const {
    const auto text = get<std::string>(name);
    return text ? std::optional(parse_input(*text)) : std::nullopt;
}

std::variant<Parameters, std::vector<FieldError>> check_parameters(std::span<const Parameter> declared,
                                                                   const RawParameters& raw) {
    Check check(declared);
    for (const auto& [name, text] : raw.texts) {
        check.give(name, [&value = text](const Parameter& p) { return check_text(p, value); });
    }
    for (const auto& item : raw.body.items()) {
        // null in a body is the same as leaving the field out.
        if (item.value().is_null()) continue;
        check.give(item.key(), [&](const Parameter& p) { return check_json(p, item.value()); });
    }
    return check.finish();
}

}  // namespace sitepower
