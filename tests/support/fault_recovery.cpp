#include "tests/support/fault_recovery.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drivers/modbus/socket.hpp"
#include "drivers/modbus/steady_time.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::support {
namespace {

using namespace std::chrono_literals;
using modbus::steady_now;
using modbus::SteadyTime;

constexpr int words = 8;

// Which frames came whole since a moment, by device and group.
class FreshFrames final : public modbus::BusSink {
  public:
    void frame(FramePtr frame) override {
        const bool good = std::ranges::all_of(frame->quality, [](Quality q) { return q == Quality::good; });
        const std::lock_guard lock(mutex_);
        if (good) ++counts_[{position(frame->layout->device_index), frame->layout->group}];
    }
    void poll_failed(DeviceIndex /*device*/, Time /*time*/, std::string /*reason*/) override {}

    void forget() {
        const std::lock_guard lock(mutex_);
        counts_.clear();
    }
    std::size_t different() const {
        const std::lock_guard lock(mutex_);
        return counts_.size();
    }
    std::uint64_t fewest(int units) const {
        const std::lock_guard lock(mutex_);
        std::uint64_t fewest = ~std::uint64_t{0};
        for (std::uint32_t unit = 1; unit <= static_cast<std::uint32_t>(units); ++unit) {
            const auto found = counts_.find({unit, "fast"});
            fewest = std::min(fewest, found == counts_.end() ? 0 : found->second);
        }
        return fewest;
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::pair<std::uint32_t, std::string>, std::uint64_t> counts_;
};

bool wait_for(const std::function<bool()>& holds, SteadyTime until) {
    while (!holds()) {
        if (steady_now() >= until) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

modbus::BusSettings settings_for(const FakeSlave& slave, std::string id) {
    modbus::BusSettings settings;
    settings.id = std::move(id);
    settings.endpoint = slave.endpoint();
    return settings;
}

std::vector<modbus::UnitPlan> units_of(const RecoveryPlan& plan) {
    std::vector<modbus::UnitPlan> units;
    for (int unit = 1; unit <= plan.units; ++unit) {
        auto& made = units.emplace_back(word_unit(unit, plan.period, 100, words));
        made.groups.push_back(word_group(made.device, "other", plan.period, 200, words));
        made.timing.response_timeout = plan.response_timeout;
        made.timing.late_window = plan.late_window;
        made.timing.repeats_answers = plan.fault.kind == Behaviour::Kind::duplicate;
    }
    return units;
}

}  // namespace

std::chrono::duration<double> time_to_recover(const RecoveryPlan& plan, std::chrono::seconds at_most) {
    FakeSlave slave(plan.wire);
    FreshFrames sink;
    modbus::Bus bus(settings_for(slave, "recovery"), units_of(plan), sink);
    bus.start();
    const auto all = static_cast<std::size_t>(2 * plan.units);
    wait_for([&] { return sink.different() == all; }, steady_now() + at_most);
    if (plan.refuse_connections) {
        slave.limit_connections(0);
        slave.drop_connections();
    } else {
        slave.set_manners([plan](const SeenRequest& request) {
            const bool met = plan.only_unit == 0 || request.question.unit == plan.only_unit;
            return met ? plan.fault : Behaviour{};
        });
    }
    std::this_thread::sleep_for(plan.fault_for);
    slave.set_manners({});
    slave.limit_connections(1);
    sink.forget();
    const auto ended = steady_now();
    wait_for([&] { return sink.different() == all; }, ended + at_most);
    return steady_now() - ended;
}

DeadUnitResult poll_beside_dead_unit(const DeadUnitPlan& plan) {
    FakeSlave slave(plan.wire);
    slave.set_manners([plan](const SeenRequest& request) {
        if (request.question.unit != plan.units) return Behaviour{.delay = plan.answer_delay};
        if (!plan.gateway_tells) return Behaviour{.kind = Behaviour::Kind::silent};
        return Behaviour{
            .kind = Behaviour::Kind::exception, .delay = plan.response_timeout - 10ms, .exception = 0x0B};
    });
    std::vector<modbus::UnitPlan> units;
    for (int unit = 1; unit <= plan.units; ++unit) {
        units.push_back(word_unit(unit, plan.period));
        units.back().timing.response_timeout = plan.response_timeout;
        units.back().timing.late_window = 2 * plan.response_timeout;
    }
    FreshFrames sink;
    modbus::Bus bus(settings_for(slave, "gateway"), units, sink);
    bus.start();
    std::this_thread::sleep_for(plan.settle);
    sink.forget();
    const auto probes = slave.requests(plan.units);
    std::this_thread::sleep_for(plan.measured);
    const auto due = static_cast<double>(plan.measured / plan.period);
    return {100 * static_cast<double>(sink.fewest(plan.units - 1)) / due,
            slave.requests(plan.units) - probes};
}

}  // namespace sitepower::support
