// A bus with SunSpec devices, against a slave that speaks real Modbus.
#include "drivers/sunspec/inspector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "drivers/profile/expand.hpp"
#include "drivers/sunspec/profile.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/modbus_plans.hpp"
#include "tests/support/sunspec_map.hpp"

namespace sitepower::sunspec::inspector_test {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::FakeSlave;
using support::SeenRequest;
using support::shipped_models;
using support::SunspecMap;
using support::Wire;
using testing::HasSubstr;

SunspecMap inverter_map(std::uint16_t watts) {
    SunspecMap map;
    map.add_common("ACME", "Inv", "A");
    const int inverter = map.add(103, 50);
    map.set(inverter + shipped_models().find(103)->offset_of("W"), watts);
    map.end();
    return map;
}

class MapSink : public support::RecordingSink {
  public:
    void map_changed(DeviceIndex, std::string description, std::string problem) override {
        const std::lock_guard lock(mutex_);
        descriptions_.push_back(std::move(description));
        problem_ = std::move(problem);
    }
    std::vector<std::string> descriptions() const {
        const std::lock_guard lock(mutex_);
        return descriptions_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> descriptions_;
    std::string problem_;
};

class SunspecBus : public testing::TestWithParam<Wire> {
  protected:
    SunspecBus() : map_(inverter_map(1500)), slave_(GetParam()) {
        slave_.set_content([this](const SeenRequest&, std::uint16_t address) {
            const std::lock_guard lock(mutex_);
            const auto found = map_.words().find(address);
            return found == map_.words().end() ? std::uint16_t{0} : found->second;
        });
        slave_.set_manners([this](const SeenRequest& request) {
            const std::lock_guard lock(mutex_);
            const auto& asked = request.question;
            const bool there = map_.words().contains(asked.address) &&
                               map_.words().contains(asked.address + asked.count - 1);
            return there ? Behaviour{} : Behaviour{.kind = Behaviour::Kind::exception, .exception = 0x02};
        });
    }

    void become(SunspecMap map) {
        const std::lock_guard lock(mutex_);
        map_ = std::move(map);
    }

    modbus::UnitPlan plan(const std::optional<Chain>& known) {
        modbus::UnitPlan made{.device = DeviceIndex{0},
                              .device_id = "INV",
                              .unit = 1,
                              .limits = {},
                              .timing = {},
                              .groups = {}};
        if (known) {
            auto expanded = expand(
                make_profile(known->devices.at(0), shipped_models()).profile,
                {.device = DeviceIndex{0}, .device_id = "INV", .unit = 1, .periods = {{"fast", 20ms}}});
            made = std::move(expanded->plan);
        }
        made.timing.response_timeout = 300ms;
        made.timing.late_window = 600ms;
        made.inspector = std::make_shared<const ChainInspector>(
            1, known, std::make_shared<const Models>(shipped_models()));
        return made;
    }

    modbus::BusSettings settings() const {
        modbus::BusSettings settings;
        settings.id = "sunspec";
        settings.endpoint = slave_.endpoint();
        return settings;
    }

    std::mutex mutex_;
    SunspecMap map_;   // guarded by mutex_
    FakeSlave slave_;  // its thread reads the map until it is gone
    MapSink sink_;
};

INSTANTIATE_TEST_SUITE_P(Wires, SunspecBus, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(SunspecBus, ADeviceOfWhichNothingIsKnownIsDiscovered) {
    modbus::Bus bus(settings(), {plan(std::nullopt)}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.descriptions().empty(); }));
    bus.stop();
    schema::Diagnostics diagnostics;
    const auto chain = parse_chain(sink_.descriptions().front(), "chain", diagnostics);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->devices.at(0).serial, "A");
    EXPECT_EQ(chain->devices.at(0).models.at(1).id, 103);
    EXPECT_TRUE(sink_.frames().empty());
    EXPECT_TRUE(sink_.failures().empty()) << "it is being taken up";
}

TEST_P(SunspecBus, AKnownOneIsCheckedAndPolled) {
    const auto chain = discover(map_.reader(), shipped_models()).chain;
    modbus::Bus bus(settings(), {plan(chain)}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(3));
    bus.stop();
    EXPECT_TRUE(sink_.descriptions().empty());
    EXPECT_TRUE(sink_.failures().empty());
    const auto frame = sink_.frames().front();
    for (std::size_t i = 0; i < frame->values.size(); ++i) {
        if (frame->layout->points[i].name != "inverter.power_kw") continue;
        EXPECT_DOUBLE_EQ(frame->values[i], 1.5);
    }
}

TEST_P(SunspecBus, AfterAChangeNothingIsReadByTheOldMap) {
    const auto chain = discover(map_.reader(), shipped_models()).chain;
    SunspecMap other;
    other.add_common("ACME", "Meter", "B");
    other.add(203, 105);
    other.end();
    become(other);
    modbus::Bus bus(settings(), {plan(chain)}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.descriptions().empty() && !sink_.failures().empty(); }));
    bus.stop();
    EXPECT_TRUE(sink_.frames().empty());
    EXPECT_THAT(sink_.descriptions().front(), HasSubstr("id = 203"));
    EXPECT_THAT(sink_.failures().front().reason, HasSubstr("what it holds has changed"));
    EXPECT_EQ(sink_.descriptions().size(), 1U) << "and it is not walked through again and again";
}

TEST_P(SunspecBus, AMapThatChangesUnderAnOpenConnectionIsNoticedBeforeAValueIsTaken) {
    const auto chain = discover(map_.reader(), shipped_models()).chain;
    modbus::Bus bus(settings(), {plan(chain)}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(3));
    SunspecMap longer;
    longer.add_common("ACME", "Inv", "A");
    longer.add(64001, 3);
    const int inverter = longer.add(103, 50);
    for (int i = 2; i < 52; ++i) longer.set(inverter + i, 2222);
    longer.end();
    become(longer);
    ASSERT_TRUE(sink_.wait([&] { return !sink_.descriptions().empty(); }));
    bus.stop();
    EXPECT_THAT(sink_.descriptions().front(), HasSubstr("id = 64001"));
    ASSERT_FALSE(sink_.failures().empty());
    EXPECT_THAT(sink_.failures().front().reason, HasSubstr("is 64001, 3 instead of 103, 50"));
    for (const auto& frame : sink_.frames()) {
        for (std::size_t i = 0; i < frame->values.size(); ++i) {
            if (frame->layout->points[i].name != "inverter.power_kw") continue;
            EXPECT_EQ(frame->quality[i], Quality::good);
            EXPECT_DOUBLE_EQ(frame->values[i], 1.5);
        }
    }
}

TEST_P(SunspecBus, ADeviceThatWasExchangedWhileItWasAwayIsNoticed) {
    if (GetParam() == Wire::serial) GTEST_SKIP() << "a line cannot be cut";
    const auto chain = discover(map_.reader(), shipped_models()).chain;
    modbus::Bus bus(settings(), {plan(chain)}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait_for_frames(2));
    auto exchanged = inverter_map(0);
    exchanged.set_text(40052, "ANOTHER", 16);
    become(exchanged);
    slave_.drop_connections();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.descriptions().empty(); }));
    EXPECT_THAT(sink_.descriptions().front(), HasSubstr("ANOTHER"));
}

TEST_P(SunspecBus, ADeviceOfWhichNothingCanBeReadSaysWhy) {
    const auto chain = discover(map_.reader(), shipped_models()).chain;
    auto unit = plan(chain);
    unit.groups.clear();
    unit.problem = "none of its SunSpec models can be read";
    modbus::Bus bus(settings(), {unit}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.failures().empty(); }));
    EXPECT_THAT(sink_.failures().front().reason, HasSubstr(unit.problem));
}

TEST_P(SunspecBus, AnUnknownDeviceThatIsSilentIsOnlyOffline) {
    slave_.set_manners([](const SeenRequest&) { return Behaviour{.kind = Behaviour::Kind::silent}; });
    auto unit = plan(std::nullopt);
    unit.timing.response_timeout = 20ms;
    unit.timing.late_window = 40ms;
    modbus::Bus bus(settings(), {unit}, sink_);
    bus.start();
    ASSERT_TRUE(sink_.wait([&] { return !sink_.failures().empty(); }));
    EXPECT_THAT(sink_.failures().front().reason, HasSubstr("SunSpec discovery"));
    EXPECT_TRUE(sink_.descriptions().empty());
}

}  // namespace
}  // namespace sitepower::sunspec::inspector_test
