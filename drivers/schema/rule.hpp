// What one key takes: the type of its value, its range, choices and format. From it come the check, the
// message that says what is allowed, the reference page and the JSON Schema. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/time.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::schema {

enum class ValueType : std::uint8_t { boolean, integer, number, text, date, integer_or_text };

// What a text must look like.
enum class Format : std::uint8_t {
    any,         // 1 to 1024 characters, none of them a control character
    optional,    // the same, or empty
    identifier,  // [A-Za-z0-9_-], 1 to 64
    host,        // a host name or an IP address, without a port
    path,        // an absolute path of a file or a directory
};

struct Range {
    double minimum;
    double maximum;
};

// What the writer of a table says about a key; the type comes from the member.
struct Rule {
    std::optional<Range> range =
        std::nullopt;  // inclusive; of each item of a list; of the number in a Duration key
    std::vector<std::string> choices = {};  // of a text
    Format format = Format::any;            // of a text
    bool required = false;
    std::size_t max_items = 100'000;  // of a list, of tables in a list, of names in a table of names
    std::size_t min_items = 0;
    bool (*valid)(std::string_view text) = nullptr;  // a further condition on a text,
    std::string_view expected;                       // and the words for it: "a point as \"DEVICE/point\""
};

// A rule with its type: all that is needed to check one value.
struct ValueRule {
    ValueType type = ValueType::text;
    bool list = false;
    std::string unit;  // "ms", "s", "min", "h", "days" for a Duration
    Rule rule;
};

// "an integer from 1 to 65535", "one of tcp, rtu", "an absolute path": ends the sentence "expected ...".
std::string expected(const ValueRule& rule);

// A key that takes either, such as an address or a formula.
using IntegerOrText = std::variant<std::int64_t, std::string>;

// Each reads one value. False, and `out` untouched, after an error.
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                bool& out);
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                std::int64_t& out);
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                double& out);
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                std::string& out);
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                Time& out);
bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                IntegerOrText& out);

// The unit that ends a key's name ("_ms", "_s", "_min", "_h", "_days"), and how many milliseconds it has.
struct DurationUnit {
    std::string_view name;
    std::int64_t milliseconds;
};
std::optional<DurationUnit> duration_unit(std::string_view key);

// A text, or a key, as a message can show it: quoted, at most 60 bytes of it, control characters escaped.
std::string quoted(std::string_view text);

// Of `known`, the name that `word` is most likely a slip of; empty when none is near.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace sitepower::schema
