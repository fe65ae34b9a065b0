#include "core/battery/soc/methods.hpp"

#include <algorithm>
#include <array>

#include "core/battery/soc/counting/counting.hpp"

namespace sitepower {
namespace {

constexpr std::array<SocMethod, 1> table{{
    {"counting", "charge counted from the string's current, anchored at full charge",
     make_counting_estimator},
}};

}  // namespace

std::span<const SocMethod> soc_methods() {
    return table;
}

const SocMethod* find_soc_method(std::string_view name) {
    const auto found = std::ranges::find(table, name, &SocMethod::name);
    return found == table.end() ? nullptr : &*found;
}

}  // namespace sitepower
