#include "tests/dispatch_reference/random_problem.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

// splitmix64 (Steele, Lea and Flood, 2014): the standard library's distributions differ between libraries.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    double uniform(double least, double most) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        z ^= z >> 31U;
        return least + (most - least) * static_cast<double>(z >> 11U) * 0x1.0p-53;
    }
    bool chance(double share) { return uniform(0, 1) < share; }
    std::size_t whole(std::size_t least, std::size_t most) {
        return std::min(most,
                        least + static_cast<std::size_t>(uniform(0, static_cast<double>(most - least + 1))));
    }

  private:
    std::uint64_t state_;
};

Battery random_battery(Dice& dice, const Problem& problem, bool tight) {
    Battery battery{.id = "B"};
    const double capacity_kwh = dice.uniform(50, 3000);
    battery.stored_min_kwh = capacity_kwh * dice.uniform(0, 0.3);
    battery.stored_max_kwh = capacity_kwh * dice.uniform(0.7, 1);
    battery.stored_kwh = dice.uniform(battery.stored_min_kwh, battery.stored_max_kwh);
    battery.charge_max_kw = dice.chance(0.05) ? 0 : capacity_kwh * dice.uniform(0.1, 1.5);
    battery.discharge_max_kw = dice.chance(0.05) ? 0 : capacity_kwh * dice.uniform(0.1, 1.5);
    battery.charge_efficiency = dice.chance(0.2) ? 1 : dice.uniform(0.8, 1);
    battery.discharge_efficiency = dice.chance(0.2) ? 1 : dice.uniform(0.8, 1);
    battery.self_discharge_per_h = dice.chance(0.3) ? dice.uniform(0, 0.003) : 0;
    battery.wear_per_kwh = dice.chance(0.2) ? 0 : dice.uniform(0, 0.06);
    battery.terminal_value_per_kwh = dice.chance(0.3) ? 0 : dice.uniform(0, 0.3);
    if (dice.chance(0.3)) {
        battery.terminal_min_kwh =
            dice.uniform(battery.stored_min_kwh, tight ? battery.stored_max_kwh : battery.stored_kwh);
    }
    if (dice.chance(0.5)) {
        const double most = tight ? 0.8 * battery.stored_max_kwh : 0.5 * battery.stored_kwh;
        for (std::size_t t = 0; t < problem.steps(); ++t)
            battery.reserve_kwh.push_back(dice.uniform(0, most));
    }
    return battery;
}

void fill_prices(Dice& dice, bool negative, Problem& problem) {
    const bool flat = dice.chance(0.1);
    const double spread = dice.chance(0.2) ? 0 : dice.uniform(0, 0.05);
    const double level = dice.uniform(0.05, 0.4);
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        double price = flat ? level : level * dice.uniform(0.1, 2);
        if (negative && dice.chance(0.4)) price = -dice.uniform(0, 0.6);
        problem.import_price_per_kwh.push_back(price);
        problem.export_price_per_kwh.push_back(price - spread);
    }
}

void fill_demand(Dice& dice, Problem& problem) {
    DemandCharge demand{.price_per_kw = dice.uniform(0, 12),
                        .peak_so_far_kw = dice.chance(0.5) ? 0 : dice.uniform(0, problem.import_limit_kw)};
    if (dice.chance(0.5)) {
        for (std::size_t t = 0; t < problem.steps(); ++t) demand.window.push_back(dice.chance(0.6) ? 1 : 0);
    }
    problem.demand = demand;
}

}  // namespace

Problem random_problem(std::uint64_t seed, const ProblemKind& kind) {
    Dice dice(seed * 7919 + 13);
    Problem problem;
    const std::size_t steps = dice.whole(kind.least_steps, kind.most_steps);
    problem.step_h = dice.chance(0.5) ? 0.25 : 1.0 / 12;
    const double load_kw = dice.uniform(100, 2000);
    double most_load_kw = 0;
    for (std::size_t t = 0; t < steps; ++t) {
        problem.load_kw.push_back(load_kw * dice.uniform(0.5, 1.3));
        most_load_kw = std::max(most_load_kw, problem.load_kw.back());
    }
    if (dice.chance(0.4)) {
        for (std::size_t t = 0; t < steps; ++t) {
            problem.pv_kw.push_back(dice.chance(0.5) ? 0 : load_kw * dice.uniform(0, 2));
        }
    }
    const bool tight = kind.may_be_tight && dice.chance(0.4);
    problem.import_limit_kw = most_load_kw * (tight ? dice.uniform(0.8, 1.1) : dice.uniform(1.05, 3));
    problem.export_limit_kw = dice.chance(0.3) ? 0 : load_kw * dice.uniform(0, 2);
    fill_prices(dice, kind.may_be_negative, problem);
    if (kind.may_have_demand && dice.chance(0.5)) fill_demand(dice, problem);
    const std::size_t batteries = dice.whole(1, kind.most_batteries);
    for (std::size_t b = 0; b < batteries; ++b)
        problem.batteries.push_back(random_battery(dice, problem, tight));
    return problem;
}

}  // namespace sitepower::dispatch
