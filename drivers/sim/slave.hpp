// The slave's side of Modbus: what a unit answers to a request, and how requests and answers are framed on
// TCP and on a serial line. Pure; used by the simulated site's server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/sim/register_bank.hpp"

namespace sitepower::sim {

using Bytes = std::vector<std::uint8_t>;

// Exceptions of the Modbus application protocol.
inline constexpr std::uint8_t illegal_function = 1;
inline constexpr std::uint8_t illegal_address = 2;
inline constexpr std::uint8_t illegal_value = 3;
inline constexpr std::uint8_t gateway_target_silent = 0x0B;

// How much a unit gives in one answer.
struct RequestLimits {
    int registers = 125;
    int bits = 2000;
};

// `request` is a PDU: function code and data. The answer is one too, an exception where one is due: unknown
// function (1 to 6, 15, 16 are served, 43 where the unit has an identity), a register that does not exist or
// may not be written, a count of 0 or beyond the limits. A write changes the bank.
Bytes answer_pdu(RegisterBank& bank, const RequestLimits& limits, std::span<const std::uint8_t> request);
Bytes exception_pdu(std::span<const std::uint8_t> request, std::uint8_t code);

enum class Framing : std::uint8_t { tcp, rtu };

struct Request {
    std::uint16_t transaction = 0;  // TCP
    std::uint8_t unit = 0;
    Bytes pdu;
};

// Takes the next whole request out of `buffer`, nullopt when there is none yet. Bytes that can be no request
// are thrown away one by one until something fits (RTU); on TCP they set `broken`: the connection is lost.
std::optional<Request> take_request(Framing framing, Bytes& buffer, bool& broken);

Bytes frame_answer(Framing framing, const Request& request, std::span<const std::uint8_t> pdu);

// CRC-16/MODBUS of a serial frame; sent low byte first.
std::uint16_t crc16(std::span<const std::uint8_t> bytes);

}  // namespace sitepower::sim
