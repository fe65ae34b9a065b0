#include "daemon/publish/inbound_gate.hpp"

#include <gmock/gmock.h>

namespace sitepower::inbound_gate_test {
namespace {

using testing::ElementsAre;

const Steady start{};

InboundGate gate() {
    return InboundGate({{.topic = "root/command/a/ack"}, {.topic = "prices/nl", .may_be_retained = true}},
                       start);
}

TEST(InboundGate, ListensToDeclaredTopicsOnly) {
    const auto one = gate();
    EXPECT_TRUE(one.concerns("root/command/a/ack"));
    EXPECT_FALSE(one.concerns("root/command/b/ack"));
    EXPECT_THAT(one.filters(false), ElementsAre("root/command/a/ack"));
    EXPECT_THAT(one.filters(true), ElementsAre("prices/nl"));
}

TEST(InboundGate, DropsWhatIsOld) {
    auto one = gate();
    EXPECT_TRUE(one.judge({.topic = "root/command/a/ack", .payload = "{}"}, start));
    EXPECT_FALSE(one.judge({.topic = "root/command/a/ack", .payload = "{}", .retained = true}, start));
    EXPECT_FALSE(one.judge({.topic = "root/command/a/ack", .payload = "{}", .expiry_s = 0}, start));
    EXPECT_TRUE(one.judge({.topic = "prices/nl", .payload = "[1]", .retained = true}, start));
}

TEST(InboundGate, HasLimits) {
    auto one = gate();
    const std::string large(InboundGate::longest_payload + 1, ' ');
    EXPECT_FALSE(one.judge({.topic = "prices/nl", .payload = large}, start));
    int accepted = 0;
    for (int i = 0; i < 1000; ++i) accepted += one.judge({.topic = "prices/nl"}, start) ? 1 : 0;
    EXPECT_EQ(accepted, static_cast<int>(InboundGate::messages_per_second));
    EXPECT_TRUE(one.judge({.topic = "prices/nl"}, start + std::chrono::seconds{1}));
}

}  // namespace
}  // namespace sitepower::inbound_gate_test
