// Reads the fields of a JSON object by name and type, and remembers the first thing that is wrong with its
// place. Numbers are doubles throughout: a float default would round a reference by up to 6e-8. Main thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sitepower::lab {

class JsonFields {
  public:
    // place: of the object in its file, e.g. "batteries[1]"; error is shared and kept if already set.
    JsonFields(const nlohmann::json& object, std::string place, std::string& error);

    double number(const char* name) const;
    std::optional<double> optional_number(const char* name) const;  // absent or null: none
    std::vector<double> numbers(const char* name) const;
    std::vector<double> optional_numbers(const char* name) const;  // absent or null: empty
    std::string text(const char* name) const;
    // Absent or null: nullptr, as for anything that is not an object or an array.
    const nlohmann::json* optional_object(const char* name) const;
    const nlohmann::json* array(const char* name) const;

    std::string place_of(const std::string& name) const {
        return place_.empty() ? name : place_ + "." + name;
    }
    void refuse(const std::string& name, const std::string& what) const;

  private:
    const nlohmann::json* find(const char* name) const;
    std::vector<double> as_numbers(const nlohmann::json& value, const char* name) const;

    const nlohmann::json& object_;
    std::string place_;
    std::string& error_;
};

}  // namespace sitepower::lab
