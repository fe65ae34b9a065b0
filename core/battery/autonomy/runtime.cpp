#include "core/battery/autonomy/runtime.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower {
namespace {

constexpr double z_of_90_pct = 1.2816;
// The distance of the sigma points for which the fourth moment of a normal distribution is right.
const double point_distance = std::sqrt(3.0);

// Away from what is believed, in standard deviations.
struct Shift {
    double soc = 0;
    double capacity = 0;
    double resistance = 0;
    double power = 0;
};

DischargeEnd run(const CellModel& model, const CellScale& scale, const RuntimeInput& input,
                 const DischargeLimits& limits, const Shift& shift) {
    DischargeStart start = input.start;
    start.soc = std::clamp(start.soc + shift.soc * input.soc_sigma, 0.0, 1.0);
    start.capacity_ah *= std::exp(shift.capacity * input.capacity_sigma);
    start.resistance_factor *= std::exp(shift.resistance * input.resistance_sigma);
    const double power_w = input.power_w * std::exp(shift.power * input.power_sigma);
    return time_at_power(model, scale, start, power_w, limits);
}

double square(double value) {
    return value * value;
}

}  // namespace

// Shorter and longer runtimes are spread differently: the cliff at the end of a discharge, the edge at full
// charge. Each side has its own deviation.
Runtime runtime_at_power(const CellModel& model, const CellScale& scale, const RuntimeInput& input,
                         const DischargeLimits& limits) {
    const DischargeEnd middle = run(model, scale, input, limits, {});
    double shorter = 0;
    double longer = 0;
    for (double Shift::*quantity : {&Shift::soc, &Shift::capacity, &Shift::resistance, &Shift::power}) {
        Shift up;
        Shift down;
        up.*quantity = point_distance;
        down.*quantity = -point_distance;
        const double a = run(model, scale, input, limits, up).seconds - middle.seconds;
        const double b = run(model, scale, input, limits, down).seconds - middle.seconds;
        shorter += square(std::min({a, b, 0.0}) / point_distance);
        longer += square(std::max({a, b, 0.0}) / point_distance);
    }
    Runtime result;
    result.stop = middle.stop;
    result.p50_min = middle.seconds / 60;
    result.p10_min = std::max(middle.seconds - z_of_90_pct * std::sqrt(shorter), 0.0) / 60;
    result.p90_min = std::min(middle.seconds + z_of_90_pct * std::sqrt(longer), limits.horizon_s) / 60;
    result.sigma_min = std::sqrt((shorter + longer) / 2) / 60;
    return result;
}

}  // namespace sitepower
