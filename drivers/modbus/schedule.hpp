// When each poll group of a bus is due. Deadlines are multiples of the period on the steady clock plus the
// bus's phase, so they do not drift and groups of one period stay together while buses do not. Pure: time
// comes in as an argument. Owned by a bus's worker.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/modbus/steady_time.hpp"

namespace sitepower::modbus {

class Schedule {
  public:
    explicit Schedule(SteadySpan phase) : phase_(phase) {}

    // Adds an entry that is first due at `first` and from then on at its aligned deadlines; a period of 0 is
    // due again as soon as it has begun. Entries are numbered from 0.
    std::size_t add(SteadySpan period, SteadyTime first);

    struct Due {
        std::size_t entry = 0;
        SteadyTime at{};
    };
    // The entry with the earliest time; of equal ones the one that was begun the longest ago, so that none
    // starves. nullopt when there are no entries.
    std::optional<Due> next() const;

    // The poll of the entry begins: sets its next deadline. Gives how many deadlines had passed unserved
    // before this one.
    std::uint64_t begin(std::size_t entry, SteadyTime now);

    // The entry is next due at `until`, whatever its deadline: another try of a poll, or one that may not
    // start yet.
    void defer(std::size_t entry, SteadyTime until);

  private:
    struct Entry {
        SteadySpan period{};
        SteadyTime deadline{};
        std::optional<SteadyTime> deferred_to;
        std::uint64_t last_begun = 0;

        SteadyTime at() const { return deferred_to.value_or(deadline); }
    };

    std::int64_t periods_before(const Entry& entry, SteadyTime time) const;

    SteadySpan phase_;
    std::uint64_t begun_ = 0;
    std::vector<Entry> entries_;
};

}  // namespace sitepower::modbus
