// Read Device Identification (function 43, type 14): the texts by which a device says what it is. Its answer
// has no byte count; the end is found by walking from object to object. A PDU begins with the function. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace sitepower::modbus {

inline constexpr std::uint8_t identification_function = 43;

// One text: asked for as a stream that begins at `first` and must hold `object`.
struct IdentityObject {
    std::uint8_t first = 0;
    std::uint8_t object = 0;

    bool operator==(const IdentityObject&) const = default;
};

// Words that hold the longest text, two characters in each.
inline constexpr std::uint16_t identity_words = 125;

std::array<std::uint8_t, 4> identity_request(IdentityObject asked);

// How long the answer is that begins with these bytes: nullopt while that cannot be told, 0 when they cannot
// be the beginning of one.
std::optional<std::size_t> identity_size(std::span<const std::uint8_t> pdu);

// Whether a whole answer is one to this request: same kind of stream, same first object. A device that does
// not know the first object may begin at object 0.
bool is_identity_of(std::span<const std::uint8_t> pdu, IdentityObject asked);

// The first object of a whole answer; 0 when it has none.
std::uint8_t first_identity_object(std::span<const std::uint8_t> pdu);

// Puts the text of a whole answer into the words and 0 behind it. False when the object is not among those
// that came.
bool unpack_identity(std::span<const std::uint8_t> pdu, IdentityObject asked, std::span<std::uint16_t> words);

}  // namespace sitepower::modbus
