// Fades made for the tests of this folder.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "core/battery/rul/trajectory/library.hpp"

namespace sitepower {

// Health 1 - 0.2 (k / life)^power: 80 % at `life`; every `stride`-th cycle up to `until` lives.
inline FadeShape fade_of(double life, double power, double until = 1.1, double stride = 1,
                         const std::string& name = "cell", const std::string& group = "") {
    FadeShape shape{.name = name, .group = group};
    for (double age = 1; age <= until * life; age += stride) {
        shape.age.push_back(age);
        shape.health.push_back(1 - 0.2 * std::pow(age / life, power));
    }
    return shape;
}

}  // namespace sitepower
