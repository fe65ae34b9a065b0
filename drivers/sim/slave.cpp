#include "drivers/sim/slave.hpp"

#include <algorithm>

namespace sitepower::sim {
namespace {

constexpr std::size_t mbap_size = 7;
constexpr std::size_t longest_pdu = 253;
constexpr std::size_t read_pdu_size = 5;                     // function, address, count
constexpr std::size_t rtu_request_size = read_pdu_size + 3;  // unit before, CRC behind
constexpr std::uint8_t identification = 43;                  // and its type, kind of stream, first object
constexpr std::size_t identity_pdu_size = 4;
constexpr std::size_t shortest_rtu_request = identity_pdu_size + 3;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned byte = 0; byte < table.size(); ++byte) {
        unsigned crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xA001U : crc >> 1;
        table[byte] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

constexpr auto crc_table = make_crc_table();

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void append_word(Bytes& bytes, std::uint16_t word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
}

Bytes registers_pdu(std::uint8_t function, std::span<const std::uint16_t> words) {
    Bytes pdu;
    pdu.reserve(2 + 2 * words.size());
    pdu.push_back(function);
    pdu.push_back(static_cast<std::uint8_t>(2 * words.size()));
    for (const std::uint16_t word : words) append_word(pdu, word);
    return pdu;
}

Bytes bits_pdu(std::uint8_t function, std::span<const std::uint16_t> bits) {
    const std::size_t bytes = (bits.size() + 7) / 8;
    Bytes pdu(2 + bytes, 0);
    pdu[0] = function;
    pdu[1] = static_cast<std::uint8_t>(bytes);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] != 0) pdu[2 + i / 8] = static_cast<std::uint8_t>(pdu[2 + i / 8] | 1U << (i % 8));
    }
    return pdu;
}

std::optional<modbus::Table> table_of(std::uint8_t function) {
    switch (function) {
        case 1:
            return modbus::Table::coil;
        case 2:
            return modbus::Table::discrete;
        case 3:
            return modbus::Table::holding;
        case 4:
            return modbus::Table::input;
        default:
            return std::nullopt;
    }
}

bool is_write(std::uint8_t function) {
    return function == 5 || function == 6 || function == 15 || function == 16;
}

// Whether a function writes many: with their count, their bytes and their contents behind the address.
bool writes_many(std::uint8_t function) {
    return function == 15 || function == 16;
}

// What a write puts where; nothing when it is malformed.
std::optional<std::vector<std::uint16_t>> written_words(std::span<const std::uint8_t> request) {
    const std::uint8_t function = request[0];
    if (!writes_many(function)) {
        if (request.size() != read_pdu_size) return std::nullopt;
        const std::uint16_t word = word_at(request, 3);
        if (function == 6) return std::vector{word};
        if (word != 0 && word != 0xFF00) return std::nullopt;
        return std::vector<std::uint16_t>{static_cast<std::uint16_t>(word != 0 ? 1 : 0)};
    }
    if (request.size() < read_pdu_size + 1) return std::nullopt;
    const std::size_t count = word_at(request, 3);
    const std::size_t bytes = function == 16 ? 2 * count : (count + 7) / 8;
    if (count < 1 || bytes > longest_pdu || request[5] != bytes || request.size() != 6 + bytes) {
        return std::nullopt;
    }
    std::vector<std::uint16_t> words;
    for (std::size_t i = 0; i < count; ++i) {
        words.push_back(function == 16 ? word_at(request, 6 + 2 * i)
                                       : static_cast<std::uint16_t>((request[6 + i / 8] >> (i % 8)) & 1U));
    }
    return words;
}

Bytes write_pdu(RegisterBank& bank, std::span<const std::uint8_t> request) {
    const auto words = written_words(request);
    if (!words) return exception_pdu(request, illegal_value);
    const bool bits = request[0] == 5 || request[0] == 15;
    const auto table = bits ? modbus::Table::coil : modbus::Table::holding;
    const std::uint16_t first = word_at(request, 1);
    if (!bank.is_writable(table, first, static_cast<int>(words->size()))) {
        return exception_pdu(request, illegal_address);
    }
    for (std::size_t i = 0; i < words->size(); ++i) {
        bank.set(table, static_cast<std::uint16_t>(first + i), (*words)[i]);
    }
    return Bytes(request.begin(), request.begin() + read_pdu_size);
}

Bytes identity_pdu(const RegisterBank& bank, std::span<const std::uint8_t> request) {
    if (request.size() != identity_pdu_size || request[1] != 14) return exception_pdu(request, illegal_value);
    const auto& texts = bank.identity();
    // One that it does not know is taken for the first.
    const auto first = texts.contains(request[3]) ? texts.find(request[3]) : texts.begin();
    Bytes pdu{identification, 14, request[2], 0x83, 0, 0, 0};
    for (auto text = first; text != texts.end(); ++text) {
        const auto size = std::min<std::size_t>(text->second.size(), 200);
        if (pdu.size() + 2 + size > longest_pdu) break;
        ++pdu[6];
        pdu.push_back(static_cast<std::uint8_t>(text->first));
        pdu.push_back(static_cast<std::uint8_t>(size));
        pdu.insert(pdu.end(), text->second.begin(), text->second.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return pdu;
}

std::optional<Request> take_tcp(Bytes& buffer, bool& broken) {
    if (buffer.size() < mbap_size) return std::nullopt;
    const std::size_t length = word_at(buffer, 4);  // unit and PDU
    if (word_at(buffer, 2) != 0 || length < 2 || length > 1 + longest_pdu) {
        broken = true;
        return std::nullopt;
    }
    const std::size_t size = mbap_size - 1 + length;
    if (buffer.size() < size) return std::nullopt;
    Request request{
        .transaction = word_at(buffer, 0),
        .unit = buffer[6],
        .pdu = Bytes(buffer.begin() + mbap_size, buffer.begin() + static_cast<std::ptrdiff_t>(size))};
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    return request;
}

// Of the RTU request that may begin at `at`, of which shortest_rtu_request bytes are there: a write of many
// is as long as it says, when what it says fits together.
std::size_t rtu_size(const Bytes& buffer, std::size_t at) {
    const std::uint8_t function = buffer[at + 1];
    if (function == identification) return shortest_rtu_request;
    if (!writes_many(function)) return rtu_request_size;
    const std::size_t count = word_at(buffer, at + 4);
    const std::size_t bytes = function == 16 ? 2 * count : (count + 7) / 8;
    return count > 0 && bytes == buffer[at + 6] ? 9 + bytes : rtu_request_size;
}

std::optional<Request> take_rtu(Bytes& buffer) {
    // What may still grow into a request stays; anything before cannot.
    std::size_t keep_from = buffer.size() < rtu_request_size ? 0 : buffer.size() - (rtu_request_size - 1);
    for (std::size_t at = 0; at + shortest_rtu_request <= buffer.size(); ++at) {
        const std::size_t size = rtu_size(buffer, at);
        if (at + size > buffer.size()) {
            keep_from = std::min(keep_from, at);
            continue;
        }
        const auto frame = std::span(buffer).subspan(at, size);
        const std::uint16_t crc = crc16(frame.first(size - 2));
        if (frame[size - 2] != (crc & 0xFF) || frame[size - 1] != crc >> 8) continue;
        Request request{.unit = frame[0], .pdu = Bytes(frame.begin() + 1, frame.end() - 2)};
        buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at + size));
        return request;
    }
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(keep_from));
    return std::nullopt;
}

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
    std::uint16_t crc = 0xFFFF;
    for (const std::uint8_t byte : bytes) {
        crc = static_cast<std::uint16_t>(crc_table[(crc ^ byte) & 0xFF] ^ (crc >> 8));
    }
    return crc;
}

Bytes exception_pdu(std::span<const std::uint8_t> request, std::uint8_t code) {
    return {static_cast<std::uint8_t>((request.empty() ? 0 : request[0]) | 0x80), code};
}

Bytes answer_pdu(RegisterBank& bank, const RequestLimits& limits, std::span<const std::uint8_t> request) {
    if (!request.empty() && is_write(request[0])) return write_pdu(bank, request);
    if (!request.empty() && request[0] == identification && !bank.identity().empty()) {
        return identity_pdu(bank, request);
    }
    const auto table = request.empty() ? std::nullopt : table_of(request[0]);
    if (!table) return exception_pdu(request, illegal_function);
    if (request.size() != read_pdu_size) return exception_pdu(request, illegal_value);
    const bool bits = *table == modbus::Table::coil || *table == modbus::Table::discrete;
    const int count = word_at(request, 3);
    if (count < 1 || count > (bits ? limits.bits : limits.registers))
        return exception_pdu(request, illegal_value);
    const auto words = bank.read(*table, word_at(request, 1), count);
    if (!words) return exception_pdu(request, illegal_address);
    return bits ? bits_pdu(request[0], *words) : registers_pdu(request[0], *words);
}

std::optional<Request> take_request(Framing framing, Bytes& buffer, bool& broken) {
    return framing == Framing::tcp ? take_tcp(buffer, broken) : take_rtu(buffer);
}

Bytes frame_answer(Framing framing, const Request& request, std::span<const std::uint8_t> pdu) {
    Bytes frame;
    frame.reserve(mbap_size + pdu.size() + 2);
    if (framing == Framing::tcp) {
        append_word(frame, request.transaction);
        append_word(frame, 0);
        append_word(frame, static_cast<std::uint16_t>(pdu.size() + 1));
    }
    frame.push_back(request.unit);
    frame.insert(frame.end(), pdu.begin(), pdu.end());
    if (framing == Framing::rtu) {
        const std::uint16_t crc = crc16(frame);
        frame.push_back(static_cast<std::uint8_t>(crc));
        frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    }
    return frame;
}

}  // namespace sitepower::sim
