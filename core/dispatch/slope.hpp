// The slope of a convex piecewise linear cost, per kWh: a number, or where the problem has to be relaxed a
// lexicographic one, in which the reserve outweighs the contract, the contract the terminal minimum, and that
// any money.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <type_traits>

namespace sitepower::dispatch {

// Levels of a lexicographic cost, the weightiest first.
struct LexicographicCost {
    double reserve_kwh_h = 0;  // energy missing to the reserve, times hours
    double excess_kwh = 0;     // imported above the contract
    double terminal_kwh = 0;   // missing to the terminal minimum
    double money = 0;

    auto operator<=>(const LexicographicCost&) const = default;  // NOLINT(modernize-use-nullptr)
    friend LexicographicCost operator+(const LexicographicCost& a, const LexicographicCost& b) {
        return {a.reserve_kwh_h + b.reserve_kwh_h, a.excess_kwh + b.excess_kwh,
                a.terminal_kwh + b.terminal_kwh, a.money + b.money};
    }
    friend LexicographicCost operator*(const LexicographicCost& a, double factor) {
        return {a.reserve_kwh_h * factor, a.excess_kwh * factor, a.terminal_kwh * factor, a.money * factor};
    }
};

inline double money_of(double slope) {
    return slope;
}
inline double money_of(const LexicographicCost& slope) {
    return slope.money;
}

template <class Slope>
Slope from_money(double money) {
    if constexpr (std::is_same_v<Slope, double>) {
        return money;
    } else {
        return Slope{.money = money};
    }
}

}  // namespace sitepower::dispatch
