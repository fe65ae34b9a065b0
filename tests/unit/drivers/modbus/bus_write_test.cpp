// Writes through a whole bus, on real sockets and a real pseudo-terminal: what is told of a write, and that
// it is sent once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/write_queue.hpp"
#include "tests/support/fake_slave.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::modbus::bus_write_test {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::FakeSlave;
using support::RecordingSink;
using support::SeenRequest;
using support::Wire;
using support::word_unit;
using testing::HasSubstr;
using Kind = Behaviour::Kind;

constexpr DeviceIndex device1{1};
constexpr std::uint16_t setpoint = 500;

// A device that keeps what is written to it.
class Device {
  public:
    explicit Device(FakeSlave& slave) : slave_(slave) {
        slave.set_taker([this](const WriteRequest& write) {
            const std::lock_guard lock(mutex_);
            taken_.push_back(write);
            for (std::size_t i = 0; i < write.words.size(); ++i) {
                if (obeys_) words_[static_cast<std::uint16_t>(write.address + i)] = write.words[i];
            }
        });
        slave.set_content([this](const SeenRequest&, std::uint16_t address) {
            const std::lock_guard lock(mutex_);
            const auto found = words_.find(address);
            return found == words_.end() ? std::uint16_t{0} : found->second;
        });
    }
    // The slave goes on for a moment longer.
    ~Device() {
        slave_.set_taker({});
        slave_.set_content([](const SeenRequest&, std::uint16_t) { return std::uint16_t{0}; });
    }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    void disobey() {
        const std::lock_guard lock(mutex_);
        obeys_ = false;
    }
    std::vector<WriteRequest> taken() const {
        const std::lock_guard lock(mutex_);
        return taken_;
    }
    std::uint16_t word(std::uint16_t address) const {
        const std::lock_guard lock(mutex_);
        const auto found = words_.find(address);
        return found == words_.end() ? std::uint16_t{0} : found->second;
    }

  private:
    FakeSlave& slave_;
    mutable std::mutex mutex_;
    std::map<std::uint16_t, std::uint16_t> words_;
    std::vector<WriteRequest> taken_;
    bool obeys_ = true;
};

// What the slave does with writes; reads are answered.
FakeSlave::Manners writes_only(Behaviour behaviour) {
    return [=](const SeenRequest& request) { return request.write ? behaviour : Behaviour{}; };
}

class BusWrite : public testing::TestWithParam<Wire> {
  protected:
    Bus& run(UnitPlan unit) {
        BusSettings settings;
        settings.id = "bus-a";
        settings.endpoint = slave_.endpoint();
        settings.connect_timeout = 500ms;
        bus_.emplace(settings, std::vector{std::move(unit)}, sink_);
        bus_->start();
        EXPECT_TRUE(sink_.wait_for_frames(1));
        return *bus_;
    }
    UnitPlan unit(Duration response_timeout = 1000ms) {
        auto plan = word_unit(1, 20ms);
        plan.timing.response_timeout = response_timeout;
        plan.timing.late_window = 2 * response_timeout;
        return plan;
    }
    static WriteOrder order_of(std::uint64_t id, std::uint16_t value, bool with_read_back = true) {
        WriteOrder order{.id = id,
                         .device = device1,
                         .request = {.unit = 1, .address = setpoint, .words = {value}},
                         .settle = 5ms};
        if (with_read_back) {
            order.read_back = ReadBack{
                .unit = 1, .point = {.address = setpoint}, .lowest = double(value), .highest = double(value)};
        }
        return order;
    }
    WriteReport told(std::size_t count = 1) {
        EXPECT_TRUE(sink_.wait([&] { return sink_.reports().size() >= count; }));
        return sink_.reports().size() < count ? WriteReport{} : sink_.reports()[count - 1];
    }

    FakeSlave slave_{GetParam()};
    Device device_{slave_};
    RecordingSink sink_;
    std::optional<Bus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Wires, BusWrite, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(BusWrite, IsVerifiedByWhatThePointShows) {
    ASSERT_TRUE(run(unit()).order(order_of(7, 42)));
    const auto report = told();
    EXPECT_EQ(report.id, 7U);
    EXPECT_EQ(report.outcome, WriteOutcome::verified);
    EXPECT_EQ(report.read_back, 42);
    EXPECT_EQ(report.reason, "");
    EXPECT_EQ(device_.word(setpoint), 42);
    EXPECT_EQ(device_.taken().size(), 1U);
}

TEST_P(BusWrite, UsesTheFunctionThatTheRequestAsksFor) {
    auto& bus = run(unit());
    const std::vector<WriteRequest> requests{
        {.unit = 1, .table = Table::coil, .address = 9, .words = {1}},
        {.unit = 1, .table = Table::coil, .address = 9, .words = {1, 0, 1, 1, 0, 0, 0, 0, 1}},
        {.unit = 1, .table = Table::holding, .address = 9, .words = {0xABCD}},
        {.unit = 1, .table = Table::holding, .address = 10, .words = {0xABCD}, .multiple = true},
        {.unit = 1, .table = Table::holding, .address = 11, .words = {1, 2, 3}}};
    for (std::size_t i = 0; i < requests.size(); ++i) {
        ASSERT_TRUE(bus.order({.id = i, .device = device1, .request = requests[i], .settle = 0ms}));
        EXPECT_EQ(told(i + 1).outcome, WriteOutcome::accepted) << i << ' ' << told(i + 1).reason;
    }
    const auto taken = device_.taken();
    ASSERT_EQ(taken.size(), requests.size());
    std::vector<int> functions;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        functions.push_back(function_of(taken[i]));
        EXPECT_EQ(taken[i].words, requests[i].words);
        EXPECT_EQ(taken[i].address, requests[i].address);
    }
    EXPECT_EQ(functions, (std::vector{5, 15, 6, 16, 16}));
}

// The answer is lost, and the point tells that the write was carried out.
TEST_P(BusWrite, WithoutAnAnswerIsDoneWhenThePointShowsIt) {
    slave_.set_manners(writes_only({.kind = Kind::silent}));
    ASSERT_TRUE(run(unit(100ms)).order(order_of(1, 42)));
    EXPECT_EQ(told().outcome, WriteOutcome::verified);
    EXPECT_EQ(device_.taken().size(), 1U) << "sent once";
}

TEST_P(BusWrite, WithALateAnswerIsDoneWhenThePointShowsIt) {
    slave_.set_manners(writes_only({.kind = Kind::late, .delay = 150ms}));
    ASSERT_TRUE(run(unit(100ms)).order(order_of(1, 42)));
    EXPECT_EQ(told().outcome, WriteOutcome::verified);
    // Polls go on, and the late answer never becomes one of their values.
    const auto frames = sink_.frames().size();
    ASSERT_TRUE(sink_.wait_for_frames(frames + 10));
    for (const auto& frame : sink_.frames()) EXPECT_EQ(frame->values, std::vector<double>(4, 0));
}

TEST_P(BusWrite, WithoutAnAnswerAndWithoutAPointIsUnknown) {
    slave_.set_manners(writes_only({.kind = Kind::silent}));
    ASSERT_TRUE(run(unit(100ms)).order(order_of(1, 42, false)));
    const auto report = told();
    EXPECT_EQ(report.outcome, WriteOutcome::unknown);
    EXPECT_THAT(report.reason, HasSubstr("bus bus-a, unit 1: holding 500 (function 6): no answer in time"));
    EXPECT_EQ(device_.taken().size(), 1U);
}

TEST_P(BusWrite, ThatTheDeviceIgnoresIsNotDone) {
    device_.disobey();
    ASSERT_TRUE(run(unit()).order(order_of(1, 42)));
    const auto report = told();
    EXPECT_EQ(report.outcome, WriteOutcome::ineffective);
    EXPECT_EQ(report.read_back, 0);
    EXPECT_THAT(report.reason, HasSubstr("is 0 instead of 42"));
}

TEST_P(BusWrite, ThatIsLostOnTheWayIsNotDone) {
    device_.disobey();
    slave_.set_manners(writes_only({.kind = Kind::silent}));
    ASSERT_TRUE(run(unit(100ms)).order(order_of(1, 42)));
    const auto report = told();
    EXPECT_EQ(report.outcome, WriteOutcome::ineffective);
    EXPECT_THAT(report.reason, HasSubstr("no answer in time"));
    EXPECT_EQ(device_.taken().size(), 1U);
}

TEST_P(BusWrite, WaitsForAnEffectThatTakesTime) {
    // The point changes when it has been looked at three times.
    const auto looks = std::make_shared<std::atomic<int>>(0);
    slave_.set_content([looks](const SeenRequest&, std::uint16_t address) {
        return static_cast<std::uint16_t>(address == setpoint && ++*looks > 3 ? 42 : 0);
    });
    auto order = order_of(1, 42);
    order.read_back->effect = 60s;
    ASSERT_TRUE(run(unit()).order(order));
    EXPECT_EQ(told().outcome, WriteOutcome::verified);
    EXPECT_EQ(*looks, 4);
}

TEST_P(BusWrite, TellsARefusal) {
    slave_.set_manners(writes_only({.kind = Kind::exception, .exception = 0x03}));
    ASSERT_TRUE(run(unit()).order(order_of(1, 42)));
    EXPECT_EQ(told().outcome, WriteOutcome::refused);
    EXPECT_THAT(told().reason, HasSubstr("exception 0x03: illegal data value"));
}

TEST_P(BusWrite, ABusyDeviceIsAskedAgain) {
    auto plan = unit();
    plan.timing.busy_wait = 5ms;
    slave_.set_manners([writes = 0](const SeenRequest& request) mutable {
        const bool busy = request.write && ++writes <= 2;
        return busy ? Behaviour{.kind = Kind::exception, .exception = 0x06} : Behaviour{};
    });
    ASSERT_TRUE(run(plan).order(order_of(1, 42)));
    EXPECT_EQ(told().outcome, WriteOutcome::verified);
    EXPECT_EQ(device_.taken().size(), 1U);
}

TEST_P(BusWrite, OrdersToAUnitAreCarriedOutInTheirOrder) {
    auto& bus = run(unit(200ms));
    for (std::uint16_t i = 1; i <= 4; ++i) {
        auto order = order_of(i, i);
        order.request.address = static_cast<std::uint16_t>(setpoint + i);
        order.read_back->point.address = order.request.address;
        ASSERT_TRUE(bus.order(order));
    }
    told(4);
    std::vector<std::uint64_t> ids;
    for (const auto& report : sink_.reports()) {
        ids.push_back(report.id);
        EXPECT_EQ(report.outcome, WriteOutcome::verified) << report.reason;
    }
    EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

// A late refusal of one write would be taken for a refusal of the next: on RTU it does not say of what it is.
TEST_P(BusWrite, ALateRefusalIsNotTakenForThatOfTheNextWrite) {
    slave_.set_manners([writes = 0](const SeenRequest& request) mutable {
        if (!request.write || ++writes > 1) return Behaviour{};
        return Behaviour{.kind = Kind::exception, .delay = 250ms, .exception = 0x03};
    });
    auto& bus = run(unit(200ms));
    ASSERT_TRUE(bus.order(order_of(1, 42, false)));
    auto next = order_of(2, 43);
    next.request.address = setpoint + 1;
    next.read_back->point.address = setpoint + 1;
    ASSERT_TRUE(bus.order(next));
    EXPECT_EQ(told(1).outcome, WriteOutcome::unknown);
    EXPECT_EQ(told(2).outcome, WriteOutcome::verified) << told(2).reason;
}

TEST_P(BusWrite, RefusesMoreOrdersThanItsLimit) {
    slave_.set_manners(writes_only({.kind = Kind::silent}));
    auto& bus = run(unit(2000ms));
    std::size_t accepted = 0;
    while (accepted < 2 * WriteQueue::capacity && bus.order(order_of(accepted, 1))) ++accepted;
    EXPECT_EQ(accepted, WriteQueue::capacity);
    // Each of them is told of, also by a bus that ends, and none as done.
    bus.stop();
    ASSERT_EQ(sink_.reports().size(), accepted);
    for (const auto& report : sink_.reports()) {
        EXPECT_TRUE(report.outcome == WriteOutcome::unknown || report.outcome == WriteOutcome::not_sent);
    }
    EXPECT_FALSE(bus.order(order_of(99, 1)));
}

TEST_P(BusWrite, IsNotSentToAUnitThatIsNotOnTheBus) {
    auto order = order_of(1, 42);
    order.request.unit = 9;
    ASSERT_TRUE(run(unit()).order(order));
    EXPECT_EQ(told().outcome, WriteOutcome::not_sent);
    EXPECT_TRUE(device_.taken().empty());
}

TEST_P(BusWrite, IsNotSentToASilentDevice) {
    auto& bus = run(unit(50ms));
    slave_.set_manners([](const SeenRequest&) { return Behaviour{.kind = Kind::silent}; });
    ASSERT_TRUE(sink_.wait([&] { return sink_.failures().size() >= 2; }));
    ASSERT_TRUE(bus.order(order_of(1, 42)));
    EXPECT_EQ(told().outcome, WriteOutcome::not_sent);
    EXPECT_THAT(told().reason, HasSubstr("the device does not answer"));
    EXPECT_TRUE(device_.taken().empty());
}

// What a probe asked before it had to wait counts, too: that an index of a mailbox rests is found out without
// asking anything more.
TEST_P(BusWrite, IsSentToADeviceThatIsBackWhileItsMailboxRests) {
    constexpr std::uint16_t mailbox_request = 600;
    const FakeSlave::Manners refuses_the_mailbox = [](const SeenRequest& request) {
        const bool refused = request.write && request.write->address == mailbox_request;
        return refused ? Behaviour{.kind = Kind::exception, .exception = 0x04} : Behaviour{};
    };
    slave_.set_manners(refuses_the_mailbox);
    auto plan = unit(100ms);
    plan.groups = {support::word_group(device1, "cells", 20ms, 0, 2)};
    plan.groups.front().mailbox = Mailbox{.name = "cells",
                                          .request_address = mailbox_request,
                                          .request = {7},
                                          .signs = {{.address = 601, .word = 1}},
                                          .window_address = 602,
                                          .window_length = 2,
                                          .settle = 5ms,
                                          .ready_within = 50ms};
    auto& bus = run(plan);
    const auto has_failed = [&](const std::string& why) {
        return sink_.wait([&] {
            const auto failures = sink_.failures();
            return std::ranges::any_of(
                failures, [&](const auto& failure) { return failure.reason.find(why) != std::string::npos; });
        });
    };
    ASSERT_TRUE(has_failed("mailbox cells: "));
    slave_.set_manners([](const SeenRequest&) { return Behaviour{.kind = Kind::silent}; });
    ASSERT_TRUE(has_failed("no answer in time"));
    const auto frames = sink_.frames().size();
    slave_.set_manners(refuses_the_mailbox);
    ASSERT_TRUE(sink_.wait_for_frames(frames + 1)) << "the index rests";
    ASSERT_TRUE(bus.order(order_of(1, 5, false)));
    EXPECT_EQ(told().outcome, WriteOutcome::accepted) << told().reason;
}

TEST_P(BusWrite, KeepsTheUnitSilentWhileItSettles) {
    struct Seen {
        std::mutex mutex;
        std::vector<std::pair<bool, std::chrono::steady_clock::time_point>> requests;  // whether a write
    };
    const auto seen = std::make_shared<Seen>();
    slave_.set_manners([seen](const SeenRequest& request) {
        const std::lock_guard lock(seen->mutex);
        seen->requests.emplace_back(request.write.has_value(), std::chrono::steady_clock::now());
        return Behaviour{};
    });
    auto order = order_of(1, 42);
    order.settle = 200ms;
    ASSERT_TRUE(run(unit()).order(order));
    EXPECT_EQ(told().outcome, WriteOutcome::verified);
    const std::lock_guard lock(seen->mutex);
    const auto& requests = seen->requests;
    const auto write = std::ranges::find(requests, true, [](const auto& one) { return one.first; });
    ASSERT_NE(write, requests.end());
    ASSERT_NE(write + 1, requests.end());
    EXPECT_GE((write + 1)->second - write->second, 195ms);
}

TEST(WriteQueue, CountsAnOrderUntilItIsFinished) {
    WriteQueue queue;
    for (std::size_t i = 0; i < WriteQueue::capacity; ++i) ASSERT_TRUE(queue.push({.id = i}));
    EXPECT_FALSE(queue.push({}));
    EXPECT_EQ(queue.take().size(), WriteQueue::capacity);
    EXPECT_TRUE(queue.take().empty());
    EXPECT_FALSE(queue.push({})) << "those taken are still under way";
    queue.finished();
    EXPECT_TRUE(queue.push({.id = 99}));
    const auto left = queue.close();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].id, 99U);
    EXPECT_FALSE(queue.push({}));
}

}  // namespace
}  // namespace sitepower::modbus::bus_write_test
