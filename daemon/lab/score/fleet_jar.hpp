// One simulated jar: how it truly fades, and what a monitor and a test see of it. Pure; the same number gives
// the same jar.
#pragma once

#include <cstdint>

#include "core/battery/rul/particle/counter_random.hpp"

namespace sitepower::lab {

class FleetJar {
  public:
    explicit FleetJar(std::uint64_t number);

    // Health (capacity over rated) after so many days of service, and the temperature of the room then.
    double health(double day) const;
    double temperature_c(double day) const;
    // Days until the health falls below 0.8 for good.
    double life_days() const { return life_days_; }
    bool dies_suddenly() const { return death_day_ < 1e8; }

    // As measured: with noise, and now and then wild. `draw` numbers the measurement.
    double tested_health(double day, std::uint64_t draw) const;
    double measured_ratio(double day, std::uint64_t draw) const;

  private:
    enum class Shape { knee, exponential, wear_then_corrosion };

    double gradual_health(double age_years) const;
    double age_years(double day) const;

    CounterRandom random_;
    Shape shape_ = Shape::knee;
    double best_ = 1;
    double scale_years_ = 8;  // of the fade at 25 C
    double bend_ = 4;
    double mean_c_ = 24;
    double swing_c_ = 3;
    double heat_rate_ = 1;  // ageing per day at the mean of the room, Arrhenius
    double death_day_ = 1e9;
    double resistance_gain_ = 1;
    double life_days_ = 0;
};

}  // namespace sitepower::lab
