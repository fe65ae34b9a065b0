// A price over time as a step function: what is known of it, past and to come. The newest word counts: a
// later publication replaces what it overlaps. A plain value; owned by whoever keeps it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower {

// From `from` until before `to`. Energy prices are per kWh, anything else in its own unit.
struct PriceStep {
    Time from{};
    Time to{};
    double value = 0;
    bool operator==(const PriceStep&) const = default;
};

class PriceSeries {
  public:
    // Five weeks of quarters of an hour and a bit; beyond it the oldest go.
    static constexpr std::size_t most_steps = 4096;

    // Steps that begin before they end, with finite values; others are left out.
    void merge(std::span<const PriceStep> newer);
    // Forgets what ended before.
    void forget_before(Time time);
    // And what begins later; what lasts beyond ends then.
    void forget_from(Time time);

    std::optional<double> at(Time time) const;
    // The mean over [from, to) weighted by time; empty unless all of it is known.
    std::optional<double> mean(Time from, Time to) const;
    // Until when everything from `time` on is known; `time` itself when it is not.
    Time known_until(Time time) const;

    const std::vector<PriceStep>& steps() const { return steps_; }

  private:
    std::vector<PriceStep> steps_;  // rising, not overlapping; there may be gaps
};

// A price for planning: known, or taken from the same time of one of the seven days before it, the latest
// first; else the last one known. Empty only for a series that holds nothing before `to`.
struct PriceOutlook {
    double value = 0;
    bool known = true;
};
std::optional<PriceOutlook> outlook(const PriceSeries& series, Time from, Time to);

}  // namespace sitepower
