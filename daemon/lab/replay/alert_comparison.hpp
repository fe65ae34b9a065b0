// The alerts that a replay raises of batteries, strings and UPSs beside those that the daemon raised. Those
// of other subjects hang on what no frame tells: polls that failed, disks, brokers, plans. Main thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/alert/alert.hpp"

namespace sitepower::lab {

struct AlertDifference {
    std::size_t compared = 0;
    std::vector<std::string> only_told;      // "voltage_high of BAT-1 at 2026-11-26T08:00:00.000Z"
    std::vector<std::string> only_replayed;  // likewise

    std::size_t unlike() const { return only_told.size() + only_replayed.size(); }
};

class AlertComparison {
  public:
    // Delays begin at ticks, and health is estimated once a day: so much earlier or later is the same alert.
    static constexpr Duration tolerance = std::chrono::minutes(1);

    // The daemon has started, and its first frame is of this time.
    void begin(Time first_frame);
    void look(std::span<const AlertChange> changes, Time now);

    // `told`: all that the store has. What was raised while no frames came is not compared.
    AlertDifference compare(std::span<const Alert> told) const;

  private:
    struct Span {
        Time first{};
        Time last{};
    };

    bool was_reached(Time time) const;

    std::vector<Span> starts_;
    std::vector<Alert> raised_;
};

}  // namespace sitepower::lab
