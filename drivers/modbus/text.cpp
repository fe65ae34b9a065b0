#include "drivers/modbus/text.hpp"

#include <algorithm>
#include <string_view>

namespace sitepower::modbus {
namespace {

std::string characters(std::span<const std::uint16_t> words, TextBytes bytes, Order byte_order) {
    std::string text;
    for (const std::uint16_t word : words) {
        const auto high = static_cast<char>(word >> 8);
        const auto low = static_cast<char>(word & 0xFF);
        const bool swapped = byte_order == Order::little;
        if (bytes == TextBytes::both) {
            text += swapped ? low : high;
            text += swapped ? high : low;
        } else {
            text += (bytes == TextBytes::high) != swapped ? high : low;
        }
    }
    return text;
}

bool is_printable(char c) {
    return c >= 0x20 && c < 0x7F;
}

}  // namespace

TextReading decode_text(std::span<const std::uint16_t> words, TextBytes bytes, Order byte_order, char pad) {
    std::string text = characters(words, bytes, byte_order);
    if (std::ranges::all_of(text, [](char c) { return c == '\xFF'; })) return {"", Quality::not_implemented};
    text.resize(std::min(text.find('\0'), text.size()));
    while (!text.empty() && (text.back() == pad || text.back() == ' ')) text.pop_back();
    if (text.empty()) return {"", Quality::not_implemented};
    if (!std::ranges::all_of(text, is_printable)) return {"", Quality::out_of_range};
    return {std::move(text), Quality::good};
}

}  // namespace sitepower::modbus
