#include "bench/harness/register_image.hpp"

#include <gtest/gtest.h>

namespace sitepower::bench {
namespace {

using std::chrono::microseconds;

SteadyTime at(std::int64_t us) {
    return SteadyTime(microseconds{us});
}

std::uint32_t u32_at(const std::vector<std::uint8_t>& bytes, std::size_t offset) {
    return std::uint32_t{bytes[offset]} << 24 | std::uint32_t{bytes[offset + 1]} << 16 |
           std::uint32_t{bytes[offset + 2]} << 8 | bytes[offset + 3];
}

TEST(Stamp, TellsTimePassedAlsoWhereItStartsOver) {
    EXPECT_EQ(since_stamp(stamp(at(5'000)), at(5'250)), microseconds{250});
    EXPECT_EQ(since_stamp(stamp(at(2'999'999'900)), at(3'000'000'100)), microseconds{200});
    EXPECT_EQ(since_stamp(stamp(at(7)), at(7)), microseconds{0});
}

TEST(Stamp, HasAlwaysTenDigits) {
    for (const std::int64_t us : {std::int64_t{0}, std::int64_t{2'999'999'999}, std::int64_t{3'000'000'000},
                                  std::int64_t{123'456'789'012'345}}) {
        EXPECT_EQ(std::to_string(stamp(at(us))).size(), 10U) << us;
    }
}

TEST(ModbusRequest, ReadsRequestsForRegisters) {
    const std::vector<std::uint8_t> bytes{0x12, 0x34, 0, 0, 0, 6, 7, 4, 0x01, 0x02, 0, 100};
    const auto request = parse_request(bytes);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->transaction, 0x1234);
    EXPECT_EQ(request->unit, 7);
    EXPECT_EQ(request->function, 4);
    EXPECT_EQ(request->address, 0x0102);
    EXPECT_EQ(request->count, 100);
}

TEST(ModbusRequest, RefusesAllOthers) {
    std::vector<std::uint8_t> write{0, 1, 0, 0, 0, 6, 1, 6, 0, 0, 0, 1};
    EXPECT_FALSE(parse_request(write));
    write[7] = 3;
    EXPECT_TRUE(parse_request(write));
    EXPECT_FALSE(parse_request(std::span(write).first(11)));
    write[2] = 1;
    EXPECT_FALSE(parse_request(write));
}

TEST(RegisterImage, StampsAndNumbersItsAnswers) {
    RegisterImage image(ImageKind::stamped, 1);
    const ReadRequest request{.transaction = 9, .unit = 1, .function = 3, .address = 0, .count = 100};
    image.answer(request, at(1));
    const auto bytes = image.answer(request, at(2'000));
    ASSERT_EQ(bytes.size(), 9U + 200U);
    EXPECT_EQ(bytes[1], 9);
    EXPECT_EQ(bytes[4] << 8 | bytes[5], 3 + 200);
    EXPECT_EQ(bytes[7], 3);
    EXPECT_EQ(bytes[8], 200);
    EXPECT_EQ(u32_at(bytes, 9), stamp(at(2'000)));
    EXPECT_EQ(u32_at(bytes, 13), 2U);
}

TEST(RegisterImage, AnswersPartsOfItself) {
    RegisterImage image(ImageKind::jar, 1);
    const auto bytes =
        image.answer({.transaction = 1, .unit = 3, .function = 4, .address = 5, .count = 1}, at(0));
    ASSERT_EQ(bytes.size(), 11U);
    EXPECT_EQ(bytes[6], 3);
    EXPECT_EQ(bytes[9] << 8 | bytes[10], 987);
}

TEST(RegisterImage, RefusesWhatLiesBeyondItself) {
    RegisterImage image(ImageKind::jar, 1);
    for (const auto& [address, count] :
         {std::pair{0, 7}, std::pair{6, 1}, std::pair{0, 0}, std::pair{65535, 2}}) {
        const auto bytes = image.answer({.transaction = 1,
                                         .unit = 1,
                                         .function = 3,
                                         .address = static_cast<std::uint16_t>(address),
                                         .count = static_cast<std::uint16_t>(count)},
                                        at(0));
        EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0, 1, 0, 0, 0, 3, 1, 0x83, 2}))
            << address << " " << count;
    }
}

}  // namespace
}  // namespace sitepower::bench
