#include "core/battery/autonomy/runtime.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "core/base/number.hpp"

namespace sitepower {
namespace {

constexpr double z_of_90_pct = 1.2816;
// Maker and model so far apart: the lower of both is what can be relied on.
constexpr double far_apart = 1.2;
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
    const PowerStep always{.power_w = input.power_w, .sigma = input.power_sigma};
    const auto powers = input.powers.empty() ? std::span(&always, 1) : input.powers;
    return time_at_powers(model, scale, start, powers, shift.power, limits);
}

// Over the first `seconds` of it.
double mean_power_w(const RuntimeInput& input, double seconds) {
    if (input.powers.empty() || !(seconds > 0)) return input.power_w;
    double sum_ws = 0;
    double begin_s = 0;
    for (const PowerStep& step : input.powers) {
        const bool is_last = &step == &input.powers.back();
        const double end_s = is_last ? seconds : std::clamp(step.until_s, begin_s, seconds);
        sum_ws += step.power_w * (end_s - begin_s);
        begin_s = end_s;
    }
    return sum_ws / seconds;
}

// A larger battery of the same make gives more in proportion.
double power_scale(const CellScale& scale) {
    return scale.voltage * scale.voltage / scale.resistance;
}

// Of the maker's table, along lines of its logarithms; nothing beyond its ends.
std::optional<double> told_seconds(const BatteryParameters& of, double power_w) {
    const auto& watts = of.power_w;
    if (watts.size() < 2 || power_w > watts.front() || power_w < watts.back()) return std::nullopt;
    std::size_t right = 1;
    while (watts[right] > power_w) ++right;
    const double share = std::log(power_w / watts[right - 1]) / std::log(watts[right] / watts[right - 1]);
    return 60 * of.power_min[right - 1] * std::pow(of.power_min[right] / of.power_min[right - 1], share);
}

// What the maker tells over what the model tells, both of a new, full battery at 25 C.
double told_over_modelled(const CellModel& model, const CellScale& scale, double power_w) {
    const BatteryParameters& of = model.parameters();
    const auto told_s = told_seconds(of, power_w / power_scale(scale));
    if (!told_s) return 1;
    const DischargeStart full{.capacity_ah = of.nominal_capacity_ah * scale.voltage / scale.resistance};
    const DischargeEnd modelled =
        time_at_power(model, scale, full, power_w, {.cutoff_v = of.limits.cutoff_v * scale.voltage});
    return *told_s / std::max(modelled.seconds, 1.0);
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
    const double told = told_over_modelled(model, scale, mean_power_w(input, middle.seconds));
    const double longest_s =
        std::min(middle.seconds + z_of_90_pct * std::sqrt(longer), limits.horizon_s / told);
    result.p50_min = told * std::min(middle.seconds, limits.horizon_s / told) / 60;
    result.p10_min = told * std::max(middle.seconds - z_of_90_pct * std::sqrt(shorter), 0.0) / 60;
    result.p90_min = told * longest_s / 60;
    result.sigma_min = told * std::sqrt((shorter + longer) / 2) / 60;
    if (std::abs(std::log(told)) > std::log(far_apart)) {
        const double lower_min = std::min(1.0, told) * middle.seconds / 60;
        result.p10_min = std::min(result.p10_min, lower_min);
    }
    return result;
}

}  // namespace sitepower
