// The parameters of operations: what a row of the table declares, what a caller gives, and the check between
// the two, which finds every wrong field at once. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/operation/json.hpp"

namespace sitepower {

// What a value must be, from a text (path, query string) or from JSON:
//   text        UTF-8 without NUL, at most `maximum` bytes (500 unless the row says otherwise); a required
//   one
//               is not empty
//   identifier  1 to 64 of A-Z a-z 0-9 _ -
//   integer     decimal digits with an optional minus; in JSON a number without a fraction
//   number      finite
//   boolean     true, false, in texts also 1 and 0
//   time        what parse_time reads
//   list        a JSON list; its text at most `maximum` bytes, without one 10,000
//   object      a JSON object, likewise; of both the handler checks what is in them
//   choice      one of the words of `allowed`
enum class ParameterType : std::uint8_t {
    text,
    identifier,
    integer,
    number,
    boolean,
    time,
    list,
    object,
    choice
};

std::string_view to_string(ParameterType type);

struct Parameter {
    std::string_view name;
    ParameterType type = ParameterType::text;
    std::string_view help{};
    std::string_view fallback{};  // the default, as text; empty: none
    bool required = false;
    double minimum = 0;          // of a number or integer; a text has at most `maximum` bytes
    double maximum = 0;          // 0 with minimum 0: the type's own limit
    std::string_view allowed{};  // of a choice: "auto, raw, 1m, 15m"; the only allowed words
};

// What may stand there, for people: "0 to 1000", "auto, raw, 1m, 15m", "ISO 8601 time, ...".
std::string allowed_text(const Parameter& parameter);

using ParameterValue = std::variant<std::monostate, std::string, std::int64_t, double, bool, Time>;

// The checked parameters of one request, by name. Asking for a name that the row does not declare, or with
// another type than it declares, is a bug (and an assertion).
class Parameters {
  public:
    Parameters() = default;
    explicit Parameters(std::span<const Parameter> declared)
        : declared_(declared), values_(declared.size()) {}

    std::optional<std::string> text(std::string_view name) const;  // text, identifier, list (as JSON), choice
    std::string required_text(std::string_view name) const;
    std::optional<std::int64_t> integer(std::string_view name) const;
    std::optional<double> number(std::string_view name) const;
    std::optional<bool> flag(std::string_view name) const;
    std::optional<Time> time(std::string_view name) const;
    std::optional<InputJson> json(std::string_view name) const;  // list, object

    std::span<const Parameter> declared() const { return declared_; }
    const ParameterValue& operator[](std::size_t i) const { return values_[i]; }
    ParameterValue& operator[](std::size_t i) { return values_[i]; }

  private:
    template <class T>
    std::optional<T> get(std::string_view name) const;

    std::span<const Parameter> declared_;
    std::vector<ParameterValue> values_;  // one per declared parameter; monostate: not given
};

// As it came: texts from path and query string, and the JSON object of a body or an MQTT request.
struct RawParameters {
    std::vector<std::pair<std::string, std::string>> texts;
    InputJson body = InputJson::object();
};

// One wrong field of a request; an entry of `details`.
struct FieldError {
    std::string field;
    std::string problem;  // "is not a whole number"
    std::string allowed;
};

// All that is wrong, at most 50 fields: unknown names, values of the wrong type or out of range, the same
// name given twice, required ones that are missing. Defaults stand in for what is left out; null in a body
// counts as left out.
std::variant<Parameters, std::vector<FieldError>> check_parameters(std::span<const Parameter> declared,
                                                                   const RawParameters& raw);

}  // namespace sitepower
