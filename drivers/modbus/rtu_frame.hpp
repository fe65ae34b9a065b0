// Modbus RTU frames: unit, PDU, CRC; the end is found by the expected byte count and not by silence, since
// USB adapters and serial servers tear frames apart. Pure; also used by the tests' fake slave and fuzzed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/modbus/link.hpp"

namespace sitepower::modbus {

// CRC-16 of the Modbus serial line specification (polynomial 0xA001, start 0xFFFF); its low byte is sent
// first.
std::uint16_t crc16(std::span<const std::uint8_t> bytes);

inline constexpr std::size_t rtu_request_size = 8;
inline constexpr std::size_t rtu_longest_frame = 5 + 255;

std::array<std::uint8_t, rtu_request_size> encode_rtu_request(const Question& question);

// Of a question for an identification object.
std::vector<std::uint8_t> encode_rtu_identity_request(const Question& question);

// 8 bytes for functions 5 and 6, longer for 15 and 16.
std::vector<std::uint8_t> encode_rtu_write(const WriteRequest& request);

// What stands at the front of the bytes received.
enum class FrameKind : std::uint8_t {
    incomplete,  // may still become a frame
    answer,      // the data that was asked for
    exception,   // to this unit and function
    stray,       // a whole frame, but of another unit, function, byte count or (writes) content
    garbage,     // cannot be a frame
};

struct Frontier {
    FrameKind kind = FrameKind::incomplete;
    std::size_t size = 0;  // of the frame, when there is a whole one
};

// Answers to reads (functions 1 to 4), to writes (5, 6, 15, 16), identifications (43) and exceptions are
// told; everything else is garbage.
Frontier look_at_front(std::span<const std::uint8_t> received, const Question& question);

// The answer to a write repeats what was written (functions 5 and 6), or where and how many.
Frontier look_at_front(std::span<const std::uint8_t> received, const WriteRequest& request);

// As look_at_front, with nothing asked: a whole frame is a stray.
Frontier look_at_front(std::span<const std::uint8_t> received);

// The stray that a whole frame is.
Stray stray_of(std::span<const std::uint8_t> frame);

// Spreads the data of an answer (whole frame) over words: one per register or bit. False when it is an
// identification without the object that was asked for.
bool unpack_answer(std::span<const std::uint8_t> frame, const Question& question,
                   std::span<std::uint16_t> words);

}  // namespace sitepower::modbus
