// A bus with a device whose profile has a probe, against a slave that speaks real Modbus.
#include "drivers/profile/probe_inspector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "drivers/profile/expand.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/modbus_plans.hpp"
#include "tests/unit/drivers/profile/small_profile.hpp"

namespace sitepower::probe_inspector_test {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::FakeSlave;
using support::SeenRequest;
using support::Wire;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* probe =
    "{ address = 15, equals = [0x8100, 0x8200] }, { address = 30, between = [2, 5] }";

class ProbedBus : public testing::TestWithParam<Wire> {
  protected:
    ProbedBus() : slave_(GetParam()) {
        slave_.set_content([this](const SeenRequest&, std::uint16_t address) {
            const std::lock_guard lock(mutex_);
            return words_.contains(address) ? words_.at(address) : std::uint16_t{0};
        });
        slave_.set_manners([this](const SeenRequest& request) {
            const std::lock_guard lock(mutex_);
            if (words_.contains(request.question.address)) return Behaviour{};
            return Behaviour{.kind = Behaviour::Kind::exception, .exception = 0x02};
        });
    }
    void hold(std::map<std::uint16_t, std::uint16_t> words) {
        const std::lock_guard lock(mutex_);
        words_ = std::move(words);
    }
    modbus::UnitPlan plan() const {
        const Profile profile = small_profile(rows_);
        auto expanded =
            expand(profile, {.device = DeviceIndex{0}, .device_id = "UPS-01", .unit = 1, .periods = {}});
        EXPECT_TRUE(expanded);
        auto made = std::move(expanded->plan);
        made.timing.response_timeout = 300ms;
        made.timing.late_window = 600ms;
        made.inspector = std::make_shared<const ProbeInspector>(1, profile);
        return made;
    }
    modbus::BusSettings settings() const {
        modbus::BusSettings settings;
        settings.id = "room";
        settings.endpoint = slave_.endpoint();
        return settings;
    }
    // What the bus says of the device until it has failed or was read.
    std::string first_failure() {
        modbus::Bus bus(settings(), {plan()}, sink_);
        bus.start();
        EXPECT_TRUE(sink_.wait([&] { return !sink_.failures().empty() || !sink_.frames().empty(); }));
        bus.stop();
        return sink_.failures().empty() ? "" : sink_.failures().front().reason;
    }

    std::string rows_ = probe;
    std::mutex mutex_;
    std::map<std::uint16_t, std::uint16_t> words_;  // guarded by mutex_
    FakeSlave slave_;
    support::RecordingSink sink_;
};

INSTANTIATE_TEST_SUITE_P(Wires, ProbedBus, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(ProbedBus, WhatTheProfileIsForIsPolled) {
    hold({{15, 0x8200}, {30, 2}, {100, 7}});
    modbus::Bus bus(settings(), {plan()}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(3));
    bus.stop();
    EXPECT_THAT(sink_.failures(), IsEmpty());
    EXPECT_EQ(sink_.frames().front()->values.at(0), 7);
}

TEST_P(ProbedBus, AnotherDeviceIsNotBelieved) {
    hold({{15, 7}, {30, 2}, {100, 7}});
    const auto reason = first_failure();
    EXPECT_THAT(reason, HasSubstr("it is not what the profile \"small\" is for"));
    EXPECT_THAT(reason, HasSubstr("holding 15 (function 3) is 7 instead of one of 33024, 33280"));
    EXPECT_THAT(reason, testing::Not(HasSubstr("between"))) << "only what differs";
    EXPECT_THAT(reason, HasSubstr("skip_probe"));
    EXPECT_THAT(sink_.frames(), IsEmpty());
}

TEST_P(ProbedBus, ADeviceWithoutTheRegistersOfTheProbeIsAnotherOne) {
    hold({{15, 0x8200}, {100, 7}});
    EXPECT_THAT(first_failure(),
                HasSubstr("holding 30 (function 3) is refused by the device instead of 2 to 5"));
    EXPECT_THAT(sink_.frames(), IsEmpty());
}

class IdentifiedBus : public ProbedBus {
  protected:
    IdentifiedBus() {
        hold({{0, 0}, {100, 7}});
        // The slave's objects read "unit 1, object N".
        rows_ = R"({ object = 0x88, object_from = 0x87, starts_with = ["unit 1, object 136"] })";
    }
};

INSTANTIATE_TEST_SUITE_P(Wires, IdentifiedBus, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(IdentifiedBus, WhatNamesItselfIsPolled) {
    modbus::Bus bus(settings(), {plan()}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(3));
    bus.stop();
    EXPECT_THAT(sink_.failures(), IsEmpty());
    EXPECT_EQ(sink_.frames().front()->values.at(0), 7);
}

TEST_P(IdentifiedBus, WhatNamesItselfOtherwiseIsNot) {
    rows_ = R"({ object = 0x88, starts_with = ["1=UPS2000"] })";
    EXPECT_THAT(first_failure(), HasSubstr("identification object 0x88 (function 43) is \"unit 1, object "
                                           "136\" instead of a text that starts with \"1=UPS2000\""));
    EXPECT_THAT(sink_.frames(), IsEmpty());
}

TEST_P(IdentifiedBus, ALateAnswerDoesNotHoldItBackForLong) {
    slave_.set_manners([](const SeenRequest& request) {
        return request.question.identity && request.serial < 3
                   ? Behaviour{.kind = Behaviour::Kind::late, .delay = 450ms}
                   : Behaviour{};
    });
    modbus::Bus bus(settings(), {plan()}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(3));
    bus.stop();
    EXPECT_EQ(sink_.frames().front()->values.at(0), 7);
}

TEST_P(ProbedBus, TheRightDeviceIsReadAsSoonAsItIsThere) {
    hold({{15, 7}, {30, 2}, {100, 7}});
    modbus::Bus bus(settings(), {plan()}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.failures().empty(); }));
    hold({{15, 0x8100}, {30, 5}, {100, 9}});
    ASSERT_TRUE(sink_.wait_for_frames(1));
    bus.stop();
    EXPECT_EQ(sink_.frames().front()->values.at(0), 9);
}

TEST_P(ProbedBus, OfADeviceWithSeveralUnitsOnlyItsOwnIsAskedAndNamed) {
    hold({{100, 7}, {15, 1}, {30, 3}});
    auto own = plan();
    auto other = own;
    own.groups[0].layout = std::make_shared<Layout>(*own.groups[0].layout);
    other.unit = 12;
    modbus::Bus bus(settings(), {own, other}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return sink_.failures().size() >= 8; }));
    bus.stop();
    for (const auto& failure : sink_.failures()) EXPECT_THAT(failure.reason, HasSubstr("unit 1: it is not"));
    EXPECT_LT(slave_.requests(), 2 * sink_.failures().size()) << "it was asked again for the other unit";
}

}  // namespace
}  // namespace sitepower::probe_inspector_test
