// Feeds arbitrary bytes to the RTU frame finder, as the buffer of a noisy line would: front by front, with
// questions of all tables.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "drivers/modbus/rtu_frame.hpp"

using namespace sitepower::modbus;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void walk(std::span<const std::uint8_t> received, const Question& question) {
    std::array<std::uint16_t, 2000> words{};
    for (;;) {
        const auto front = look_at_front(received, question);
        if (front.kind == FrameKind::incomplete || front.kind == FrameKind::garbage) return;
        require(front.size > 0 && front.size <= received.size() && front.size <= rtu_longest_frame);
        const auto frame = received.first(front.size);
        require(crc16(frame) == 0);
        if (front.kind == FrameKind::answer) {
            require(frame[0] == question.unit && frame[1] == function_of(question));
            unpack_answer(frame, question, words);
        } else {
            require(stray_of(frame).unit == frame[0]);
        }
        received = received.subspan(front.size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    Question question{.unit = data[0], .table = static_cast<Table>(data[1] % 4), .address = 7, .count = 1};
    const auto longest = question.table == Table::coil || question.table == Table::discrete ? 2000 : 125;
    question.count = static_cast<std::uint16_t>(1 + data[2] * 8 % longest);
    walk(std::span(data, size).subspan(3), question);
    walk(std::span(data, size).subspan(3),
         {.unit = data[0], .count = identity_words, .identity = IdentityObject{data[1], data[2]}});
    const WriteRequest write{.unit = data[0], .address = data[1], .words = {data[2]}};
    const auto received = std::span(data, size).subspan(3);
    const auto front = look_at_front(received, write);
    require(front.size <= received.size());
    if (front.kind == FrameKind::answer) require(crc16(received.first(front.size)) == 0);
    return 0;
}
