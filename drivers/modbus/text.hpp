// From registers to a text: serial numbers, models, versions. Pure; used where devices are identified and
// profiles checked. Texts are never part of a frame.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/quality.hpp"
#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

// Which bytes of a register hold a character.
enum class TextBytes : std::uint8_t { both, high, low };

struct TextReading {
    std::string text{};
    Quality quality = Quality::good;
};

// words: the text's registers, in the order of the wire; byte_order little: the low byte holds the first
// character. The text ends before the first NUL; `pad` and spaces at its end are not part of it.
// not_implemented: nothing is left, or all bytes are 0xFF. out_of_range: a character that is not printable
// ASCII, as a wrong address brings it.
TextReading decode_text(std::span<const std::uint16_t> words, TextBytes bytes, Order byte_order, char pad);

}  // namespace sitepower::modbus
