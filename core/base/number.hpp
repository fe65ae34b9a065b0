// What is asked of a number in every room: its square, and its text for people. Values only.
#pragma once

#include <string>

namespace sitepower {

inline constexpr double square(double value) {
    return value * value;
}

// "12.5" with so many decimals; "0.0125" with so many digits that mean something, as %g writes it. At
// most 15.
std::string decimal_text(double value, int decimals);
std::string digit_text(double value, int digits);

}  // namespace sitepower
