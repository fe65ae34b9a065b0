#include "core/battery/soc/methods.hpp"

#include <algorithm>
#include <array>

#include "core/battery/soc/counting/counting.hpp"
#include "core/battery/soc/kalman/kalman.hpp"

namespace sitepower {
namespace {

constexpr std::array<SocMethod, 2> methods{{
    {"kalman",
     "extended Kalman filter over a model of the kind of battery; charge counted, voltage believed as far as "
     "the model goes",
     make_kalman_estimator},
    {"counting", "charge counted from the string's current, anchored at full charge",
     make_counting_estimator},
}};

}  // namespace

std::span<const SocMethod> soc_methods() {
    return methods;
}

const SocMethod* find_soc_method(std::string_view name) {
    const auto found = std::ranges::find(methods, name, &SocMethod::name);
    return found == methods.end() ? nullptr : &*found;
}

std::unique_ptr<SocEstimator> make_soc_estimator(std::string_view name, const GroupSetup& setup) {
    const SocMethod* method = find_soc_method(name);
    auto estimator = method != nullptr ? method->make(setup) : nullptr;
    return estimator ? std::move(estimator) : make_counting_estimator(setup);
}

}  // namespace sitepower
