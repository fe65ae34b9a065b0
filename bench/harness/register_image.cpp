#include "bench/harness/register_image.hpp"

#include <algorithm>

namespace sitepower::bench {
namespace {

constexpr std::uint32_t stamp_base = 1'000'000'000;
constexpr std::uint32_t stamp_span = 3'000'000'000;

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

void append_word(std::vector<std::uint8_t>& bytes, std::uint16_t word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
}

// The MBAP header and the function; `following` counts the bytes after the function.
std::vector<std::uint8_t> header(const ReadRequest& request, std::uint8_t function, std::size_t following) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(8 + following);
    append_word(bytes, request.transaction);
    append_word(bytes, 0);
    append_word(bytes, static_cast<std::uint16_t>(2 + following));
    bytes.push_back(request.unit);
    bytes.push_back(function);
    return bytes;
}

void put_u32(std::vector<std::uint16_t>& registers, std::size_t address, std::uint32_t value) {
    registers[address] = static_cast<std::uint16_t>(value >> 16);
    registers[address + 1] = static_cast<std::uint16_t>(value & 0xFFFF);
}

}  // namespace

std::uint32_t stamp(SteadyTime time) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return static_cast<std::uint32_t>(stamp_base + us % stamp_span);
}

std::chrono::microseconds since_stamp(std::uint32_t stamped, SteadyTime now) {
    const auto passed = static_cast<std::int64_t>(stamp(now)) - stamped;
    return std::chrono::microseconds{passed < 0 ? passed + stamp_span : passed};
}

std::optional<ReadRequest> parse_request(std::span<const std::uint8_t> bytes) {
    const bool reads = bytes.size() >= request_bytes && word_at(bytes, 2) == 0 && word_at(bytes, 4) == 6 &&
                       (bytes[7] == 3 || bytes[7] == 4);
    if (!reads) {
        return std::nullopt;
    }
    return ReadRequest{.transaction = word_at(bytes, 0),
                       .unit = bytes[6],
                       .function = bytes[7],
                       .address = word_at(bytes, 8),
                       .count = word_at(bytes, 10)};
}

RegisterImage::RegisterImage(ImageKind kind, std::uint32_t seed)
    : kind_(kind),
      random_(seed | 1U),
      registers_(kind == ImageKind::stamped ? stamped_registers : jar_registers) {}

std::vector<std::uint8_t> RegisterImage::answer(const ReadRequest& request, SteadyTime now) {
    const std::size_t end = std::size_t{request.address} + request.count;
    if (request.count == 0 || request.count > 125 || end > registers_.size()) {
        auto bytes = header(request, static_cast<std::uint8_t>(request.function | 0x80U), 1);
        bytes.push_back(2);
        return bytes;
    }
    ++answers_;
    refresh(now);
    auto bytes = header(request, request.function, 1 + 2U * request.count);
    bytes.push_back(static_cast<std::uint8_t>(2 * request.count));
    std::for_each(registers_.begin() + request.address, registers_.begin() + static_cast<std::ptrdiff_t>(end),
                  [&](std::uint16_t word) { append_word(bytes, word); });
    return bytes;
}

// Like a real device: what is measured wavers in its last digits, what is slow stays for a while.
void RegisterImage::refresh(SteadyTime now) {
    if (kind_ == ImageKind::stamped) {
        put_u32(registers_, 0, stamp(now));
        put_u32(registers_, 2, answers_);
        std::generate(registers_.begin() + 4, registers_.end(),
                      [this] { return static_cast<std::uint16_t>(12'000 + noise() % 64); });
        return;
    }
    const auto slow = answers_ / 60;
    registers_ = {
        static_cast<std::uint16_t>(13'600 + noise() % 16), static_cast<std::uint16_t>(noise() % 8),
        static_cast<std::uint16_t>(231 + slow % 5),        static_cast<std::uint16_t>(4'150 + slow % 9),
        static_cast<std::uint16_t>(1'000 - slow % 3),      std::uint16_t{987}};
}

// Marsaglia's xorshift with 32 bits: cheap, and the same at every run.
std::uint32_t RegisterImage::noise() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_ >> 8;
}

}  // namespace sitepower::bench
