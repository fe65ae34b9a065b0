// The thread of a bus: connects, polls what is due, hands frames to the sink. Everything here but the
// counters and the two progress functions belongs to that thread.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "drivers/modbus/backoff.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/careful_asker.hpp"
#include "drivers/modbus/clock_watch.hpp"
#include "drivers/modbus/group_reader.hpp"
#include "drivers/modbus/guard.hpp"
#include "drivers/modbus/inspector.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/schedule.hpp"

namespace sitepower::modbus {

// Written by one thread, read by any.
class Counter {
  public:
    void add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
    void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_ = 0;
};

class Bus::Worker final : private Asker {
  public:
    Worker(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink, const LinkMaker& maker);
    ~Worker() override;

    void start();
    void stop();

    const BusSettings& settings() const { return settings_; }
    BusCounters counters() const;
    UnitCounters counters(DeviceIndex device) const;
    Duration since_progress() const;
    Duration progress_limit() const { return progress_limit_; }

  private:
    struct Unit {
        explicit Unit(UnitPlan unit_plan) : plan(std::move(unit_plan)) {}

        UnitPlan plan;
        bool inspected = true;  // what it holds is what the plan was made from
        SteadyTime inspect_at{};
        std::string inspection_problem;
        Counter polls, failures, exceptions, timeouts;
    };
    // One row of the schedule: a poll group of a unit.
    struct Entry {
        std::size_t unit = 0;
        GroupReader reader;
        int tries = 0;
        int busy_tries = 0;
        SteadyTime postponed_to{};
    };

    void run();
    void poll(std::size_t index, SteadyTime now);
    void make_attempt(std::size_t index, SteadyTime now);
    // While the line has nothing else to do before `next_due`: probes one silent unit. False when there is
    // none to probe now; `wake_at` then moves forward to when there may be one.
    bool probe_in_pause(SteadyTime now, SteadyTime next_due, SteadyTime& wake_at);
    // Whether the unit may be polled; if not, `attempt` says why.
    bool inspect(Unit& unit, Attempt& attempt);
    Answer read_for_inspector(const Question& question, std::span<std::uint16_t> words);
    void need_inspection();
    // Another try of the same poll, if the failure deserves one.
    std::optional<SteadyTime> retry_at(Entry& entry, const Attempt& attempt, SteadyTime now) const;
    void finish(std::size_t index, Attempt attempt);
    std::string reason_for(const Unit& unit, const Attempt& attempt) const;
    void account_health(std::size_t index, const Attempt& attempt, SteadyTime now);
    void close_if_idle();

    Reply ask(ReadPlan& plan) override;
    void stamp(Frame& frame) override;
    bool ensure_open();
    Answer exchange(const Question& question);
    void note_answer(Unit& unit, const Answer& answer);
    void note_closed(const Answer& answer);
    void progress();

    BusSettings settings_;
    BusSink& sink_;
    StopSignal stop_;
    std::unique_ptr<Link> link_;
    CarefulAsker careful_;
    std::deque<Unit> units_;  // a Unit does not move
    std::vector<Entry> entries_;
    Schedule schedule_;
    Guard guard_;
    ClockWatch clock_watch_;
    Backoff reconnect_backoff_;
    SteadyTime reconnect_at_{};
    bool answered_since_open_ = false;
    std::string connect_error_;
    SteadyTime last_exchange_{};  // when it ended
    SteadySpan last_cost_{};      // how long it took
    bool inspecting_ = false;
    int sent_ = 0;            // requests of the poll under way
    std::size_t asking_ = 0;  // the unit of the poll under way
    std::vector<std::uint16_t> words_;
    Duration progress_limit_{};
    std::atomic<SteadyTime::rep> progress_at_ = 0;
    std::atomic<bool> connected_ = false;
    std::atomic<SteadySpan::rep> latency_ = 0;  // of the last answer with data; 0: there was none
    Counter requests_, answers_, timeouts_, exceptions_, bad_frames_, connects_, missed_polls_, quarantines_;
    std::thread thread_;
};

}  // namespace sitepower::modbus
