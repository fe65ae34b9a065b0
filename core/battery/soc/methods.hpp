// The table of methods for the state of charge; a string's method is chosen by name. A new method is a folder
// here and a row in the table.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/battery/estimator.hpp"

namespace sitepower {

struct SocMethod {
    std::string_view name;
    std::string_view summary;
    // nullptr: needs a model, and the setup has none.
    std::unique_ptr<SocEstimator> (*make)(const GroupSetup& setup);
};

std::span<const SocMethod> soc_methods();
// nullptr: there is no method of that name.
const SocMethod* find_soc_method(std::string_view name);

// The estimator of the method of that name; charge is counted where the method cannot be had. Never nullptr.
std::unique_ptr<SocEstimator> make_soc_estimator(std::string_view name, const GroupSetup& setup);

}  // namespace sitepower
