#include "core/alert/identity.hpp"

#include <algorithm>
#include <cstdint>

namespace sitepower {
namespace {

std::string base36(std::uint64_t number) {
    static constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string text;
    do {
        text.push_back(digits[number % 36]);
        number /= 36;
    } while (number != 0);
    std::ranges::reverse(text);
    return text;
}

// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const char c : text) {
        value ^= static_cast<unsigned char>(c);
        value *= 0x100000001b3U;
    }
    return value;
}

}  // namespace

std::string make_identity(std::string_view prefix, std::string_view about, Time time) {
    constexpr std::uint64_t six_digits = 36ULL * 36 * 36 * 36 * 36 * 36;
    std::string tail = base36(hash(about) % six_digits);
    tail.insert(0, 6 - tail.size(), '0');
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(time), 0));
    return std::string(prefix.substr(0, 40)) + "-" + base36(ms) + "-" + tail;
}

}  // namespace sitepower
