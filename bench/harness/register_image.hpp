// What the measured devices hold in their registers, and their answers to Modbus TCP requests. The stamped
// image carries when it was answered and how many answers came before, so that a subscriber can tell delay
// and loss by itself. Pure but for its own counting; devices thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bench/harness/waiting.hpp"

namespace sitepower::bench {

enum class ImageKind {
    stamped,  // registers 0-1 stamp, 2-3 answers so far (both u32, high word first), from 4 on readings with
              // noise
    jar,      // registers 0-5: mV, signed 0.01 A, 0.1 Cel, uOhm, 0.1 % charge, 0.1 % health
};

inline constexpr int stamped_registers = 100;
inline constexpr int stamped_points = 98;
inline constexpr int jar_registers = 6;

// Steady microseconds folded into the ten-digit numbers of 32 bits, so that its decimal text has always the
// same length: 1'000'000'000 + microseconds modulo 3'000'000'000.
std::uint32_t stamp(SteadyTime time);
// Time passed since `stamped` was taken, when that is less than 50 minutes.
std::chrono::microseconds since_stamp(std::uint32_t stamped, SteadyTime now);

struct ReadRequest {
    std::uint16_t transaction = 0;
    std::uint8_t unit = 0;
    std::uint8_t function = 0;
    std::uint16_t address = 0;
    std::uint16_t count = 0;
};

inline constexpr std::size_t request_bytes = 12;  // of every read request on Modbus TCP

// What the first request_bytes of `bytes` ask for; nullopt for anything but a read of registers (functions 3
// and 4).
std::optional<ReadRequest> parse_request(std::span<const std::uint8_t> bytes);

// The registers of one unit.
class RegisterImage {
  public:
    RegisterImage(ImageKind kind, std::uint32_t seed);

    // The answer to `request` as bytes on the wire, exception 2 beyond the image. Counts.
    std::vector<std::uint8_t> answer(const ReadRequest& request, SteadyTime now);

  private:
    void refresh(SteadyTime now);
    std::uint32_t noise();

    ImageKind kind_;
    std::uint32_t random_;
    std::uint32_t answers_ = 0;
    std::vector<std::uint16_t> registers_;
};

}  // namespace sitepower::bench
