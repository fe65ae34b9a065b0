#include "core/battery/soc/kalman/cell_filter.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/number.hpp"

namespace sitepower {
namespace {

constexpr double seconds_per_hour = 3600;

// Rounding must not make the filter certain of anything.
constexpr double least_soc_variance = 1e-10;
constexpr double least_variance = 1e-14;

// The charge may run somewhat beyond the table's ends, where it would else be glued to them.
constexpr double lowest_soc = -0.05;
constexpr double highest_soc = 1.02;

void keep_in_bounds(CellFilter& f) {
    f.soc = std::clamp(f.soc, lowest_soc, highest_soc);
    f.ss = std::max(f.ss, least_soc_variance);
    f.p11 = std::max(f.p11, least_variance);
    f.p22 = std::max(f.p22, least_variance);
    f.bb = std::max(f.bb, least_variance);
    f.ee = std::max(f.ee, least_variance);
}

}  // namespace

// State: soc += (I - b) dt / Q, vj = aj vj + (1 - aj) Rj (I - b). Covariance F P F' + W with
//
//     F = 1  0   0   g   0        g  = -dt / Q
//         0  a1  0   h1  0        hj = -(1 - aj) Rj
//         0  0   a2  h2  0
//         0  0   0   1   0
//         0  0   0   0   c
void predict(CellFilter& f, const CellSetting& setting, const CellPoint& here, const StepInterval& interval) {
    const BatteryParameters& of = setting.model->parameters();
    const NoiseParameters& noise = of.noise;
    const double true_a = interval.flow_a - f.offset_a;
    const double g = -interval.dt_s / (seconds_per_hour * setting.capacity_ah);
    const double a1 = interval.decay1;
    const double a2 = interval.decay2;
    const double h1 = -(1 - a1) * here.r1_ohm * setting.scale.resistance;
    const double h2 = -(1 - a2) * here.r2_ohm * setting.scale.resistance;
    const double moved = -g * true_a * (true_a > 0 ? of.charge_efficiency : 1);

    f.soc += moved;
    f.v1_v = a1 * f.v1_v - h1 * true_a;
    f.v2_v = a2 * f.v2_v - h2 * true_a;

    const double sb = f.sb + g * f.bb;
    const double p1b = f.p1b;
    const double p2b = f.p2b;
    f.ss +=
        g * (f.sb + sb) + square(noise.soc_per_root_s) * interval.dt_s + square(noise.gain) * std::abs(moved);
    f.s1 = a1 * (f.s1 + g * p1b) + h1 * sb;
    f.s2 = a2 * (f.s2 + g * p2b) + h2 * sb;
    f.sb = sb;
    // A polarisation forgets within its time constant, what disturbs it included.
    const double v = square(noise.voltage_per_root_s * setting.scale.voltage);
    const double v1 = v * std::min(interval.dt_s, of.tau1_s / 2);
    const double v2 = v * std::min(interval.dt_s, of.tau2_s / 2);
    f.p11 = a1 * a1 * f.p11 + h1 * (2 * a1 * p1b + h1 * f.bb) + v1;
    f.p12 = a1 * a2 * f.p12 + a1 * h2 * p1b + h1 * (a2 * p2b + h2 * f.bb);
    f.p22 = a2 * a2 * f.p22 + h2 * (2 * a2 * p2b + h2 * f.bb) + v2;
    f.p1b = a1 * p1b + h1 * f.bb;
    f.p2b = a2 * p2b + h2 * f.bb;
    // exp(-x) in many small steps.
    const double c = noise.error_soc / (noise.error_soc + std::abs(moved));
    const double be = f.be;
    f.error *= c;
    f.se = c * (f.se + g * be);
    f.p1e = c * (a1 * f.p1e + h1 * be);
    f.p2e = c * (a2 * f.p2e + h2 * be);
    f.be = c * be;
    f.ee = c * c * f.ee + (1 - c * c);
    f.bb += square(noise.offset_c_per_root_s * setting.capacity_ah) * interval.dt_s;
    keep_in_bounds(f);
}

Innovation innovation(const CellFilter& f, const CellSetting& setting, const CellPoint& here,
                      double current_a, double voltage_v, const MeasurementNoise& noise) {
    const double slope = here.ocv_slope_v * setting.scale.voltage;
    const double r0 = here.r0_ohm * setting.scale.resistance;
    const double error_v = noise.error_v;
    Innovation result;
    result.residual_v = voltage_v - (here.ocv_v * setting.scale.voltage + f.v1_v + f.v2_v +
                                     r0 * (current_a - f.offset_a) + error_v * f.error);
    result.gain_s = slope * f.ss + f.s1 + f.s2 - r0 * f.sb + error_v * f.se;
    result.gain_1 = slope * f.s1 + f.p11 + f.p12 - r0 * f.p1b + error_v * f.p1e;
    result.gain_2 = slope * f.s2 + f.p12 + f.p22 - r0 * f.p2b + error_v * f.p2e;
    result.gain_b = slope * f.sb + f.p1b + f.p2b - r0 * f.bb + error_v * f.be;
    result.gain_e = slope * f.se + f.p1e + f.p2e - r0 * f.be + error_v * f.ee;
    result.state_v2 =
        slope * result.gain_s + result.gain_1 + result.gain_2 - r0 * result.gain_b + error_v * result.gain_e;
    result.variance_v2 = result.state_v2 + noise.lasting_v2;
    return result;
}

void correct(CellFilter& f, const Innovation& innovation) {
    const double share = 1 / innovation.variance_v2;
    const double ks = innovation.gain_s * share;
    const double k1 = innovation.gain_1 * share;
    const double k2 = innovation.gain_2 * share;
    const double kb = innovation.gain_b * share;
    const double ke = innovation.gain_e * share;
    f.soc += ks * innovation.residual_v;
    f.v1_v += k1 * innovation.residual_v;
    f.v2_v += k2 * innovation.residual_v;
    f.offset_a += kb * innovation.residual_v;
    f.error += ke * innovation.residual_v;
    f.ss -= ks * innovation.gain_s;
    f.s1 -= ks * innovation.gain_1;
    f.s2 -= ks * innovation.gain_2;
    f.sb -= ks * innovation.gain_b;
    f.p11 -= k1 * innovation.gain_1;
    f.p12 -= k1 * innovation.gain_2;
    f.p1b -= k1 * innovation.gain_b;
    f.p22 -= k2 * innovation.gain_2;
    f.p2b -= k2 * innovation.gain_b;
    f.bb -= kb * innovation.gain_b;
    f.se -= ks * innovation.gain_e;
    f.p1e -= k1 * innovation.gain_e;
    f.p2e -= k2 * innovation.gain_e;
    f.be -= kb * innovation.gain_e;
    f.ee -= ke * innovation.gain_e;
    keep_in_bounds(f);
}

MeasurementNoise measurement_noise(const CellSetting& setting, double soc, double current_a, double dt_s) {
    const NoiseParameters& noise = setting.model->parameters().noise;
    const ModelTrust& trust = setting.trust;
    const double plain_v = noise.voltage_v * setting.scale.voltage * trust.cold_factor;
    const double by_current_v = noise.current_ohm * setting.scale.resistance * current_a * trust.cold_factor;
    const double short_of = trust.low_soc > 0 ? std::max(1 - soc / trust.low_soc, 0.0) : 0;
    const double low_v = noise.low_soc_v * setting.scale.voltage * trust.cold_factor * short_of;
    const double lasting = dt_s > 0 ? std::max(1.0, noise.correlation_s / dt_s) : 1;
    const double instant_v2 = square(plain_v) + square(by_current_v) + square(low_v);
    return {instant_v2, instant_v2 * lasting, noise.error_v * setting.scale.voltage * trust.cold_factor};
}

}  // namespace sitepower
