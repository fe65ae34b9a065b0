#include "drivers/modbus/identification.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sitepower::modbus::identification_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The answer of a Huawei UPS2000 as its public driver describes it: one device and its description.
Bytes huawei() {
    Bytes pdu{0x2B, 0x0E, 0x03, 0x03, 0x00, 0x00, 0x02, 0x87, 0x04, 0, 0, 0, 1, 0x88, 9};
    for (const char c : std::string("1=UPS2000")) pdu.push_back(static_cast<std::uint8_t>(c));
    return pdu;
}
constexpr IdentityObject description{.first = 0x87, .object = 0x88};

TEST(Identification, AsksForTheStreamThatHoldsTheObject) {
    EXPECT_EQ(identity_request(description), (std::array<std::uint8_t, 4>{0x2B, 0x0E, 0x03, 0x87}));
    EXPECT_EQ(identity_request({.first = 0, .object = 1}),
              (std::array<std::uint8_t, 4>{0x2B, 0x0E, 0x01, 0x00}));
    EXPECT_EQ(identity_request({.first = 4, .object = 4}),
              (std::array<std::uint8_t, 4>{0x2B, 0x0E, 0x02, 0x04}));
}

TEST(Identification, FindsTheEndByTheObjects) {
    const auto pdu = huawei();
    for (std::size_t size = 0; size < pdu.size(); ++size) {
        const auto told = identity_size(std::span(pdu).first(size));
        EXPECT_TRUE(!told || *told == pdu.size()) << size;
    }
    EXPECT_EQ(identity_size(pdu), pdu.size());
    EXPECT_EQ(identity_size(Bytes{0x2B, 0x0D}), 0U) << "another type";
    EXPECT_EQ(identity_size(Bytes{0x03}), 0U);
    EXPECT_EQ(identity_size(Bytes{0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 0xFF}), 0U) << "longer than any answer";
}

TEST(Identification, GivesTheTextAsked) {
    const auto pdu = huawei();
    EXPECT_TRUE(is_identity_of(pdu, description));
    std::vector<std::uint16_t> words(8, 0xABCD);
    ASSERT_TRUE(unpack_identity(pdu, description, words));
    EXPECT_EQ(words, (std::vector<std::uint16_t>{0x313D, 0x5550, 0x5332, 0x3030, 0x3000, 0, 0, 0}));
    EXPECT_FALSE(unpack_identity(pdu, {.first = 0x87, .object = 0x89}, words));
}

TEST(Identification, AnAnswerToAnotherRequestIsNotOurs) {
    const auto pdu = huawei();
    EXPECT_FALSE(is_identity_of(pdu, {.first = 0x88, .object = 0x88}));
    EXPECT_FALSE(is_identity_of(pdu, {.first = 0, .object = 0}));
    // A device that does not know the object begins at 0: it is not there.
    const Bytes other{0x2B, 0x0E, 0x03, 0x03, 0, 0, 1, 0x00, 1, 'A'};
    std::vector<std::uint16_t> words(1);
    EXPECT_TRUE(is_identity_of(other, description));
    EXPECT_FALSE(unpack_identity(other, description, words));
}

TEST(Identification, NoObjectsIsAnAnswer) {
    const Bytes none{0x2B, 0x0E, 0x03, 0x03, 0, 0, 0};
    EXPECT_EQ(identity_size(none), 7U);
    std::vector<std::uint16_t> words(1);
    EXPECT_FALSE(unpack_identity(none, description, words));
}

}  // namespace
}  // namespace sitepower::modbus::identification_test
