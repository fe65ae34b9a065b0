#include "drivers/sim/slave.hpp"

#include <gtest/gtest.h>

namespace sitepower::sim::slave_test {
namespace {

using modbus::Table;

RegisterBank bank_with(Table table, std::uint16_t first, const std::vector<std::uint16_t>& words) {
    RegisterBank bank;
    bank.define(table, first, static_cast<int>(words.size()));
    for (std::size_t i = 0; i < words.size(); ++i) {
        bank.set(table, static_cast<std::uint16_t>(first + i), words[i]);
    }
    return bank;
}

TEST(Slave, AnswersRegisters) {
    RegisterBank bank = bank_with(Table::holding, 0x6B, {0x022B, 0x0000, 0x0064});
    // The example of the Modbus application protocol, 6.3.
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 0x6B, 0, 3}), (Bytes{3, 6, 0x02, 0x2B, 0, 0, 0, 0x64}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{4, 0, 0x6B, 0, 3}), (Bytes{0x84, illegal_address}));
}

TEST(Slave, PacksBitsLowestFirst) {
    std::vector<std::uint16_t> bits(19, 0);
    for (const std::size_t i : {0U, 2U, 3U, 6U, 7U, 18U}) bits[i] = 1;
    RegisterBank bank = bank_with(Table::coil, 0x13, bits);
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{1, 0, 0x13, 0, 0x13}), (Bytes{1, 3, 0xCD, 0x00, 0x04}));
}

TEST(Slave, RefusesWhatItCannotDo) {
    RegisterBank bank = bank_with(Table::holding, 10, {1, 2, 3});
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{7, 0, 10, 0, 1}), (Bytes{0x87, illegal_function}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{}), (Bytes{0x80, illegal_function}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 10, 0, 4}), (Bytes{0x83, illegal_address}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 9, 0, 1}), (Bytes{0x83, illegal_address}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 10, 0, 0}), (Bytes{0x83, illegal_value}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 10, 0}), (Bytes{0x83, illegal_value}));
    EXPECT_EQ(answer_pdu(bank, {.registers = 2}, Bytes{3, 0, 10, 0, 3}), (Bytes{0x83, illegal_value}));
}

TEST(Slave, GivesExactlyAsMuchAsTheLimitsAllow) {
    RegisterBank bank;
    bank.define(Table::holding, 0, 65'536);
    bank.define(Table::discrete, 0, 65'536);
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 0, 0, 125}).size(), 2U + 250);
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0, 0, 0, 126}), (Bytes{0x83, illegal_value}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{2, 0, 0, 0x07, 0xD0}).size(), 2U + 250);
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{2, 0, 0, 0x07, 0xD1}), (Bytes{0x82, illegal_value}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0xFF, 0xFF, 0, 1}).size(), 4U);
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{3, 0xFF, 0xFF, 0, 2}), (Bytes{0x83, illegal_address}));
}

TEST(Slave, SaysWhatItIsWhereItHasSomethingToSay) {
    RegisterBank bank;
    const Bytes request{43, 14, 3, 0x87};
    EXPECT_EQ(answer_pdu(bank, {}, request), (Bytes{0xAB, illegal_function}));
    bank.set_identity(0x87, "");
    bank.set_identity(0x88, "UPS");
    EXPECT_EQ(answer_pdu(bank, {}, request),
              (Bytes{43, 14, 3, 0x83, 0, 0, 2, 0x87, 0, 0x88, 3, 'U', 'P', 'S'}));
    EXPECT_EQ(answer_pdu(bank, {}, Bytes{43, 13, 3, 0x87}), (Bytes{0xAB, illegal_value}));
}

TEST(Framing, TakesAnRtuRequestForAnIdentification) {
    // 01 2B 0E 03 87, its checksum as the public driver of the Huawei UPS2000 has it.
    Bytes buffer{0x01, 0x2B, 0x0E, 0x03, 0x87, 0x31, 0x75};
    bool broken = false;
    const auto request = take_request(Framing::rtu, buffer, broken);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->pdu, (Bytes{43, 14, 3, 0x87}));
    EXPECT_TRUE(buffer.empty());
}

TEST(RegisterBank, FillsOnlySmallHoles) {
    RegisterBank bank;
    bank.define(Table::input, 10, 2);
    bank.define(Table::input, 14, 1);
    bank.define(Table::input, 20, 1);
    bank.fill_holes(2);
    EXPECT_TRUE(bank.read(Table::input, 10, 5));
    EXPECT_FALSE(bank.read(Table::input, 14, 7));
    EXPECT_FALSE(bank.read(Table::input, 9, 1));
}

TEST(RegisterBank, DefiningAgainKeepsTheContent) {
    RegisterBank bank = bank_with(Table::input, 3, {77});
    bank.define(Table::input, 0, 10);
    EXPECT_EQ((*bank.read(Table::input, 3, 1))[0], 77);
}

TEST(Framing, TakesTcpRequestsInPieces) {
    const Bytes whole{0, 7, 0, 0, 0, 6, 17, 3, 0, 1, 0, 2};
    Bytes buffer;
    bool broken = false;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        buffer.push_back(whole[i]);
        ASSERT_FALSE(take_request(Framing::tcp, buffer, broken)) << i;
    }
    buffer.push_back(whole.back());
    buffer.push_back(0xAA);  // the next one begins
    const auto request = take_request(Framing::tcp, buffer, broken);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->transaction, 7);
    EXPECT_EQ(request->unit, 17);
    EXPECT_EQ(request->pdu, (Bytes{3, 0, 1, 0, 2}));
    EXPECT_EQ(buffer, Bytes{0xAA});
    EXPECT_FALSE(broken);
}

TEST(Framing, ATcpStreamThatIsNotModbusIsBroken) {
    for (Bytes buffer :
         {Bytes{'G', 'E', 'T', ' ', '/', ' ', 'H'}, Bytes{0, 1, 0, 0, 0, 1, 1}, Bytes{0, 1, 0, 0, 1, 0, 1}}) {
        bool broken = false;
        EXPECT_FALSE(take_request(Framing::tcp, buffer, broken));
        EXPECT_TRUE(broken);
    }
}

TEST(Framing, CrcIsThatOfTheSpecification) {
    EXPECT_EQ(crc16(Bytes{0x02, 0x07}), 0x1241);  // Modbus over serial line V1.02, 6.2.2
}

TEST(Framing, FindsTheRtuRequestBehindNoise) {
    const Bytes request{17, 3, 0, 107, 0, 3, 0x76, 0x87};
    Bytes buffer{0xFF, 0x00, 17, 3};
    buffer.insert(buffer.end(), request.begin(), request.end());
    bool broken = false;
    const auto taken = take_request(Framing::rtu, buffer, broken);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->unit, 17);
    EXPECT_EQ(taken->pdu, (Bytes{3, 0, 107, 0, 3}));
    EXPECT_TRUE(buffer.empty());
}

TEST(Framing, EndlessNoiseOnASerialLineIsNotKept) {
    Bytes buffer;
    bool broken = false;
    for (int i = 0; i < 1000; ++i) {
        buffer.push_back(static_cast<std::uint8_t>(i * 7));
        if (buffer.size() > 16) {
            EXPECT_FALSE(take_request(Framing::rtu, buffer, broken));
            EXPECT_LT(buffer.size(), 8U);
        }
    }
    EXPECT_FALSE(broken);
}

TEST(Framing, TakesRtuWritesOfManyInPieces) {
    Bytes whole{17, 16, 0, 1, 0, 2, 4, 0, 10, 1, 2};
    const auto crc = crc16(whole);
    whole.push_back(static_cast<std::uint8_t>(crc));
    whole.push_back(static_cast<std::uint8_t>(crc >> 8));
    Bytes buffer{0xFF};
    bool broken = false;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        buffer.push_back(whole[i]);
        ASSERT_FALSE(take_request(Framing::rtu, buffer, broken)) << i;
    }
    buffer.push_back(whole.back());
    const auto request = take_request(Framing::rtu, buffer, broken);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->pdu, (Bytes{16, 0, 1, 0, 2, 4, 0, 10, 1, 2}));
    EXPECT_TRUE(buffer.empty());
}

TEST(Slave, TakesWritesWhereTheyAreAllowed) {
    RegisterBank bank;
    bank.define(Table::holding, 0, 10);
    bank.define(Table::coil, 0, 10);
    bank.allow_writes(Table::holding, 4, 2);
    bank.allow_writes(Table::coil, 4, 3);
    const auto answer = [&](const Bytes& request) { return answer_pdu(bank, {}, request); };
    EXPECT_EQ(answer({6, 0, 4, 0xAB, 0xCD}), (Bytes{6, 0, 4, 0xAB, 0xCD}));
    EXPECT_EQ((*bank.read(Table::holding, 4, 1))[0], 0xABCD);
    EXPECT_EQ(answer({16, 0, 4, 0, 2, 4, 0, 1, 0, 2}), (Bytes{16, 0, 4, 0, 2}));
    EXPECT_EQ((*bank.read(Table::holding, 5, 1))[0], 2);
    EXPECT_EQ(answer({5, 0, 5, 0xFF, 0}), (Bytes{5, 0, 5, 0xFF, 0}));
    EXPECT_EQ((*bank.read(Table::coil, 5, 1))[0], 1);
    EXPECT_EQ(answer({15, 0, 4, 0, 3, 1, 0x05}), (Bytes{15, 0, 4, 0, 3}));
    EXPECT_EQ((*bank.read(Table::coil, 4, 1))[0], 1);
    EXPECT_EQ((*bank.read(Table::coil, 5, 1))[0], 0);
}

TEST(Slave, RefusesWritesThatAreNotAllowedOrMalformed) {
    RegisterBank bank;
    bank.define(Table::holding, 0, 10);
    bank.define(Table::coil, 0, 10);
    bank.allow_writes(Table::holding, 4, 2);
    bank.allow_writes(Table::coil, 4, 3);
    const auto answer = [&](const Bytes& request) { return answer_pdu(bank, {}, request); };
    EXPECT_EQ(answer({6, 0, 3, 0, 1}), (Bytes{0x86, illegal_address}));
    EXPECT_EQ(answer({16, 0, 5, 0, 2, 4, 0, 1, 0, 2}), (Bytes{0x90, illegal_address}));
    EXPECT_EQ(answer({5, 0, 5, 0x12, 0x34}), (Bytes{0x85, illegal_value}));
    EXPECT_EQ(answer({16, 0, 4, 0, 2, 3, 0, 1, 0}), (Bytes{0x90, illegal_value}));
    EXPECT_EQ(answer({16, 0, 4, 0, 0, 0}), (Bytes{0x90, illegal_value}));
    EXPECT_EQ(answer({6, 0, 4}), (Bytes{0x86, illegal_value}));
    EXPECT_EQ((*bank.read(Table::holding, 4, 2))[0], 0);
}

TEST(Framing, FramesAnswers) {
    const Request request{.transaction = 0x0102, .unit = 9, .pdu = {}};
    EXPECT_EQ(frame_answer(Framing::tcp, request, Bytes{3, 2, 0, 5}),
              (Bytes{1, 2, 0, 0, 0, 5, 9, 3, 2, 0, 5}));
    const Bytes serial = frame_answer(Framing::rtu, request, Bytes{3, 2, 0, 5});
    ASSERT_EQ(serial.size(), 7U);
    EXPECT_EQ(crc16(serial), 0);  // a frame with its own CRC behind it
}

}  // namespace
}  // namespace sitepower::sim::slave_test
