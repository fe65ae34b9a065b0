#include "drivers/modbus/text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sitepower::modbus::text_test {
namespace {

using Words = std::vector<std::uint16_t>;

TextReading read(const Words& words, TextBytes bytes = TextBytes::both, Order order = Order::big,
                 char pad = ' ') {
    return decode_text(words, bytes, order, pad);
}

TEST(DecodeText, TwoCharactersToARegister) {
    EXPECT_EQ(read({18034, 28526, 26997, 29440}).text, "Fronius");
    EXPECT_EQ(read({0x4142, 0x2020}).text, "AB");
    EXPECT_EQ(read({0x4120, 0x4220}).text, "A B");
}

TEST(DecodeText, OrdersAndSingleBytes) {
    EXPECT_EQ(read({0x4241, 0x4443}, TextBytes::both, Order::little).text, "ABCD");
    EXPECT_EQ(read({0x0041, 0x0042}, TextBytes::low).text, "AB");
    EXPECT_EQ(read({0x4100, 0x4200}, TextBytes::high).text, "AB");
    EXPECT_EQ(read({0x4100, 0x4200}, TextBytes::low, Order::little).text, "AB");
}

TEST(DecodeText, EndsAtTheFirstNulAndDropsPadding) {
    EXPECT_EQ(read({0x4100, 0x4242}).text, "A");
    EXPECT_EQ(read({0x412D, 0x2D2D}, TextBytes::both, Order::big, '-').text, "A");
    EXPECT_EQ(read({0x412D, 0x2D2D}).text, "A---");
}

TEST(DecodeText, NothingIsNotImplemented) {
    EXPECT_EQ(read({0, 0, 0, 0}).quality, Quality::not_implemented);
    EXPECT_EQ(read({0x2020}).quality, Quality::not_implemented);
    EXPECT_EQ(read({0xFFFF, 0xFFFF}).quality, Quality::not_implemented);
    EXPECT_EQ(read({}).quality, Quality::not_implemented);
}

TEST(DecodeText, WhatIsNoTextIsOutOfRange) {
    EXPECT_EQ(read({0x4101}).quality, Quality::out_of_range);
    EXPECT_EQ(read({0x80FF}).quality, Quality::out_of_range);
}

TEST(DecodeText, AnyWordsEndAsPrintableTextOrNone) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        Words words(random() % 8);
        for (auto& word : words) word = static_cast<std::uint16_t>(random());
        const auto reading = read(words, static_cast<TextBytes>(random() % 3));
        EXPECT_EQ(reading.quality == Quality::good, !reading.text.empty());
        for (const char c : reading.text) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
    }
}

}  // namespace
}  // namespace sitepower::modbus::text_test
