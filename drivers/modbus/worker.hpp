// The thread of a bus: connects, polls what is due, hands frames to the sink, carries out writes. Everything
// here but order(), the counters and the two progress functions belongs to that thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
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
#include "drivers/modbus/write_queue.hpp"

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

    [[nodiscard]] bool order(WriteOrder order) { return orders_.push(std::move(order)); }

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
        SteadyTime looked_at{};  // the last inspection
        std::string inspection_problem;
        bool told_map = false;      // what it holds was told
        bool taking_up = false;     // for the first time: its plan is being made
        SteadyTime silent_until{};  // it settles after a write
        // On a line that does not tie answers to questions: what was written last, whose answer may still
        // come or come again until then.
        std::optional<WriteRequest> written{};
        SteadyTime write_again_at{};
        bool write_in_doubt = false;  // it was not acknowledged: a refusal may still come
        Counter polls, failures, exceptions, timeouts;
    };
    // One row of the schedule: a poll group of a unit, or all those of a mailbox.
    struct Entry {
        std::size_t unit = 0;
        std::unique_ptr<PollReader> reader;
        int tries = 0;
        int busy_tries = 0;
        int sent = 0;  // requests of the parts of this poll that were over before
        SteadyTime postponed_to{};
    };

    // An order under way: it is sent once, then its effect is looked at until that is certain.
    struct Write {
        WriteOrder order;
        std::size_t unit = 0;  // position in units_
        SteadyTime at{};       // of its next step
        SteadyTime expires{};  // not sent later
        int busy_tries = 0;
        bool sent = false;
        std::size_t shown_by = 0;  // the unit that the effect is read from
        std::optional<ReadPlan> look{};
        SteadyTime conclusive_at{};  // what the point shows from then on is the last word
        SteadyTime give_up_at{};     // it could not be read until then
        std::string doubt{};         // why the acknowledgement is missing; empty: there was one
        std::optional<double> shown{};
        std::string problem{};  // why the point could not be read
    };

    void add_entries(std::size_t unit);
    void run();
    void poll(std::size_t index, SteadyTime now);
    void make_attempt(std::size_t index, SteadyTime now);
    // While the line has nothing else to do before `next_due`: probes one silent unit. False when there is
    // none to probe now; `wake_at` then moves forward to when there may be one.
    bool probe_in_pause(SteadyTime now, SteadyTime next_due, SteadyTime& wake_at);
    // Whether the unit may be polled; if not, `attempt` says why.
    bool inspect(Unit& unit, Attempt& attempt);
    // Position of the unit that the inspector asks.
    std::size_t own_unit_of(const Unit& unit) const;
    Answer read_for_inspector(const Question& question, std::span<std::uint16_t> words);
    void need_inspection();
    // Another try of the same poll, if the failure deserves one.
    std::optional<SteadyTime> retry_at(Entry& entry, const Attempt& attempt, SteadyTime now) const;
    void finish(std::size_t index, Attempt attempt);
    void tell(Unit& unit, Attempt& attempt);
    std::string reason_for(const Unit& unit, const Attempt& attempt) const;
    void account_health(std::size_t index, const Attempt& attempt, SteadyTime now);
    void close_if_idle();

    // Writes; worker_writes.cpp.
    void take_orders();
    std::optional<std::size_t> find_unit(DeviceIndex device, int unit) const;
    // Which write is the next to have something to do; units work off theirs one by one.
    Write* next_write();
    void step(Write& write, SteadyTime now);
    // False when it cannot be sent now: `write` then waits, or has ended.
    bool may_send(Write& write, SteadyTime now);
    // When the unit may be written to, so that the answer cannot be taken for that to an earlier write.
    SteadyTime writable_at(const Unit& unit, const WriteRequest& request) const;
    void send(Write& write, SteadyTime now);
    // Sends it once. nullopt: stopping.
    std::optional<Answer> transmit(Unit& unit, const WriteRequest& request, Duration settle);
    void after_send(Write& write, const Answer& answer, SteadyTime now);
    void look_at_effect(Write& write, SteadyTime now);
    void judge_effect(Write& write, const Reading& reading, SteadyTime now);
    void look_again(Write& write, SteadyTime now);
    void end(Write& write, WriteOutcome outcome, std::string reason = {});
    void end_all_writes();

    Reply ask(ReadPlan& plan) override;
    Reply write(const WriteRequest& request, Duration settle) override;
    void stamp(Frame& frame) override;
    bool ensure_open();
    Answer exchange(const Question& question);
    // What holds of any request: the silence before it, and the accounts behind it. False: stopping.
    bool keep_silence();
    void account(const Answer& answer, SteadyTime start);
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
    WriteQueue orders_;
    std::deque<Write> writes_;  // in the order in which they were given
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
    Counter requests_, answers_, timeouts_, exceptions_, bad_frames_, connects_, unsent_, missed_polls_,
        quarantines_;
    std::thread thread_;
};

}  // namespace sitepower::modbus
