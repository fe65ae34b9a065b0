// E1, the floor under everything else: the value of the same civil time a day ago (member 0) and a week ago
// (member 1). Nothing to learn, nothing to store.
#pragma once

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

// The newest step before the end of the history with the slot of `target` (an index from the history's end
// on) at least `season` steps earlier, a multiple of it up to a clock change; the oldest step when there is
// none.
std::size_t seasonal_index(const History& history, std::size_t target, std::size_t season);

class SeasonalNaive : public Expert {
  public:
    static constexpr std::size_t daily = 0;
    static constexpr std::size_t weekly = 1;

    std::string_view name() const override { return "seasonal_naive"; }
    std::size_t members() const override { return 2; }
    std::size_t needs(const Seasons& seasons) const override { return seasons.day; }
    void fit(const History&) override {}
    void absorb(const History&, std::size_t) override {}
    void settle(const History&) override {}
    void forecast(const History& history, std::size_t member, std::span<double> values) const override;
    void save(BlobWriter&) const override {}
    void load(BlobReader&) override {}
};

}  // namespace sitepower::forecast
