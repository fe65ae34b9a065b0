// Consumption from a register that only counts up: differences with roll-over and reset told apart, and a
// gap's energy spread over its steps so that none is lost. Owned by whoever feeds a series; one thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/forecast/blob.hpp"
#include "core/forecast/grid.hpp"

namespace sitepower::forecast {

struct CounterSettings {
    double wraps_at = 0;      // the register starts again from 0 here; 0: unknown, a step back is a reset
    double largest_rate = 0;  // per second; more than that is no roll-over but a reset; 0: no limit
};

enum class CounterStep : std::uint8_t { ignored, first, counted, rolled_over, reset };

// What was counted since the reading before; nothing for the first one and after a reset.
class Counter {
  public:
    explicit Counter(const CounterSettings& settings) : settings_(settings) {}

    struct Counted {
        CounterStep kind = CounterStep::ignored;
        std::optional<double> amount{};
        Duration over{};
    };
    // Readings that are not finite, negative, or not newer than the last one are ignored.
    Counted read(Time time, double register_value);

    void set_largest_rate(double per_second) { settings_.largest_rate = per_second; }

    // The last reading, so that what is counted over a restart is not lost.
    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    CounterSettings settings_;
    std::optional<Observation> last_;
};

// Spreads `amount` over the steps in proportion to `profile` (not negative; all zero: evenly). The sum of the
// result is the amount.
std::vector<double> spread(double amount, std::span<const double> profile);

}  // namespace sitepower::forecast
