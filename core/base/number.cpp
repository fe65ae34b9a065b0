#include "core/base/number.hpp"

#include <array>
#include <cstdio>

namespace sitepower {
namespace {

// The largest double in decimals has 309 digits before the point.
using Text = std::array<char, 336>;

}  // namespace

std::string decimal_text(double value, int decimals) {
    Text text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string digit_text(double value, int digits) {
    Text text{};
    std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    return text.data();
}

}  // namespace sitepower
