// How old a battery on float is at 25 C: time, with each degree above 25 C counting for more. A battery's own
// sensitivity (degrees that halve its life) is not known, so the age is kept for several of them.
// dA = 2^((T - 25) / h) dt; suppliers of VRLA state h from 8.3 C (15 F) to 10 C. Owned with its battery.
#pragma once

#include <array>
#include <cstddef>

#include "core/base/time.hpp"

namespace sitepower {

class ThermalAge {
  public:
    static constexpr std::size_t nodes = 5;
    static constexpr double smallest_h_c = 6;
    static constexpr double largest_h_c = 12;
    static constexpr std::size_t months = 12;  // of the recent past, 365 days in all

    // What is kept over a restart. Ages are in days at 25 C, by node: 1/h in even steps from 1/12 to 1/6.
    struct Memory {
        double seen_days = 0;  // wall time that has been added
        std::array<double, nodes> age_days{};
        std::array<std::array<double, nodes>, months> recent_days{};  // age per month, of
        std::array<double, months> recent_seen_days{};                // so much wall time
        std::size_t month = 0;                                        // being filled
    };

    // The temperature held for so long. Ignored: a time that is not above 0, a temperature that is not finite
    // or outside -40 to 80 C.
    void add(Duration elapsed, double temperature_c);

    using PerNode = std::array<double, nodes>;
    // Where a sensitivity lies among the nodes, and a value between them. 0 <= place <= nodes - 1.
    static double place_of(double h_c);
    static double between(const PerNode& values, double place) {
        const auto node = place < nodes - 2 ? static_cast<std::size_t>(place) : nodes - 2;
        return values[node] + (place - static_cast<double>(node)) * (values[node + 1] - values[node]);
    }

    // In days at 25 C, of `service_days` in all. What was not seen (before the monitor came, while it was
    // away) counts as 25 C: an hour of heat says nothing of the years before it.
    PerNode age_days(double service_days) const;
    // What age_days was so many days earlier: by the last 365 days that were seen, and the mean of those
    // before.
    PerNode age_days_before(double service_days, double before_days) const;
    // Days at 25 C per day, mean of the last 365 days that were seen; as long as there are less, the others
    // are taken to have had 25 C.
    PerNode rate() const;
    bool is_empty() const { return memory_.seen_days <= 0; }

    const Memory& memory() const { return memory_; }
    // Anything that is not finite or negative starts anew.
    void restore(const Memory& memory);

  private:
    double recent_seen_days() const;
    double recent_days(std::size_t node) const;

    Memory memory_;
};

}  // namespace sitepower
