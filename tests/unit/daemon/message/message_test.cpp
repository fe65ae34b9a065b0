#include "daemon/message/message.hpp"

#include <gtest/gtest.h>

namespace sitepower::message_test {
namespace {

TEST(Message, IdHoldsSiteEpochAndSequence) {
    const Epoch epoch{.bits = 0xab, .number = 3};
    EXPECT_EQ(message_id("DC-CNX-01", epoch.bits, epoch.key(42)), "DC-CNX-01-00000000000000ab-42");
}

TEST(Message, KeysOfALaterEpochAreLater) {
    const Epoch first{.bits = 9, .number = 1};
    const Epoch second{.bits = 1, .number = 2};
    EXPECT_LT(first.key(1'000'000'000), second.key(1));
    EXPECT_EQ(sequence_of(second.key(7)), 7U);
}

}  // namespace
}  // namespace sitepower::message_test
