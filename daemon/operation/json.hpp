// The JSON of replies: field order is the order of writing, and pinned by golden files.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/site/state.hpp"

namespace sitepower {

using Json = nlohmann::ordered_json;

// What others send us. Its objects are trees: the ordered kind searches linearly at each insertion, and a
// hostile object of 100,000 keys would hold the loop for seconds.
using InputJson = nlohmann::json;

// No request has a use for more: what is deeper is refused, because writing JSON takes the stack of its
// depth.
inline constexpr std::size_t deepest_json = 32;

// What somebody sent; discarded (is_discarded()) when it is malformed or nested deeper than that.
InputJson parse_input(std::string_view text);

// Compact text of `json`. Bytes that are not UTF-8 (a device's serial number may hold any) become U+FFFD.
std::string to_text(const Json& json);
std::string to_text(const InputJson& json);

// An object of a reply that may hold unknown values: each is null, and `reasons` {field: reason} says why.
// `reasons` is always there, so that every object of a kind has the same fields.
class Record {
  public:
    Record& set(std::string_view name, Json known);
    Record& unknown(std::string_view name, std::string_view reason);
    Record& set(std::string_view name, Time time);
    // Says something about a field that is not null: a degraded estimate, an unknown status.
    Record& because(std::string_view name, std::string_view reason);
    // Empty text stands for "not configured".
    Record& text(std::string_view name, const std::string& text, std::string_view reason = "not_configured");
    Record& measured(std::string_view name, const Measurement& measurement);
    Record& estimated(std::string_view name, const Estimate& estimate);
    Record& time(std::string_view name, const std::optional<Time>& time, std::string_view reason);

    template <class T>
    Record& maybe(std::string_view name, const std::optional<T>& value, std::string_view reason) {
        return value ? set(name, Json(*value)) : unknown(name, reason);
    }

    Json take();

  private:
    Json fields_ = Json::object();
    Json reasons_ = Json::object();
};

}  // namespace sitepower
