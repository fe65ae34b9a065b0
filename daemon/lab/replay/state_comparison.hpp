// What the daemon told of one battery beside what a replay makes of it. Plain values; main thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/site/state.hpp"
#include "daemon/store/series.hpp"

namespace sitepower::lab {

// How far apart two numbers were at most.
struct Difference {
    std::size_t compared = 0;
    std::size_t unlike = 0;  // one of both was unknown, or status or reason were not the same
    double largest = 0;

    void add(const Estimate& replayed, const ToldEstimate& told);
};

struct BatteryDifference {
    std::string battery;
    std::size_t compared = 0;  // states
    // Of them: an estimate, or the status of the battery, was not the same, or there was no such state at
    // all.
    std::size_t unlike = 0;
    Difference soc_pct;
    Difference soh_pct;
    Difference rul_days;
    Difference resistance_ratio;
};

class StateComparison {
  public:
    // Frames are handled a little after they were made, failed polls are not stored, and ticks are not where
    // they were: a state may have been told so much earlier or later. Where both know the charge, the time of
    // the charge says which states belong together.
    static constexpr Duration tolerance = std::chrono::minutes(1);
    // States that wait for their time; with fewer, more are wanted.
    static constexpr std::size_t fewest_waiting = 8;

    explicit StateComparison(std::string battery) { difference_.battery = std::move(battery); }

    // As told, oldest first and behind those before.
    void expect(std::vector<ToldBatteryState> told);
    bool wants_more() const { return waiting_.size() < fewest_waiting; }

    // The daemon has started, and its first frame is of this time. What was told before, but after the last
    // frame of the start before, may be of either: it is compared only where it is alike.
    void begin(Time first_frame);
    // The replay has come so far, and a frame of this start will follow or is here.
    void look(const BatteryState& replayed, Time now);
    // What still waits is not reached by the frames.
    void end();

    const BatteryDifference& difference() const { return difference_; }

  private:
    struct Waiting {
        ToldBatteryState told;
        std::optional<BatteryState> closest;
        double distance = 0;  // of it
    };

    void finish(const Waiting& waiting);

    std::deque<Waiting> waiting_;
    BatteryDifference difference_;
    std::optional<Time> first_frame_;
    Time looked_at_{};
};

}  // namespace sitepower::lab
