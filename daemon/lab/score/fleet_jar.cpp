#include "daemon/lab/score/fleet_jar.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sitepower::lab {
namespace {

constexpr double jar_end_of_life = 0.8;
constexpr double longest_days = 365.25 * 25;
constexpr double days_per_year = 365.25;
constexpr double sudden_share = 0.03;
constexpr double wild_share = 0.03;
constexpr double activation_over_gas_k = 7'200;  // 0.62 eV over Boltzmann's constant

double arrhenius(double temperature_c) {
    return std::exp(activation_over_gas_k * (1 / 298.15 - 1 / (temperature_c + 273.15)));
}

}  // namespace

FleetJar::FleetJar(std::uint64_t number) : random_(0xf1ee7 + number * 7919) {
    shape_ = static_cast<Shape>(random_.bits(0) % 3);
    best_ = 1 + 0.025 * random_.normal(1);
    scale_years_ = 6.8 * std::exp(0.25 * random_.normal(2));
    bend_ = 2.5 + 3 * random_.uniform(3);
    mean_c_ = 22 + 8 * random_.uniform(4);
    swing_c_ = 4 * random_.uniform(5);
    resistance_gain_ = 1.2 * std::exp(0.5 * random_.normal(6));
    for (int month = 0; month < 12; ++month)
        heat_rate_ += arrhenius(temperature_c(month * days_per_year / 12));
    heat_rate_ = (heat_rate_ - 1) / 12;
    life_days_ = longest_days;
    double day = 30;
    while (day < longest_days && health(day) >= jar_end_of_life) day += 1;
    life_days_ = day;
    if (random_.uniform(7) < sudden_share) {
        death_day_ = life_days_ * (0.2 + 0.75 * random_.uniform(8));
        life_days_ = death_day_;
    }
}

double FleetJar::temperature_c(double day) const {
    return mean_c_ + swing_c_ * std::sin(2 * std::numbers::pi * day / days_per_year);
}

double FleetJar::age_years(double day) const {
    return heat_rate_ * day / days_per_year;
}

double FleetJar::gradual_health(double age) const {
    const double share = age / scale_years_;
    switch (shape_) {
        case Shape::knee:  // a slow straight fade, then a steep one
            return best_ - 0.07 * share - 0.5 * std::max(share - 0.75, 0.0);
        case Shape::exponential:
            return best_ - 0.2 * (std::exp(bend_ * share) - 1) / (std::exp(bend_) - 1);
        case Shape::wear_then_corrosion:  // a first gain by forming, a square root, and a power of five
            return best_ + 0.015 * std::sin(std::min(share * 8, std::numbers::pi)) - 0.06 * std::sqrt(share) -
                   0.13 * std::pow(share, 5);
    }
    return best_;
}

double FleetJar::health(double day) const {
    const double gradual = std::max(gradual_health(age_years(day)), 0.05);
    return day < death_day_ ? gradual : 0.4 * gradual;
}

double FleetJar::tested_health(double day, std::uint64_t draw) const {
    const std::uint64_t first = 1'000 + 4 * draw;
    const double wild = random_.uniform(first) < wild_share ? 0.12 * (2 * random_.uniform(first + 1) - 1) : 0;
    return health(day) + wild + 0.02 * random_.normal(first + 2);
}

double FleetJar::measured_ratio(double day, std::uint64_t draw) const {
    const std::uint64_t first = 1'000'000 + 4 * draw;
    const double truth = 1 + resistance_gain_ * std::max(best_ - health(day), 0.0);
    const double wild = random_.uniform(first) < wild_share ? 0.5 + random_.uniform(first + 1) : 1;
    return truth * wild * (1 + 0.03 * random_.normal(first + 2));
}

}  // namespace sitepower::lab
