// Orders on their way to a bus and back, against a slave that speaks real Modbus.
#include "daemon/app/bus_commands.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/executor/bus_inbox.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::bus_commands_test {
namespace {

using namespace std::chrono_literals;
using modbus::WriteOutcome;
using modbus::WriteReport;

constexpr DeviceIndex device0{0};

class BusCommandsTest : public testing::Test {
  protected:
    BusCommandsTest() {
        auto model = std::make_shared<SiteModel>();
        model->devices.resize(1);
        model->devices[0].id = "BMS-01";
        model->devices[0].bus = "pack";
        config_.model = model;
        DeviceCommand start;
        start.name = "start";
        start.order.request = {.unit = 1, .address = 7, .words = {1}};
        config_.commands = {{device0, true, start}};
    }
    void run_bus() {
        auto unit = support::word_unit(1, 20ms);
        unit.device = device0;
        config::BusConfig bus;
        bus.settings.id = "pack";
        bus.settings.endpoint = slave_.endpoint();
        bus.units = {unit};
        buses_.start(buses_.make(bus));
    }
    Status order(std::optional<WriteReport>& told) {
        auto planned = desk_.plan(device0, "start", {});
        EXPECT_TRUE(planned);
        return desk_.order(std::move(*planned), [&](WriteReport report) { told = std::move(report); });
    }
    void take_reports() {
        std::vector<WriteReport> reports;
        inbox_.drain_reports(reports);
        for (auto& report : reports) desk_.finished(std::move(report));
    }
    void wait_for(const std::optional<WriteReport>& told) {
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!told && std::chrono::steady_clock::now() < until) take_reports();
    }

    support::FakeSlave slave_{support::Wire::tcp};
    BusInbox inbox_;
    config::Config config_;
    BusSet buses_{inbox_};
    BusCommands desk_{config_, buses_};
};

TEST_F(BusCommandsTest, TellsWhoOrderedWhatCameOfIt) {
    run_bus();
    std::optional<WriteReport> first;
    std::optional<WriteReport> second;
    ASSERT_TRUE(order(first));
    ASSERT_TRUE(order(second));
    wait_for(second);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->outcome, WriteOutcome::accepted) << first->reason;
    EXPECT_NE(first->id, second->id);
}

TEST_F(BusCommandsTest, TellsABusThatIsGone) {
    std::optional<WriteReport> told;
    const auto ordered = order(told);
    ASSERT_FALSE(ordered);
    EXPECT_EQ(ordered.error().code, ErrorCode::service_unavailable);
    EXPECT_FALSE(told);
}

TEST_F(BusCommandsTest, WhatABusThatEndsHasLeftIsTold) {
    slave_.set_manners([](const support::SeenRequest& request) {
        return support::Behaviour{.kind = request.write ? support::Behaviour::Kind::silent
                                                        : support::Behaviour::Kind::answer};
    });
    run_bus();
    std::vector<std::optional<WriteReport>> told(20);
    std::size_t taken = 0;
    while (taken < told.size() && order(told[taken])) ++taken;
    EXPECT_EQ(taken, 16U) << "no more wait at a bus";
    buses_.stop_all();
    take_reports();
    for (std::size_t i = 0; i < taken; ++i) {
        ASSERT_TRUE(told[i]) << i;
        EXPECT_NE(told[i]->outcome, WriteOutcome::accepted);
    }
}

}  // namespace
}  // namespace sitepower::bus_commands_test
