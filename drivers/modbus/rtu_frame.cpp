#include "drivers/modbus/rtu_frame.hpp"

#include <algorithm>
#include <optional>

#include "drivers/modbus/planner.hpp"

namespace sitepower::modbus {
namespace {

constexpr std::size_t exception_size = 5;
constexpr std::uint8_t exception_flag = 0x80;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned i = 0; i < table.size(); ++i) {
        unsigned crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xA001U : crc >> 1;
        table[i] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

constexpr auto crc_table = make_crc_table();

bool is_read(std::uint8_t function) {
    return function >= 1 && function <= 4;
}

bool is_write(std::uint8_t function) {
    return function == 5 || function == 6 || function == 15 || function == 16;
}

// Over a frame and its CRC bytes the CRC is zero.
bool has_good_crc(std::span<const std::uint8_t> frame) {
    return crc16(frame) == 0;
}

constexpr std::uint8_t high_byte(std::uint16_t word) {
    return static_cast<std::uint8_t>(word >> 8);
}

constexpr std::uint8_t low_byte(std::uint16_t word) {
    return static_cast<std::uint8_t>(word & 0xFFU);
}

void append_word(std::vector<std::uint8_t>& frame, std::uint16_t word) {
    frame.push_back(high_byte(word));
    frame.push_back(low_byte(word));
}

// Unit, function, address, and then the value or the count: what a write begins and its answer consists of.
std::vector<std::uint8_t> head_of(const WriteRequest& request) {
    std::vector<std::uint8_t> head{request.unit, function_of(request)};
    append_word(head, request.address);
    switch (function_of(request)) {
        case 5:
            append_word(head, request.words.front() != 0 ? 0xFF00 : 0);
            break;
        case 6:
            append_word(head, request.words.front());
            break;
        default:
            append_word(head, static_cast<std::uint16_t>(request.words.size()));
            break;
    }
    return head;
}

void append_crc(std::vector<std::uint8_t>& frame) {
    const auto crc = crc16(frame);
    frame.push_back(low_byte(crc));
    frame.push_back(high_byte(crc));
}

// Of a whole frame.
std::span<const std::uint8_t> pdu_of(std::span<const std::uint8_t> frame) {
    return frame.subspan(1, frame.size() - 3);
}

// Of the frame that begins so; nullopt while that cannot be told, 0 when it cannot be a frame.
std::optional<std::size_t> size_of_frame(std::span<const std::uint8_t> received) {
    const auto function = received[1];
    const auto asked = static_cast<std::uint8_t>(function & ~exception_flag);
    if (!is_read(asked) && !is_write(asked) && asked != identification_function) return 0;
    if (asked != function) return exception_size;
    if (is_write(asked)) return rtu_request_size;
    if (asked == identification_function) {
        const auto size = identity_size(received.subspan(1));
        return size && *size > 0 ? std::optional(*size + 3) : size;
    }
    return received.size() < 3 ? std::nullopt : std::optional<std::size_t>(5U + received[2]);
}

}  // namespace

std::vector<std::uint8_t> encode_rtu_identity_request(const Question& question) {
    const auto pdu = identity_request(*question.identity);
    std::vector<std::uint8_t> frame{question.unit, pdu[0], pdu[1], pdu[2], pdu[3]};
    append_crc(frame);
    return frame;
}

std::vector<std::uint8_t> encode_rtu_write(const WriteRequest& request) {
    auto frame = head_of(request);
    const auto function = function_of(request);
    if (function == 16) {
        frame.push_back(static_cast<std::uint8_t>(2 * request.words.size()));
        for (const auto word : request.words) append_word(frame, word);
    } else if (function == 15) {
        std::vector<std::uint8_t> bits((request.words.size() + 7) / 8);
        for (std::size_t i = 0; i < request.words.size(); ++i) {
            if (request.words[i] != 0) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
        }
        frame.push_back(static_cast<std::uint8_t>(bits.size()));
        frame.insert(frame.end(), bits.begin(), bits.end());
    }
    append_crc(frame);
    return frame;
}

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
    unsigned crc = 0xFFFF;
    for (const auto byte : bytes) crc = (crc >> 8) ^ crc_table[(crc ^ byte) & 0xFFU];
    return static_cast<std::uint16_t>(crc);
}

std::array<std::uint8_t, rtu_request_size> encode_rtu_request(const Question& question) {
    std::array<std::uint8_t, rtu_request_size> frame{
        question.unit,
        function_of(question.table),
        high_byte(question.address),
        low_byte(question.address),
        high_byte(question.count),
        low_byte(question.count),
    };
    const auto crc = crc16(std::span(frame).first(rtu_request_size - 2));
    frame[6] = low_byte(crc);
    frame[7] = high_byte(crc);
    return frame;
}

Frontier look_at_front(std::span<const std::uint8_t> received) {
    if (received.size() < 2) return {};
    const auto size = size_of_frame(received);
    if (size == std::size_t{0}) return {FrameKind::garbage, 0};
    if (!size || received.size() < *size) return {};
    if (!has_good_crc(received.first(*size))) return {FrameKind::garbage, 0};
    return {FrameKind::stray, *size};
}

Frontier look_at_front(std::span<const std::uint8_t> received, const Question& question) {
    const auto front = look_at_front(received);
    if (front.kind != FrameKind::stray || received[0] != question.unit) return front;
    const auto function = function_of(question);
    if (received[1] == (function | exception_flag)) return {FrameKind::exception, front.size};
    if (received[1] != function) return front;
    const bool is_answer = question.identity
                               ? is_identity_of(pdu_of(received.first(front.size)), *question.identity)
                               : received[2] == answer_bytes(question.table, question.count);
    return is_answer ? Frontier{FrameKind::answer, front.size} : front;
}

Frontier look_at_front(std::span<const std::uint8_t> received, const WriteRequest& request) {
    const auto front = look_at_front(received);
    if (front.kind != FrameKind::stray || received[0] != request.unit) return front;
    if (received[1] == (function_of(request) | exception_flag)) return {FrameKind::exception, front.size};
    const auto head = head_of(request);
    const bool is_answer =
        front.size == rtu_request_size && std::ranges::equal(received.first(head.size()), head);
    return is_answer ? Frontier{FrameKind::answer, front.size} : front;
}

Stray stray_of(std::span<const std::uint8_t> frame) {
    Stray stray{.unit = frame[0], .function = frame[1]};
    if (is_read(stray.function)) stray.byte_count = frame[2];
    if (stray.function == identification_function) stray.byte_count = first_identity_object(frame.subspan(1));
    return stray;
}

bool unpack_answer(std::span<const std::uint8_t> frame, const Question& question,
                   std::span<std::uint16_t> words) {
    if (question.identity) {
        return unpack_identity(pdu_of(frame), *question.identity, words.first(question.count));
    }
    const auto data = frame.subspan(3);
    for (std::size_t i = 0; i < question.count; ++i) {
        if (is_bit_table(question.table)) {
            words[i] = static_cast<std::uint16_t>((data[i / 8] >> (i % 8)) & 1U);
        } else {
            words[i] = static_cast<std::uint16_t>((data[2 * i] << 8) | data[2 * i + 1]);
        }
    }
    return true;
}

}  // namespace sitepower::modbus
