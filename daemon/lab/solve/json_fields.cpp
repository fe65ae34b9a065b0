#include "daemon/lab/solve/json_fields.hpp"

namespace sitepower::lab {

JsonFields::JsonFields(const nlohmann::json& object, std::string place, std::string& error)
    : object_(object), place_(std::move(place)), error_(error) {
    if (!object_.is_object() && error_.empty()) {
        error_ = (place_.empty() ? std::string("the instance") : place_) + ": must be an object";
    }
}

void JsonFields::refuse(const std::string& name, const std::string& what) const {
    if (error_.empty()) error_ = place_of(name) + ": " + what;
}

const nlohmann::json* JsonFields::find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

double JsonFields::number(const char* name) const {
    const auto value = optional_number(name);
    if (!value) refuse(name, "is missing; must be a number");
    return value.value_or(0.0);
}

std::optional<double> JsonFields::optional_number(const char* name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
        refuse(name, "must be a number");
        return 0.0;
    }
    return value->get<double>();
}

std::vector<double> JsonFields::as_numbers(const nlohmann::json& value, const char* name) const {
    std::vector<double> result;
    if (!value.is_array()) {
        refuse(name, "must be a list of numbers");
        return result;
    }
    result.reserve(value.size());
    for (const auto& item : value) {
        if (!item.is_number()) {
            refuse(std::string(name) + "[" + std::to_string(result.size()) + "]", "must be a number");
            return result;
        }
        result.push_back(item.get<double>());
    }
    return result;
}

std::vector<double> JsonFields::numbers(const char* name) const {
    const auto* value = find(name);
    if (value == nullptr) {
        refuse(name, "is missing; must be a list of numbers");
        return {};
    }
    return as_numbers(*value, name);
}

std::vector<double> JsonFields::optional_numbers(const char* name) const {
    const auto* value = find(name);
    return value == nullptr ? std::vector<double>{} : as_numbers(*value, name);
}

std::string JsonFields::text(const char* name) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_string()) {
        refuse(name, "must be a text");
        return {};
    }
    return value->get<std::string>();
}

const nlohmann::json* JsonFields::optional_object(const char* name) const {
    const auto* value = find(name);
    if (value == nullptr || value->is_object()) return value;
    refuse(name, "must be an object or null");
    return nullptr;
}

const nlohmann::json* JsonFields::array(const char* name) const {
    const auto* value = find(name);
    if (value != nullptr && value->is_array()) return value;
    refuse(name, "must be a list");
    return nullptr;
}

}  // namespace sitepower::lab
