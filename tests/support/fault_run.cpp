#include "tests/support/fault_run.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "drivers/modbus/steady_time.hpp"
#include "tests/support/modbus_plans.hpp"

namespace sitepower::support {
namespace {

using namespace std::chrono_literals;
using Kind = Behaviour::Kind;

constexpr int words = 8;

bool repeats_answers(int unit) {
    return unit % 2 == 1;
}

// Late and repeated answers stay within the late window, as the fault model has it; only units whose profile
// says so repeat.
class Faults {
  public:
    Faults(const FaultRunPlan& plan, std::uint32_t seed, std::atomic<std::uint64_t>& count)
        : plan_(plan), random_(seed), count_(count) {}

    Behaviour operator()(const SeenRequest& request) {
        if (draw(plan_.one_in) != 0) return {};
        constexpr std::array kinds{Kind::silent,        Kind::late,         Kind::late,       Kind::split,
                                   Kind::duplicate,     Kind::truncated,    Kind::wrong_unit, Kind::close,
                                   Kind::wrong_count,   Kind::bad_checksum, Kind::noise,      Kind::exception,
                                   Kind::wrong_function};
        ++count_;
        const auto timeout = static_cast<int>(plan_.response_timeout.count());
        Behaviour behaviour{.kind = kinds[static_cast<std::size_t>(draw(kinds.size()))]};
        behaviour.delay = std::chrono::milliseconds(draw(timeout / 2 + 1));
        if (behaviour.kind == Kind::late) behaviour.delay += std::chrono::milliseconds(draw(3 * timeout));
        if (behaviour.kind == Kind::duplicate && !repeats_answers(request.question.unit)) {
            behaviour.kind = Kind::late;
        }
        // Not 0x02: a group that was halved is no longer one answer with one serial number.
        constexpr std::array<std::uint8_t, 5> exceptions{0x01, 0x04, 0x06, 0x0A, 0x0B};
        behaviour.exception = exceptions[static_cast<std::size_t>(draw(exceptions.size()))];
        return behaviour;
    }

  private:
    int draw(std::size_t below) { return static_cast<int>(random_() % below); }

    FaultRunPlan plan_;
    std::mt19937 random_;
    std::atomic<std::uint64_t>& count_;
};

std::uint16_t start_of(int unit, std::string_view group) {
    return static_cast<std::uint16_t>(200 * unit + (group == "other" ? 100 : 0));
}

// Two groups of one size in one table: a late answer to the one looks like an answer to the other.
modbus::UnitPlan unit_with_look_alikes(int unit, const FaultRunPlan& plan) {
    auto made = word_unit(unit, 0ms, start_of(unit, "fast"), words);
    made.groups.push_back(word_group(made.device, "other", 0ms, start_of(unit, "other"), words));
    auto input = word_group(made.device, "input", 0ms, start_of(unit, "input"), words);
    for (auto& point : input.points) point.table = modbus::Table::input;
    made.groups.push_back(std::move(input));
    made.timing.response_timeout = plan.response_timeout;
    made.timing.late_window = plan.late_window;
    made.timing.busy_wait = 2ms;
    made.timing.repeats_answers = repeats_answers(unit);
    return made;
}

// A bus, its slave, and what is said against its frames.
class Line final : public modbus::BusSink {
  public:
    Line(const FaultRunPlan& plan, int number) : slave_(plan.wire) {
        slave_.set_manners(Faults(plan, plan.seed + static_cast<std::uint32_t>(number), faults_));
        std::vector<modbus::UnitPlan> units;
        for (int unit = 1; unit <= plan.units; ++unit) units.push_back(unit_with_look_alikes(unit, plan));
        modbus::BusSettings settings;
        settings.id = "faults-" + std::to_string(number);
        settings.endpoint = slave_.endpoint();
        settings.reconnect_min = settings.reconnect_max = 2ms;
        bus_ = plan.quarantine ? std::make_unique<modbus::Bus>(settings, units, *this)
                               : std::make_unique<modbus::Bus>(settings, units, *this, make_careless_link);
        bus_->start();
    }

    void frame(FramePtr frame) override {
        frames_.fetch_add(1, std::memory_order_relaxed);
        // The slave has seen no request after the one that this frame comes from.
        check(*frame, slave_.requests());
    }
    void poll_failed(DeviceIndex /*device*/, Time /*time*/, std::string /*reason*/) override {}

    std::uint64_t reads() const { return slave_.requests(); }
    void stop() { bus_->stop(); }

    void add_to(FaultRunResult& result) const {
        result.reads += slave_.requests();
        result.frames += frames_.load();
        result.values += values_.load();
        result.faults += faults_.load();
        result.overdue = std::max(result.overdue, slave_.most_overdue());
        const auto counters = bus_->counters();
        result.counters.timeouts += counters.timeouts;
        result.counters.bad_frames += counters.bad_frames;
        result.counters.exceptions += counters.exceptions;
        result.counters.quarantines += counters.quarantines;
        result.counters.connects += counters.connects;
        const std::lock_guard lock(mutex_);
        result.wrong += wrong_;
        if (result.example.empty()) result.example = example_;
    }

  private:
    void check(const Frame& frame, std::uint64_t requests) {
        const auto unit = position(frame.layout->device_index);
        const std::uint64_t start = start_of(static_cast<int>(unit), frame.layout->group);
        for (std::size_t i = 0; i < words; ++i) {
            if (frame.quality[i] != Quality::good) continue;
            values_.fetch_add(1, std::memory_order_relaxed);
            const std::array<std::uint64_t, 4> expected{start + i, unit, requests >> 16, requests & 0xFFFFU};
            if (static_cast<std::uint64_t>(frame.values[i]) == expected[(start + i) % 4]) continue;
            const std::lock_guard lock(mutex_);
            if (wrong_++ == 0) {
                example_ = frame.layout->device + " " + frame.layout->group + ", word " + std::to_string(i) +
                           ": " + std::to_string(frame.values[i]);
            }
            return;
        }
    }

    FakeSlave slave_;
    std::atomic<std::uint64_t> faults_ = 0;
    std::atomic<std::uint64_t> frames_ = 0;
    std::atomic<std::uint64_t> values_ = 0;
    mutable std::mutex mutex_;
    std::uint64_t wrong_ = 0;  // guarded by mutex_
    std::string example_;      // guarded by mutex_
    std::unique_ptr<modbus::Bus> bus_;
};

class CarelessLink final : public modbus::Link {
  public:
    explicit CarelessLink(std::unique_ptr<modbus::Link> link) : link_(std::move(link)) {}

    Status open(modbus::SteadySpan timeout) override { return link_->open(timeout); }
    bool is_open() const override { return link_->is_open(); }
    void close() override { link_->close(); }
    modbus::Answer read(const modbus::Question& question, modbus::SteadySpan timeout,
                        std::span<std::uint16_t> into) override {
        return link_->read(question, timeout, into);
    }
    modbus::Answer write(const modbus::WriteRequest& request, modbus::SteadySpan timeout) override {
        return link_->write(request, timeout);
    }
    bool ties_answers() const override { return true; }
    modbus::SteadySpan line_gap() const override { return link_->line_gap(); }
    void interrupt() override { link_->interrupt(); }

  private:
    std::unique_ptr<modbus::Link> link_;
};

}  // namespace

std::unique_ptr<modbus::Link> make_careless_link(const modbus::BusSettings& settings,
                                                 const modbus::StopSignal& stop) {
    return std::make_unique<CarelessLink>(modbus::make_link(settings, stop));
}

FaultRunResult run_faults(const FaultRunPlan& plan, std::chrono::seconds at_most) {
    const auto start = modbus::steady_now();
    std::vector<std::unique_ptr<Line>> lines;
    lines.reserve(static_cast<std::size_t>(plan.lines));
    for (int i = 0; i < plan.lines; ++i) lines.push_back(std::make_unique<Line>(plan, i));
    const auto reads = [&] {
        std::uint64_t sum = 0;
        for (const auto& line : lines) sum += line->reads();
        return sum;
    };
    while (reads() < plan.reads && modbus::steady_now() - start < at_most) std::this_thread::sleep_for(2ms);
    for (const auto& line : lines) line->stop();
    FaultRunResult result;
    for (const auto& line : lines) line->add_to(result);
    result.seconds = std::chrono::duration<double>(modbus::steady_now() - start).count();
    return result;
}

}  // namespace sitepower::support
