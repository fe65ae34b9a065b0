// E5, analogues: the past origins at the same hour whose last two days, level removed, looked most like the
// last two days now, and the distance-weighted mean of what followed them. Nothing to learn.
#pragma once

#include <vector>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

class Analogue : public Expert {
  public:
    // `longest_history` bounds the number of origins that are compared.
    Analogue(const Seasons& seasons, std::size_t horizon, std::size_t longest_history);

    std::string_view name() const override { return "analogue"; }
    std::size_t needs(const Seasons& seasons) const override { return seasons.week + 4 * seasons.day; }
    void fit(const History&) override {}
    void absorb(const History&, std::size_t) override {}
    void settle(const History&) override {}
    void forecast(const History& history, std::size_t member, std::span<double> values) const override;
    void save(BlobWriter&) const override {}
    void load(BlobReader&) override {}

  private:
    struct Origin {
        double distance = 0;
        std::size_t end = 0;  // the first step after it
        double level = 0;
    };

    double level_before(const History& history, std::size_t end) const;
    void find_nearest(const History& history, double level) const;

    std::size_t pattern_;  // steps that are compared
    std::size_t horizon_;
    mutable std::vector<Origin> origins_;
};

}  // namespace sitepower::forecast
