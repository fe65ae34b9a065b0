#include "drivers/modbus/bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_slave.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::FakeSlave;
using support::RecordingSink;
using support::SeenRequest;
using support::Wire;
using support::word_group;
using support::word_unit;
using testing::AllOf;
using testing::HasSubstr;
using Kind = Behaviour::Kind;

constexpr DeviceIndex device1{1};

BusSettings settings_for(const FakeSlave& slave) {
    BusSettings settings;
    settings.id = "bus-a";
    settings.endpoint = slave.endpoint();
    settings.connect_timeout = 500ms;
    return settings;
}

class BusOnEachWire : public testing::TestWithParam<Wire> {};

std::string name_of_wire(const testing::TestParamInfo<Wire>& wire) {
    switch (wire.param) {
        case Wire::tcp:
            return "Tcp";
        case Wire::rtu_over_tcp:
            return "RtuOverTcp";
        case Wire::serial:
            break;
    }
    return "Serial";
}

INSTANTIATE_TEST_SUITE_P(Wires, BusOnEachWire, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial),
                         name_of_wire);

TEST_P(BusOnEachWire, DeliversFramesOfWhatWasRead) {
    FakeSlave slave(GetParam());
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 10ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(3));
    bus.stop();
    const auto frame = sink.frames().front();
    EXPECT_EQ(frame->layout->group, "fast");
    EXPECT_EQ(frame->values, (std::vector<double>{100, 1, 0, 1}));
    EXPECT_THAT(frame->quality, testing::Each(Quality::good));
    EXPECT_LT(std::chrono::system_clock::now() - frame->time, 10s);
    EXPECT_GE(bus.counters().answers, 3U);
    EXPECT_EQ(bus.counters().connects, 1U);
    EXPECT_GE(bus.counters(device1).polls, 3U);
    EXPECT_FALSE(bus.counters().connected);
    EXPECT_TRUE(sink.failures().empty());
}

}  // namespace
}  // namespace sitepower::modbus
