// E2, exponential smoothing with a daily and a weekly season and an autoregressive error (J. W. Taylor,
// "Short-term electricity demand forecasting using double seasonal exponential smoothing", J. Oper. Res. Soc.
// 54 (2003) 799-805), additive. A fixed grid of parameters runs side by side; the forecast is the mean of the
// states with the least error at daily origins of the last week. No optimiser.
#pragma once

#include <array>
#include <vector>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

class DoubleSeasonal : public Expert {
  public:
    DoubleSeasonal(const Seasons& seasons, std::size_t horizon);

    std::string_view name() const override { return "double_seasonal"; }
    std::size_t needs(const Seasons& seasons) const override { return 2 * seasons.day; }
    void fit(const History& history) override;
    void absorb(const History& history, std::size_t newest) override;
    void settle(const History& history) override;
    void forecast(const History& history, std::size_t member, std::span<double> values) const override;
    void save(BlobWriter& writer) const override;
    void load(BlobReader& reader) override;

  private:
    static constexpr std::size_t states = 320;
    static constexpr std::size_t chosen_states = 5;
    static constexpr std::size_t scored_days = 7;
    static constexpr std::size_t pending_days = 2;

    void start(const History& history);
    void step(const History& history, std::size_t index);
    void advance(float z, std::size_t slot, bool learnable);
    void score(float z, std::size_t age);
    void open_origin(const History& history, std::size_t index);
    std::span<float> level_of_day(std::size_t slot);

    Seasons seasons_;
    std::size_t horizon_;
    std::size_t scored_every_;  // every which step of the horizon is scored
    double centre_ = 0;         // the states see (z - centre) / scale
    double scale_ = 1;
    std::size_t phase_ = 0;    // daily origins: steps with this remainder
    std::size_t stepped_ = 0;  // values since the fit's start
    // One entry for each state; seasons row by slot.
    std::vector<float> alpha_, delta_, omega_, phi_;
    std::vector<float> level_, error_, day_, week_;
    std::vector<float> pending_;  // [pending day][scored step][state]
    std::vector<float> scores_;   // [day of the ring][state]: sum of absolute errors
    std::array<std::uint32_t, chosen_states> chosen_{};
};

}  // namespace sitepower::forecast
