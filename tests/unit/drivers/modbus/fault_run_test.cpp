// Random faults on every kind of link: whatever the device does, no frame may hold anything but the answer to
// the question that was asked for it. SITEPOWER_FAULT_READS sets how many requests each run makes (default
// 3000); a long run belongs to the night.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>

#include "drivers/modbus/bus.hpp"
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
using Kind = Behaviour::Kind;

constexpr int words = 8;

std::uint64_t reads_to_make() {
    const char* text = std::getenv("SITEPOWER_FAULT_READS");
    return text == nullptr ? 3000 : std::stoull(text);
}

// One request in 15 meets a fault. Late answers stay within the late window, as the fault model has it.
class Faults {
  public:
    Behaviour operator()(const SeenRequest& /*request*/) {
        if (random_() % 15 != 0) return {};
        constexpr std::array kinds{Kind::silent,       Kind::late,      Kind::split,
                                   Kind::duplicate,    Kind::truncated, Kind::wrong_unit,
                                   Kind::wrong_count,  Kind::close,     Kind::wrong_function,
                                   Kind::bad_checksum, Kind::noise,     Kind::exception};
        Behaviour behaviour{.kind = kinds[random_() % kinds.size()]};
        behaviour.delay = std::chrono::milliseconds(random_() % 12);
        if (behaviour.kind == Kind::late) behaviour.delay += std::chrono::milliseconds(random_() % 60);
        // Not 0x02: a group that was halved is no longer one answer with one serial number.
        constexpr std::array<std::uint8_t, 4> exceptions{0x01, 0x04, 0x06, 0x0B};
        behaviour.exception = exceptions[random_() % exceptions.size()];
        return behaviour;
    }

  private:
    std::minstd_rand random_{20261122};
};

UnitPlan unit_with_look_alikes(int unit) {
    auto plan = word_unit(unit, 0ms, static_cast<std::uint16_t>(1000 * unit), words);
    // Same size, other place: a late answer to the one would look like an answer to the other.
    plan.groups.push_back(
        word_group(plan.device, "other", 0ms, static_cast<std::uint16_t>(1000 * unit + 500), words));
    plan.timing.response_timeout = 25ms;
    plan.timing.late_window = 400ms;  // the machine that runs the tests may be late, too
    plan.timing.busy_wait = 5ms;
    plan.timing.repeats_answers = true;
    return plan;
}

// What a frame says against itself; empty when nothing.
std::string complaint(const Frame& frame, std::uint64_t requests) {
    const auto unit = position(frame.layout->device_index);
    const auto start = 1000 * unit + (frame.layout->group == "other" ? 500U : 0U);
    for (std::size_t i = 0; i < words; ++i) {
        if (frame.quality[i] != Quality::good) continue;
        const auto value = static_cast<std::uint64_t>(frame.values[i]);
        const std::array<std::uint64_t, 4> expected{start + i, unit, requests >> 16, requests & 0xFFFFU};
        if (value != expected[(start + i) % 4]) {
            return frame.layout->device + " " + frame.layout->group + " after " + std::to_string(requests) +
                   " requests: " + testing::PrintToString(frame.values);
        }
    }
    return {};
}

class FaultRun : public testing::TestWithParam<Wire> {};

INSTANTIATE_TEST_SUITE_P(Wires, FaultRun, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(FaultRun, NoFrameHoldsAnythingButItsOwnAnswer) {
    FakeSlave slave(GetParam());
    slave.set_manners(Faults{});
    std::vector<UnitPlan> units;
    for (int i = 1; i <= 16; ++i) units.push_back(unit_with_look_alikes(i));
    BusSettings settings;
    settings.id = "faults";
    settings.endpoint = slave.endpoint();
    settings.reconnect_min = settings.reconnect_max = 5ms;
    RecordingSink sink;
    std::mutex mutex;
    std::vector<std::string> complaints;
    std::atomic<std::uint64_t> frames = 0;
    sink.on_frame = [&](const Frame& frame) {
        ++frames;
        // The slave has seen no request after the one that this frame comes from.
        if (auto text = complaint(frame, slave.requests()); !text.empty()) {
            const std::lock_guard lock(mutex);
            complaints.push_back(std::move(text));
        }
    };
    Bus bus(settings, units, sink);
    bus.start();
    const auto reads = reads_to_make();
    EXPECT_TRUE(sink.wait([&] { return slave.requests() >= reads; }, std::chrono::milliseconds(30 * reads)));
    bus.stop();
    EXPECT_TRUE(complaints.empty()) << complaints.size()
                                    << " wrong frames: " << testing::PrintToString(complaints);
    EXPECT_GE(frames.load(), reads * 7 / 10);
    const auto counters = bus.counters();
    EXPECT_GT(counters.timeouts, 0U);
    EXPECT_GT(counters.bad_frames, 0U);
    EXPECT_GT(counters.exceptions, 0U);
    RecordProperty("requests", std::to_string(slave.requests()));
    RecordProperty("frames", std::to_string(frames.load()));
}

}  // namespace
}  // namespace sitepower::modbus
