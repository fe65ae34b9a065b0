#include "drivers/modbus/rtu_frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sitepower::modbus::rtu_frame_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes sealed(Bytes bytes) {
    const auto crc = crc16(bytes);
    bytes.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
    bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
    return bytes;
}

constexpr Question two_registers{.unit = 0x11, .table = Table::holding, .address = 0x6B, .count = 2};

TEST(RtuFrame, ChecksumOfTheSpecificationsExample) {
    // "02 07" gives 41 12 on the wire (Modbus over serial line, appendix B).
    EXPECT_EQ(crc16(Bytes{0x02, 0x07}), 0x1241);
}

TEST(RtuFrame, EncodesARequest) {
    const auto request =
        encode_rtu_request({.unit = 0x11, .table = Table::holding, .address = 0x6B, .count = 3});
    EXPECT_EQ(Bytes(request.begin(), request.end()), (Bytes{0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87}));
}

TEST(RtuFrame, KnowsTheAnswer) {
    const auto frame = sealed({0x11, 0x03, 0x04, 0x12, 0x34, 0x56, 0x78});
    const auto front = look_at_front(frame, two_registers);
    EXPECT_EQ(front.kind, FrameKind::answer);
    EXPECT_EQ(front.size, frame.size());
    std::vector<std::uint16_t> words(2);
    unpack_answer(frame, two_registers, words);
    EXPECT_EQ(words, (std::vector<std::uint16_t>{0x1234, 0x5678}));
}

TEST(RtuFrame, UnpacksBits) {
    const Question coils{.unit = 1, .table = Table::coil, .address = 0, .count = 10};
    std::vector<std::uint16_t> words(10);
    unpack_answer(sealed({1, 1, 2, 0x05, 0x02}), coils, words);
    EXPECT_EQ(words, (std::vector<std::uint16_t>{1, 0, 1, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(RtuFrame, WaitsForTheLastByte) {
    const auto frame = sealed({0x11, 0x03, 0x04, 0x12, 0x34, 0x56, 0x78});
    for (std::size_t size = 0; size < frame.size(); ++size) {
        EXPECT_EQ(look_at_front(std::span(frame).first(size), two_registers).kind, FrameKind::incomplete);
    }
}

TEST(RtuFrame, KnowsTheException) {
    EXPECT_EQ(look_at_front(sealed({0x11, 0x83, 0x02}), two_registers).kind, FrameKind::exception);
    EXPECT_EQ(look_at_front(sealed({0x11, 0x84, 0x02}), two_registers).kind, FrameKind::stray);
    EXPECT_EQ(look_at_front(sealed({0x12, 0x83, 0x02}), two_registers).kind, FrameKind::stray);
}

TEST(RtuFrame, TellsOtherAnswersFromTheRightOne) {
    for (const auto& other : {Bytes{0x12, 0x03, 0x04, 0, 0, 0, 0}, Bytes{0x11, 0x04, 0x04, 0, 0, 0, 0},
                              Bytes{0x11, 0x03, 0x02, 0, 0}, Bytes{0x11, 0x03, 0x06, 0, 0, 0, 0, 0, 0}}) {
        const auto frame = sealed(other);
        const auto front = look_at_front(frame, two_registers);
        EXPECT_EQ(front.kind, FrameKind::stray);
        EXPECT_EQ(front.size, frame.size());
        const auto stray = stray_of(frame);
        EXPECT_EQ(stray.unit, other[0]);
        EXPECT_EQ(stray.function, other[1]);
        EXPECT_EQ(stray.byte_count, other[2]);
    }
}

TEST(RtuFrame, AWrongBitIsGarbage) {
    const auto frame = sealed({0x11, 0x03, 0x04, 0x12, 0x34, 0x56, 0x78});
    for (std::size_t bit = 8 * 3; bit < 8 * frame.size(); ++bit) {
        auto broken = frame;
        broken[bit / 8] = static_cast<std::uint8_t>(broken[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_EQ(look_at_front(broken, two_registers).kind, FrameKind::garbage) << "bit " << bit;
    }
}

TEST(RtuFrame, NoiseIsHardlyEverAnAnswer) {
    std::mt19937 random(3);
    for (int round = 0; round < 100'000; ++round) {
        Bytes bytes{0x11, 0x03, 0x04, 0, 0, 0, 0, 0, 0};
        for (auto& byte : bytes) {
            if (random() % 2 == 0) byte = static_cast<std::uint8_t>(random());
        }
        const auto front = look_at_front(bytes, two_registers);
        if (front.kind == FrameKind::answer) {
            EXPECT_EQ(crc16(std::span(bytes).first(front.size)), 0);
        }
        EXPECT_LE(front.size, bytes.size());
    }
}

TEST(RtuFrame, EncodesWritesAsTheSpecificationDoes) {
    // The examples of the Modbus application protocol, 6.5, 6.6, 6.11 and 6.12.
    EXPECT_EQ(encode_rtu_write({.unit = 1, .table = Table::coil, .address = 0xAC, .words = {1}}),
              sealed({1, 0x05, 0x00, 0xAC, 0xFF, 0x00}));
    EXPECT_EQ(encode_rtu_write({.unit = 1, .address = 1, .words = {3}}), sealed({1, 0x06, 0, 1, 0, 3}));
    EXPECT_EQ(
        encode_rtu_write(
            {.unit = 1, .table = Table::coil, .address = 0x13, .words = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0}}),
        sealed({1, 0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01}));
    EXPECT_EQ(encode_rtu_write({.unit = 1, .address = 1, .words = {0x0A, 0x0102}}),
              sealed({1, 0x10, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2}));
}

TEST(RtuFrame, KnowsTheAnswerToAWrite) {
    const WriteRequest one{.unit = 1, .address = 1, .words = {3}};
    EXPECT_EQ(look_at_front(sealed({1, 6, 0, 1, 0, 3}), one).kind, FrameKind::answer);
    EXPECT_EQ(look_at_front(sealed({1, 0x86, 2}), one).kind, FrameKind::exception);
    for (const auto& other : {Bytes{2, 6, 0, 1, 0, 3}, Bytes{1, 6, 0, 2, 0, 3}, Bytes{1, 6, 0, 1, 0, 4},
                              Bytes{1, 5, 0, 1, 0, 3}, Bytes{1, 16, 0, 1, 0, 3}, Bytes{1, 3, 2, 0, 3}}) {
        EXPECT_EQ(look_at_front(sealed(other), one).kind, FrameKind::stray) << int(other[1]);
    }
    const WriteRequest two{.unit = 1, .address = 1, .words = {3, 4}};
    EXPECT_EQ(look_at_front(sealed({1, 16, 0, 1, 0, 2}), two).kind, FrameKind::answer);
    EXPECT_EQ(look_at_front(sealed({1, 16, 0, 1, 0, 1}), two).kind, FrameKind::stray);
}

// A late answer to a write is passed over by a read, and what follows it is found.
TEST(RtuFrame, TheAnswerToAWriteIsAStrayForARead) {
    const auto frame = sealed({0x11, 0x06, 0, 1, 0, 3});
    const auto front = look_at_front(frame, two_registers);
    EXPECT_EQ(front.kind, FrameKind::stray);
    EXPECT_EQ(front.size, frame.size());
    EXPECT_EQ(stray_of(frame).byte_count, 0);
}

}  // namespace
}  // namespace sitepower::modbus::rtu_frame_test
