#include "daemon/operation/json.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower {

namespace {

// Of lists and objects within each other, whatever else is wrong with the text; brackets in a text do not
// count.
std::size_t depth_of(std::string_view json) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_text && c == '\\') {
            ++i;
        } else if (c == '"') {
            in_text = !in_text;
        } else if (!in_text && (c == '[' || c == '{')) {
            deepest = std::max(deepest, ++depth);
        } else if (!in_text && (c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

}  // namespace

// The library's own callback tells the depth as well, and walks through the whole list after each object in
// it.
InputJson parse_input(std::string_view text) {
    if (depth_of(text) > deepest_json) return InputJson(InputJson::value_t::discarded);
    return InputJson::parse(text, nullptr, false);
}

std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const InputJson& json) {
    return json.dump(-1, ' ', false, InputJson::error_handler_t::replace);
}

Record& Record::set(std::string_view name, Json known) {
    // JSON has no way to say infinity or NaN, and neither is a number that anybody measured.
    if (known.is_number_float() && !std::isfinite(known.get<double>())) return unknown(name, "not_a_number");
    fields_[std::string(name)] = std::move(known);
    return *this;
}

Record& Record::unknown(std::string_view name, std::string_view reason) {
    fields_[std::string(name)] = nullptr;
    reasons_[std::string(name)] = reason.empty() ? std::string("unknown") : std::string(reason);
    return *this;
}

Record& Record::set(std::string_view name, Time time) {
    return set(name, Json(format_time(time)));
}

Record& Record::because(std::string_view name, std::string_view reason) {
    if (!reason.empty()) reasons_[std::string(name)] = std::string(reason);
    return *this;
}

Record& Record::text(std::string_view name, const std::string& text, std::string_view reason) {
    return text.empty() ? unknown(name, reason) : set(name, Json(text));
}

Record& Record::measured(std::string_view name, const Measurement& measurement) {
    return maybe(name, measurement.value, measurement.reason);
}

Record& Record::estimated(std::string_view name, const Estimate& estimate) {
    if (!estimate.value) return unknown(name, estimate.reason);
    return set(name, Json(*estimate.value)).because(name, estimate.reason);
}

Record& Record::time(std::string_view name, const std::optional<Time>& time, std::string_view reason) {
    return time ? set(name, *time) : unknown(name, reason);
}

Json Record::take() {
    fields_["reasons"] = std::move(reasons_);
    return std::move(fields_);
}

}  // namespace sitepower
