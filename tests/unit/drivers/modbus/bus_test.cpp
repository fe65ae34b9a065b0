#include "drivers/modbus/bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "drivers/modbus/steady_time.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/fault_recovery.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::modbus::bus_test {
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
    ASSERT_TRUE(bus.counters().latency_ms);
    EXPECT_GT(*bus.counters().latency_ms, 0);
    EXPECT_LT(*bus.counters().latency_ms, 1000);
    EXPECT_GE(bus.counters(device1).polls, 3U);
    EXPECT_FALSE(bus.counters().connected);
    EXPECT_TRUE(sink.failures().empty());
}

TEST_P(BusOnEachWire, ALateAnswerIsNeverTakenAndTheLineRecovers) {
    FakeSlave slave(GetParam());
    // Two groups of one size: the late answer of one would look like data of the other.
    auto unit = word_unit(1, 0ms, 100, 8);
    unit.groups.push_back(word_group(device1, "slow", 0ms, 200, 8));
    unit.timing.response_timeout = 60ms;
    unit.timing.late_window = 1000ms;
    slave.set_manners([](const SeenRequest& request) {
        const auto lateness = std::chrono::milliseconds(70 + request.serial % 13);
        return request.serial % 12 == 5 ? Behaviour{.kind = Kind::late, .delay = lateness}
                                        : Behaviour{.delay = 2ms};
    });
    RecordingSink sink;
    std::atomic<int> wrong = 0;
    sink.on_frame = [&](const Frame& frame) {
        const auto address = frame.layout->group == "fast" ? 100 : 200;
        const auto serial = static_cast<std::uint64_t>(frame.values[3]);
        if (frame.values[0] != address || serial != slave.requests()) ++wrong;
    };
    Bus bus(settings_for(slave), {unit}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(150, 30s));
    bus.stop();
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(bus.counters().quarantines > 0, GetParam() != Wire::tcp);
    EXPECT_GE(bus.counters().timeouts, 1U);
}

TEST_P(BusOnEachWire, StopsAtOnceWhateverItWaitsFor) {
    FakeSlave slave(GetParam());
    slave.set_manners([](const SeenRequest& request) {
        return Behaviour{.kind = request.question.unit == 2 ? Kind::silent : Kind::answer};
    });
    auto silent = word_unit(2, 1h);
    silent.timing.response_timeout = 60s;
    for (const auto& unit : {word_unit(1, 1h), silent}) {
        RecordingSink sink;
        Bus bus(settings_for(slave), {unit}, sink);
        bus.start();
        ASSERT_TRUE(sink.wait([&] { return slave.requests(unit.unit) > 0; }));
        const auto start = steady_now();
        bus.stop();
        EXPECT_LT(steady_now() - start, 5s);
    }
}

TEST_P(BusOnEachWire, ReasonsNameBusDeviceUnitAddressAndMeaning) {
    FakeSlave slave(GetParam());
    slave.set_manners(
        [](const SeenRequest&) { return Behaviour{.kind = Kind::exception, .exception = 0x04}; });
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 1h)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait([&] { return !sink.failures().empty(); }));
    EXPECT_EQ(
        sink.failures()[0].reason,
        "bus bus-a, device device-1, unit 1: holding 100-103 (function 3): exception 0x04: device failure");
    EXPECT_EQ(sink.failures()[0].device, device1);
    EXPECT_EQ(bus.counters(device1).failures, 1U);
    EXPECT_EQ(bus.counters(device1).exceptions, 1U);
}

TEST_P(BusOnEachWire, ABusyDeviceIsAskedAgainLater) {
    FakeSlave slave(GetParam());
    slave.set_manners([](const SeenRequest& request) {
        return request.serial <= 2 ? Behaviour{.kind = Kind::exception, .exception = 0x06} : Behaviour{};
    });
    auto unit = word_unit(1, 1h);
    unit.timing.busy_wait = 10ms;
    RecordingSink sink;
    Bus bus(settings_for(slave), {unit}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(1));
    EXPECT_EQ(slave.requests(), 3U);
    EXPECT_TRUE(sink.failures().empty());
}

TEST_P(BusOnEachWire, ASilentUnitOfAGatewayIsNotTheGateway) {
    FakeSlave slave(GetParam());
    slave.set_manners([](const SeenRequest& request) {
        return request.question.unit == 2 ? Behaviour{.kind = Kind::exception, .exception = 0x0B}
                                          : Behaviour{};
    });
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 10ms), word_unit(2, 10ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(20));
    bus.stop();
    EXPECT_EQ(bus.counters().connects, 1U);
    EXPECT_EQ(sink.frames(device1).size(), sink.frames().size());
    EXPECT_LE(slave.requests(2), 2U) << "and it is asked less and less";
    ASSERT_FALSE(sink.failures().empty());
    EXPECT_THAT(sink.failures()[0].reason,
                HasSubstr("unit 2: holding 100-103 (function 3): exception 0x0B: gateway"));
}

TEST_P(BusOnEachWire, ARegisterThatIsNotThereCostsOnlyItself) {
    FakeSlave slave(GetParam());
    slave.set_manners([](const SeenRequest& request) {
        const auto& asked = request.question;
        const bool touches = asked.address <= 102 && 102 < asked.address + asked.count;
        return touches ? Behaviour{.kind = Kind::exception, .exception = 0x02} : Behaviour{};
    });
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 10ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(5));
    bus.stop();
    const auto frame = sink.frames().back();
    EXPECT_EQ(frame->quality[1], Quality::good);
    EXPECT_EQ(frame->quality[2], Quality::not_implemented);
    EXPECT_EQ(frame->quality[3], Quality::good);
    EXPECT_LE(bus.counters().exceptions, 3U);
}

// How long after `again` the next frame came.
SteadySpan time_to_next_frame(RecordingSink& sink, SteadyTime again) {
    const auto before = sink.frames().size();
    EXPECT_TRUE(sink.wait_for_frames(before + 1));
    return steady_now() - again;
}

TEST(BusOverTcp, AConnectionThatWasCutIsBackAtOnce) {
    FakeSlave slave(Wire::tcp);
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 20ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(2));
    slave.drop_connections();
    EXPECT_LT(time_to_next_frame(sink, steady_now()), 2s);
    EXPECT_EQ(bus.counters().connects, 2U);
    EXPECT_TRUE(sink.failures().empty()) << "no poll was lost";
}

TEST(BusOverTcp, ADeviceThatWasAwayIsPolledWithinTwoSeconds) {
    FakeSlave slave(Wire::tcp);
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 1h), word_unit(2, 50ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(2));
    slave.go_away();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 4; }));
    EXPECT_THAT(sink.failures().back().reason,
                AllOf(HasSubstr("bus bus-a, device device-2, unit 2"),
                      HasSubstr("cannot connect to 127.0.0.1:"), HasSubstr("Connection refused")));
    slave.come_back();
    EXPECT_LT(time_to_next_frame(sink, steady_now()), 2s);
}

TEST(BusOverTcp, ADeviceThatHungIsPolledWithinTwoSeconds) {
    FakeSlave slave(Wire::tcp);
    std::atomic<bool> hung = true;
    slave.set_manners(
        [&](const SeenRequest&) { return Behaviour{.kind = hung ? Kind::silent : Kind::answer}; });
    auto unit = word_unit(1, 50ms);
    unit.timing.response_timeout = 100ms;
    RecordingSink sink;
    Bus bus(settings_for(slave), {unit}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 3; }));
    hung = false;
    EXPECT_LT(time_to_next_frame(sink, steady_now()), 2s);
}

TEST(BusOverTcp, HoldsExactlyOneConnection) {
    FakeSlave slave(Wire::tcp);
    slave.limit_connections(1);
    slave.set_manners([](const SeenRequest& request) {
        return Behaviour{.kind = request.serial % 10 == 0 ? Kind::silent : Kind::answer};
    });
    auto unit = word_unit(1, 0ms);
    unit.timing.response_timeout = 50ms;
    auto settings = settings_for(slave);
    settings.reconnect_min = 20ms;
    RecordingSink sink;
    Bus bus(settings, {unit}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(40));
}

TEST(BusOverTcp, APeerThatOnlyDropsConnectionsIsLeftAloneForAWhile) {
    FakeSlave slave(Wire::tcp);
    slave.refuse_connections(true);
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 1ms)}, sink);
    const auto start = steady_now();
    bus.start();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 2; }));
    bus.stop();
    const auto most = 3 + 4 * static_cast<std::uint64_t>((steady_now() - start) / 1s + 1);
    EXPECT_LE(slave.connections(), most);
    slave.refuse_connections(false);
}

TEST(BusOverTcp, CountsWhatItCannotAskWithoutAConnection) {
    FakeSlave slave(Wire::tcp);
    auto settings = settings_for(slave);
    std::get<TcpEndpoint>(settings.endpoint).port = 1;  // nobody listens there
    RecordingSink sink;
    Bus bus(settings, {word_unit(1, 1ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 2; }));
    bus.stop();
    EXPECT_EQ(bus.counters().requests, 0U);
    EXPECT_GE(bus.counters().unsent, 2U);
}

TEST(BusOverTcp, ClosesAfterEachCycleWhenToldSo) {
    FakeSlave slave(Wire::tcp);
    auto settings = settings_for(slave);
    settings.close_after_cycle = true;
    RecordingSink sink;
    Bus bus(settings, {word_unit(1, 100ms), word_unit(2, 100ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(6));
    bus.stop();
    EXPECT_GE(bus.counters().connects, 2U);
    EXPECT_TRUE(sink.failures().empty());
}

TEST(BusOverTcp, KeepsTheGapBetweenRequests) {
    FakeSlave slave(Wire::tcp);
    auto unit = word_unit(1, 0ms);
    unit.timing.frame_gap = 20ms;
    RecordingSink sink;
    Bus bus(settings_for(slave), {unit}, sink);
    const auto start = steady_now();
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(11));
    EXPECT_GE(steady_now() - start, 200ms);
}

TEST(BusOverTcp, ShowsThatItIsAliveWhileItHasNothingToDo) {
    FakeSlave slave(Wire::tcp);
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 1h)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(1));
    ASSERT_TRUE(sink.wait([&] { return bus.since_progress() > 500ms; }));
    EXPECT_TRUE(sink.wait([&] { return bus.since_progress() < 500ms; })) << "woke up by itself";
    EXPECT_GT(bus.progress_limit(), 5s);
}

TEST(BusOverTcp, AHungDeviceDoesNotDelayAnotherBus) {
    FakeSlave hung(Wire::tcp);
    hung.set_manners([](const SeenRequest&) { return Behaviour{.kind = Kind::silent}; });
    FakeSlave healthy(Wire::tcp);
    auto stuck = word_unit(1, 10ms);
    stuck.timing.response_timeout = 60s;
    RecordingSink sink;
    Bus first(settings_for(hung), {stuck}, sink);
    Bus second(settings_for(healthy), {word_unit(2, 10ms)}, sink);
    first.start();
    ASSERT_TRUE(sink.wait([&] { return hung.requests() > 0; }));
    second.start();
    EXPECT_TRUE(sink.wait_for_frames(50));
    EXPECT_EQ(hung.requests(), 1U) << "the first is still waiting for its answer";
}

// Issue 2's gateway at a quarter of its times: one dead unit behind 36 others.
TEST_P(BusOnEachWire, OneDeadUnitBehind36CostsTheOthersNearlyNothing) {
    constexpr auto period = 500ms;
    FakeSlave slave(GetParam());
    slave.set_manners([](const SeenRequest& request) {
        return request.question.unit == 20 ? Behaviour{.kind = Kind::silent} : Behaviour{.delay = 1ms};
    });
    std::vector<UnitPlan> units;
    for (int i = 1; i <= 37; ++i) {
        units.push_back(word_unit(i, period));
        units.back().timing.response_timeout = 150ms;
    }
    RecordingSink sink;
    Bus bus(settings_for(slave), units, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(36 * 8, 30s));
    bus.stop();
    const auto frames_of = [&](int unit) { return sink.frames(static_cast<DeviceIndex>(unit)); };
    for (int i = 1; i <= 37; ++i) {
        if (i == 20) continue;
        const auto frames = frames_of(i);
        EXPECT_GE(frames.size(), 7U) << "unit " << i;
        for (std::size_t k = 1; k < frames.size(); ++k) {
            EXPECT_LE(frames[k]->time - frames[k - 1]->time, 2 * period) << "unit " << i;
        }
    }
    EXPECT_EQ(bus.counters().missed_polls, 0U);
    EXPECT_TRUE(frames_of(20).empty());
    EXPECT_GE(slave.requests(20), 3U);
    EXPECT_LE(slave.requests(20), 10U) << "once per period, in the pause";
}

// Its two requests are as long as can be, so that only the window tells a repeated answer of the first from
// the answer of the second.
TEST_P(BusOnEachWire, AUnitThatRepeatsAnswersIsReadInAllItsLength) {
    FakeSlave slave(GetParam());
    auto unit = word_unit(1, 50ms, 100, 250);
    unit.timing.repeats_answers = true;
    unit.timing.late_window = 100ms;
    slave.set_manners([](const SeenRequest&) { return Behaviour{.kind = Kind::duplicate, .delay = 20ms}; });
    RecordingSink sink;
    Bus bus(settings_for(slave), {unit}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(4, 30s));
    bus.stop();
    for (const auto& frame : sink.frames()) EXPECT_THAT(frame->quality, testing::Each(Quality::good));
    EXPECT_TRUE(sink.failures().empty());
}

TEST_P(BusOnEachWire, WhatRefusesEverythingIsNotAskedWithoutAPause) {
    FakeSlave slave(GetParam());
    slave.set_manners(
        [](const SeenRequest&) { return Behaviour{.kind = Kind::exception, .exception = 0x02}; });
    RecordingSink sink;
    Bus bus(settings_for(slave), {word_unit(1, 0ms)}, sink);
    bus.start();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() == 2; }));
    const auto told = steady_now();
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 4; }));
    EXPECT_GT(steady_now() - told, 1s);
}

// While the second unit was well, the first one's probe was put off by nine times what it had cost.
TEST_P(BusOnEachWire, ALineThatDiesUnitByUnitIsProbedAtTheDeadLinesPace) {
    std::atomic<bool> dead = false;
    FakeSlave slave(GetParam());
    slave.set_manners(
        [&](const SeenRequest&) { return Behaviour{.kind = dead ? Kind::silent : Kind::answer}; });
    std::vector<UnitPlan> units{word_unit(1, 1000ms), word_unit(2, 1000ms)};
    for (auto& unit : units) unit.timing.response_timeout = 500ms;
    RecordingSink sink;
    Bus bus(settings_for(slave), units, sink);
    bus.start();
    ASSERT_TRUE(sink.wait_for_frames(4));
    dead = true;
    ASSERT_TRUE(sink.wait([&] { return sink.failures().size() >= 2; }));
    const auto died = steady_now();
    const auto asked = slave.requests();
    ASSERT_TRUE(sink.wait([&] { return slave.requests() > asked; }));
    EXPECT_LT(steady_now() - died, 3s) << "half a second and a time-out later, and not four and a half";
}

// The fault lasts so long that a busy line would look for the unit every ten seconds only.
TEST_P(BusOnEachWire, AUnitThatWasDeadForLongIsBackWithinAWindowAndACycle) {
    support::RecoveryPlan plan{.wire = GetParam(), .only_unit = 2};
    plan.fault_for = 4000ms;
    plan.period = 400ms;
    plan.response_timeout = 60ms;
    plan.late_window = 400ms;
    // A loaded machine may be late itself; without the probes in pauses it takes seconds.
    EXPECT_LT(support::time_to_recover(plan), plan.allowed() + 400ms);
}

}  // namespace
}  // namespace sitepower::modbus::bus_test
