#include "drivers/modbus/identification.hpp"

#include <algorithm>

namespace sitepower::modbus {
namespace {

constexpr std::uint8_t type_of_identification = 14;
constexpr std::size_t head_size = 7;  // function, type, stream, conformity, more, next, number of objects
constexpr std::size_t longest_pdu = 253;

// Basic, regular and extended stream, by the object that it begins with.
std::uint8_t stream_of(std::uint8_t object) {
    if (object < 0x03) return 1;
    return object < 0x80 ? 2 : 3;
}

}  // namespace

std::array<std::uint8_t, 4> identity_request(IdentityObject asked) {
    return {identification_function, type_of_identification, stream_of(asked.first), asked.first};
}

std::optional<std::size_t> identity_size(std::span<const std::uint8_t> pdu) {
    if (!pdu.empty() && pdu[0] != identification_function) return 0;
    if (pdu.size() >= 2 && pdu[1] != type_of_identification) return 0;
    if (pdu.size() < head_size) return std::nullopt;
    std::size_t size = head_size;
    for (unsigned objects = pdu[6]; objects > 0; --objects) {
        if (size + 2 > longest_pdu) return 0;
        if (pdu.size() < size + 2) return std::nullopt;
        size += 2U + pdu[size + 1];
    }
    return size <= longest_pdu ? size : 0;
}

std::uint8_t first_identity_object(std::span<const std::uint8_t> pdu) {
    return pdu[6] > 0 ? pdu[head_size] : std::uint8_t{0};
}

bool is_identity_of(std::span<const std::uint8_t> pdu, IdentityObject asked) {
    const auto first = first_identity_object(pdu);
    return pdu[2] == stream_of(asked.first) && (first == asked.first || first == 0);
}

bool unpack_identity(std::span<const std::uint8_t> pdu, IdentityObject asked,
                     std::span<std::uint16_t> words) {
    auto rest = pdu.subspan(head_size);
    for (unsigned objects = pdu[6]; objects > 0; --objects) {
        const auto text = rest.subspan(2, rest[1]);
        if (rest[0] == asked.object) {
            std::ranges::fill(words, std::uint16_t{0});
            for (std::size_t i = 0; i < text.size() && i / 2 < words.size(); ++i) {
                const unsigned shift = i % 2 == 0 ? 8 : 0;
                words[i / 2] = static_cast<std::uint16_t>(words[i / 2] | unsigned{text[i]} << shift);
            }
            return true;
        }
        rest = rest.subspan(2 + text.size());
    }
    return false;
}

}  // namespace sitepower::modbus
