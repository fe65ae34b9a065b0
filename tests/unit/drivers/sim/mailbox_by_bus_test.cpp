// A mailbox from end to end: a device of a profile, served over a real socket and a real pseudo-terminal
// beside another device, and read by a bus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "drivers/modbus/bus.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/sim/profile_device.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::sim::mailbox_by_bus_test {
namespace {

using namespace std::chrono_literals;
using Manner = ServedMailbox::Manner;
using testing::Contains;
using testing::HasSubstr;

constexpr int indices = 3;
constexpr DeviceIndex mailbox_device{0};
constexpr DeviceIndex neighbour{2};

Profile profile_of(const std::string& mailbox) {
    schema::Diagnostics diagnostics;
    auto profile = parse_profile(R"(
schema = 1
id = "rack"
kind = "bms"
manufacturer = "Maker"
models = ["Rack"]
poll_ms = { fast = 50, cells = 200 }
defaults = { poll = "fast" }
timing = { response_timeout_ms = 150, late_window_ms = 300, write_settle_ms = 10 }
points = [{ name = "soc_pct", address = 0, unit = "%" }]
mailboxes = [{ name = "cells", request_address = 100, request = [0], indices = [1, 2, 3], poll = "cells", ready_within_ms = 300, )" +
                                     mailbox + R"( }]
[[groups]]
name = "module{m}.cell{c}"
address = 0
repeat = [{ index = "m", count = 3, stride = 8 }, { index = "c", count = 8, stride = 1 }]
points = [{ name = "voltage_v", address = 0, scale = 0.001, unit = "V", mailbox = "cells" }]
)",
                                 "rack.toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

// The index stands before the window: one answer holds both. Or far from it, and the window is read twice.
const std::map<std::string, std::string> kinds{
    {"near", "ready_address = 110, window_address = 111, window_length = 8"},
    {"far",
     "ready_address = 101, ready = 0x8801, index_address = 102, window_address = 200, "
     "window_length = 4, windows = 2"}};

struct Line {
    std::string name;
    std::string kind;
    bool serial = false;
};

class MailboxByBus : public testing::TestWithParam<Line> {
  protected:
    MailboxByBus()
        : profile_(profile_of(kinds.at(GetParam().kind))),
          served_(profile_, "BMS-01", 1),
          link_(std::filesystem::path(testing::TempDir()) / ("mailbox-" + std::to_string(getpid()))) {
        other_.id = 2;
        other_.bank.define(modbus::Table::holding, 100, 4);
        channel_ = GetParam().serial ? server_.add_serial(link_) : server_.add_tcp(0);
        server_.add_unit(channel_, served_.units().front());
        server_.add_unit(channel_, other_);
    }
    ~MailboxByBus() override {
        bus_.reset();
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

    ServedMailbox& mailbox() { return served_.units().front().mailboxes.front(); }
    RegisterBank& bank() { return served_.units().front().bank; }

    void run() {
        thread_ = std::thread([this] {
            while (!stop_) server_.run_once(5ms);
        });
        modbus::BusSettings settings;
        settings.id = "bus";
        if (GetParam().serial) {
            modbus::SerialEndpoint line;
            line.path = link_;
            line.baud = 115'200;
            settings.endpoint = line;
        } else {
            settings.endpoint = modbus::TcpEndpoint{.host = "127.0.0.1", .port = server_.port(channel_)};
        }
        auto other = support::word_unit(2, 50ms);
        other.timing.response_timeout = 150ms;
        other.timing.late_window = 300ms;
        bus_.emplace(settings, std::vector{served_.device().plan, other}, sink_);
        bus_->start();
    }

    // The frames of an index, so far.
    std::vector<FramePtr> frames_of(int index) const {
        auto frames = sink_.frames(mailbox_device);
        std::erase_if(frames, [&](const FramePtr& frame) {
            return frame->layout->group != "cells." + std::to_string(index);
        });
        return frames;
    }
    bool wait_for_each(std::size_t count) {
        return sink_.wait([&] {
            for (int index = 1; index <= indices; ++index) {
                if (frames_of(index).size() < count) return false;
            }
            return true;
        });
    }
    // Whatever is good is right. Gives how many were good.
    int check(int index) {
        int good = 0;
        for (const auto& frame : frames_of(index)) {
            for (std::size_t i = 0; i < frame->values.size(); ++i) {
                if (frame->quality[i] != Quality::good) continue;
                ++good;
                EXPECT_NEAR(frame->values[i], served_.served().at(frame->layout->points[i].name), 1e-9)
                    << frame->layout->points[i].name;
            }
        }
        return good;
    }
    std::vector<std::string> reasons() const {
        std::vector<std::string> reasons;
        for (const auto& failure : sink_.failures()) reasons.push_back(failure.reason);
        return reasons;
    }

    Profile profile_;
    ProfileDevice served_;
    std::filesystem::path link_;
    Unit other_;
    Server server_;
    std::size_t channel_ = 0;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
    support::RecordingSink sink_;
    std::optional<modbus::Bus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Lines, MailboxByBus,
                         testing::Values(Line{"tcp_near", "near"}, Line{"tcp_far", "far"},
                                         Line{"serial_near", "near", true}, Line{"serial_far", "far", true}),
                         [](const auto& line) { return line.param.name; });

TEST_P(MailboxByBus, TheWordsOfEachIndexArrive) {
    run();
    ASSERT_TRUE(wait_for_each(2));
    bus_->stop();
    for (const auto& reason : reasons()) ADD_FAILURE() << reason;
    for (int index = 1; index <= indices; ++index) EXPECT_GE(check(index), 16);
    const auto& points = served_.device().points;
    EXPECT_EQ(points.size(), 1U + 3 * 8);
    EXPECT_NE(served_.served().at("module1.cell1.voltage_v"), served_.served().at("module2.cell1.voltage_v"));
}

TEST_P(MailboxByBus, ADeviceThatIsStuckAtAnIndexYieldsUnknownForTheOthers) {
    mailbox().set_word(0, 4711);
    mailbox().set_manner(Manner::stuck, bank());
    run();
    ASSERT_TRUE(wait_for_each(1));
    bus_->stop();
    for (int index = 1; index <= indices; ++index) EXPECT_EQ(check(index), 0);
    EXPECT_THAT(reasons(), Contains(HasSubstr("mailbox cells, index 3: register")));
}

TEST_P(MailboxByBus, ARefusedRequestIsToldAndNotRepeatedAtOnce) {
    mailbox().set_manner(Manner::refuses, bank());
    run();
    ASSERT_TRUE(wait_for_each(4));
    const auto counters = bus_->counters();
    bus_->stop();
    for (int index = 1; index <= indices; ++index) EXPECT_EQ(check(index), 0);
    EXPECT_THAT(reasons(), Contains(HasSubstr("(function 6): exception 0x02: illegal data address")));
    EXPECT_EQ(counters.exceptions, 3U) << "one for each index: they rest for 10 s";
}

// The device takes longer than the neighbour's period: were the line held meanwhile, the neighbour would get
// a turn between two indices only.
TEST_P(MailboxByBus, OthersOnTheLineArePolledMeanwhile) {
    mailbox().set_delay(250ms);
    run();
    ASSERT_TRUE(sink_.wait_for_frames(4));
    const auto begin = sink_.frames(neighbour).size();
    ASSERT_TRUE(wait_for_each(1));
    EXPECT_GE(sink_.frames(neighbour).size(), begin + 8) << "in three waits of 250 ms, at a period of 50 ms";
    bus_->stop();
    for (int index = 1; index <= indices; ++index) EXPECT_GE(check(index), 8);
}

}  // namespace
}  // namespace sitepower::sim::mailbox_by_bus_test
