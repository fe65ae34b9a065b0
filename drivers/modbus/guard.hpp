// Keeps a silent unit from taking the line away from the others: while the others need the line it is probed
// with exponential back-off and jitter until it answers, and all probes together may take a tenth of the
// line's time. A pause of the line that is long enough costs nobody anything: there it is probed half a
// second after it fell silent and then once per period, and so a unit that comes back is polled again within
// its next cycle. Pure: time comes in as an argument. Owned by a bus's worker; units are numbered as in its
// plan.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/modbus/backoff.hpp"

namespace sitepower::modbus {

class Guard {
  public:
    explicit Guard(std::uint64_t seed) : seed_(seed) {}

    // A unit whose failed probe costs about `response_timeout`. Its back-off runs from 1 s to 100 time-outs
    // (at least 5 s, at most 60 s): one dead unit then takes about 1 % of the line's time.
    void add(SteadySpan response_timeout);

    // When the unit may be asked next: a time not after `now` while it is well, or when its probe is due.
    // While no unit of the line is well there is nobody to protect, and one unit after the other is probed
    // every half second, so that a line that comes back is noticed at once.
    SteadyTime allowed_at(std::size_t unit, SteadyTime now) const;

    // When a silent unit that is polled every `period` may be probed in a pause of the line; nullopt while no
    // unit is well, when allowed_at() sets the pace.
    std::optional<SteadyTime> pause_probe_at(std::size_t unit, SteadySpan period) const;

    // Whether a failed request to this unit is worth another try at once: not while it is only being probed,
    // nor before it has answered a few polls in a row.
    bool is_trusted(std::size_t unit) const { return units_[unit].good_polls >= trusted_after; }
    bool is_well(std::size_t unit) const { return units_[unit].well; }

    // True when this is the first unit to answer after all had been silent: the others may then be asked too.
    bool succeeded(std::size_t unit, SteadyTime now);
    // A poll got no answer at all, and the last request took `cost` of the line's time. True when no unit of
    // the line is well any more: what was put off for the sake of the others may then be asked sooner.
    bool failed(std::size_t unit, SteadyTime now, SteadySpan cost);

  private:
    static constexpr int trusted_after = 3;

    struct Unit {
        Backoff backoff;
        bool well = true;
        bool just_fell_silent = false;  // it has not been probed since
        int good_polls = trusted_after;
        SteadyTime next_probe{};
        SteadyTime failed_at{};
    };

    std::uint64_t seed_;
    std::size_t well_ = 0;
    SteadyTime next_probe_of_any_{};
    std::vector<Unit> units_;
};

}  // namespace sitepower::modbus
