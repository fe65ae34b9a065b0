#include "core/battery/rul/particle/float_life.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/rul/log_histogram.hpp"
#include "core/battery/rul/particle/elementary.hpp"

namespace sitepower {
namespace {

constexpr double reference_health = 0.8;  // of L and kappa
constexpr double least_beta = 0.3;
constexpr double kept = 0.98;  // of a particle's distance from the mean, when resampled
constexpr double days_per_year = 365.25;
constexpr double log2_e = 1.44269504088896340736;
// Heavy tails: a loose clamp must not rule everything else out.
constexpr double freedom = 4;
// A test further off, in standard deviations, is no fade of the kind that the particles know.
constexpr double gradual_within = 3;
// Of a test's sigma, when the health follows it: half of its variance was spent on weighing the fades. Tuned
// on simulated jars (score --fleet).
constexpr double followed = 0.7;
constexpr std::uint64_t first_test_draw = std::uint64_t{1} << 56U;  // beyond those of resampling
constexpr double shortest_days = 1;
constexpr double longest_days = 1e6;

// Powers of the inverse of the root of x^6 = x + 1: points k * these, modulo 1, fill five dimensions evenly
// (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
constexpr double root = 1.13472413840151949;
constexpr std::array<double, 5> strides{1 / root, 1 / (root * root), 1 / (root * root * root),
                                        1 / (root * root * root * root),
                                        1 / (root * root * root * root * root)};

double spread(std::size_t particle, std::size_t dimension, double shift) {
    const double at = shift + static_cast<double>(particle + 1) * strides[dimension];
    return inverse_normal(std::clamp(at - std::floor(at), 1e-9, 1 - 1e-9));
}

}  // namespace

FloatLife::FloatLife(const FloatLifePriors& priors, std::uint64_t seed)
    : random_(seed), end_of_life_(priors.end_of_life) {
    const double life_days = priors.design_life_years * priors.life_per_design * days_per_year;
    const double shift = random_.uniform(0);
    for (std::size_t i = 0; i < particles; ++i) {
        const auto log_normal = [&](double median, double sigma, std::size_t dimension) {
            return elementary::log2(median) + sigma * log2_e * spread(i, dimension, shift);
        };
        log2_life_[i] = log_normal(life_days, priors.life_sigma, 0);
        log2_beta_[i] = log_normal(priors.beta, priors.beta_sigma, 1);
        heat_place_[i] = ThermalAge::place_of(priors.h_c + priors.h_sigma_c * spread(i, 2, shift));
        log2_kappa_[i] = log_normal(priors.kappa, priors.kappa_sigma, 3);
        c0_[i] = priors.c0 + priors.c0_sigma * spread(i, 4, shift);
    }
    weight_.fill(1.0 / particles);
}

double FloatLife::health_of(std::size_t particle, const BatteryAge& age) const {
    const double aged = std::max(ThermalAge::between(age.age_days, heat_place_[particle]), 1e-3);
    const double beta = std::max(elementary::exp2(log2_beta_[particle]), least_beta);
    const double used = elementary::exp2(beta * (elementary::log2(aged) - log2_life_[particle]));
    return c0_[particle] - (c0_[particle] - reference_health) * used - lost_[particle];
}

double FloatLife::days_left(std::size_t particle, const BatteryAge& age) const {
    const double share =
        (c0_[particle] - lost_[particle] - end_of_life_) / (c0_[particle] - reference_health);
    if (share <= 0) return 0;
    const double beta = std::max(elementary::exp2(log2_beta_[particle]), least_beta);
    const double last_age = elementary::exp2(log2_life_[particle] + elementary::log2(share) / beta);
    const double left = last_age - ThermalAge::between(age.age_days, heat_place_[particle]);
    return std::max(left / std::max(ThermalAge::between(age.rate, heat_place_[particle]), 1e-6), 0.0);
}

// As long as its age would have taken at the rate of the future.
double FloatLife::days_served(std::size_t particle, const BatteryAge& age) const {
    const double rate = ThermalAge::between(age.rate, heat_place_[particle]);
    return std::max(ThermalAge::between(age.age_days, heat_place_[particle]) / std::max(rate, 1e-6), 0.0);
}

void FloatLife::learn_health(double health, double sigma, const BatteryAge& age) {
    if (!(health > 0 && health < 1.5 && sigma > 0)) return;
    const HealthPosterior expected = this->health(age);
    if (std::abs(health - expected.mean) < gradual_within * std::hypot(sigma, expected.sigma)) {
        Values misfits;
        for (std::size_t i = 0; i < particles; ++i) misfits[i] = (health - health_of(i, age)) / sigma;
        weigh(misfits);
    }
    correct(health, followed * sigma, age);
}

// What the fades cannot explain is a loss of its own: each particle moves towards the test, as in an ensemble
// Kalman filter (Evensen 2003). Where the test is further off than the particles are apart they were too
// sure: they count as being as far apart as that.
void FloatLife::correct(double health, double sigma, const BatteryAge& age) {
    const HealthPosterior before = this->health(age);
    const double misfit = health - before.mean;
    const double spread = before.sigma * before.sigma + sigma * sigma;
    const double gain = 1 - sigma * sigma / std::max(spread, misfit * misfit);
    const std::uint64_t first = first_test_draw + ++tests_ * particles;
    for (std::size_t i = 0; i < particles; ++i) {
        const double found = health + sigma * random_.normal(first + i);
        lost_[i] -= gain * (found - health_of(i, age));
    }
}

bool FloatLife::learn_ratio(double ratio, double sigma, const BatteryAge& age) {
    if (!(ratio > 0.2 && ratio < 10 && sigma > 0)) return false;
    Values misfits;
    for (std::size_t i = 0; i < particles; ++i) {
        const double lost = c0_[i] - lost_[i] - health_of(i, age);
        const double expected = 1 + elementary::exp2(log2_kappa_[i]) * lost / (1 - reference_health);
        misfits[i] = (ratio - expected) / sigma;
    }
    weigh(misfits);
    return true;
}

// Weights never all vanish: the tails of Student's t are heavy.
void FloatLife::weigh(const Values& misfits) {
    for (std::size_t i = 0; i < particles; ++i) {
        const double t = 1 + misfits[i] * misfits[i] / freedom;
        weight_[i] *= elementary::exp2(-(freedom + 1) / 2 * elementary::log2(std::min(t, 1e30)));
    }
    normalise();
    if (effective_particles() < particles / 2.0) resample();
}

void FloatLife::normalise() {
    double sum = 0;
    for (const double weight : weight_) sum += weight;
    if (!(sum > 0)) {
        weight_.fill(1.0 / particles);
        return;
    }
    for (double& weight : weight_) weight /= sum;
}

double FloatLife::effective_particles() const {
    double squares = 0;
    for (const double weight : weight_) squares += weight * weight;
    return 1 / squares;
}

// Systematic: one random number, evenly spaced picks.
void FloatLife::resample() {
    ++resamplings_;
    std::array<std::size_t, particles> picked{};
    double at = random_.uniform(resamplings_ << 32U) / particles;
    double passed = weight_[0];
    std::size_t from = 0;
    for (std::size_t i = 0; i < particles; ++i, at += 1.0 / particles) {
        while (passed < at && from + 1 < particles) passed += weight_[++from];
        picked[i] = from;
    }
    std::uint64_t stream = 1;
    for (Values* values : {&log2_life_, &log2_beta_, &heat_place_, &log2_kappa_, &c0_, &lost_}) {
        const Values before = *values;
        for (std::size_t i = 0; i < particles; ++i) (*values)[i] = before[picked[i]];
        jitter(*values, stream++);
    }
    for (double& place : heat_place_) place = std::clamp(place, 0.0, ThermalAge::nodes - 1.0);
    weight_.fill(1.0 / particles);
}

// Towards the mean and apart again: mean and variance stay as they are.
void FloatLife::jitter(Values& values, std::uint64_t stream) {
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
        sum += value;
        squares += value * value;
    }
    const double mean = sum / particles;
    const double sigma = std::sqrt(std::max(squares / particles - mean * mean, 0.0) * (1 - kept * kept));
    const std::uint64_t first = (resamplings_ << 32U) + stream * particles;
    for (std::size_t i = 0; i < particles; ++i) {
        values[i] = mean + kept * (values[i] - mean) + sigma * random_.normal(first + i);
    }
}

HealthPosterior FloatLife::health(const BatteryAge& age) const {
    double mean = 0;
    double squares = 0;
    for (std::size_t i = 0; i < particles; ++i) {
        const double value = std::max(health_of(i, age), 0.0);
        mean += weight_[i] * value;
        squares += weight_[i] * value * value;
    }
    return {mean, std::sqrt(std::max(squares - mean * mean, 0.0))};
}

RemainingLife FloatLife::remaining(const BatteryAge& age, double horizon_days) const {
    LogHistogram histogram(elementary::log2(shortest_days), elementary::log2(longest_days));
    LogHistogram by_life(elementary::log2(shortest_days), elementary::log2(longest_days));
    for (std::size_t i = 0; i < particles; ++i) {
        const double days = std::clamp(days_left(i, age), shortest_days, longest_days);
        histogram.add(elementary::log2(days), weight_[i]);
        by_life.add(elementary::log2(days), weight_[i] / (days_served(i, age) + days));
    }
    // A day or less is the end.
    const auto days_at = [&](const LogHistogram& of, double q) {
        const double days = elementary::exp2(of.quantile(q));
        return days < 2 * shortest_days ? 0 : std::min(days, horizon_days);
    };
    const double p10 = days_at(histogram, 0.1);
    const double p90 = days_at(histogram, 0.9);
    RemainingLife life{.left = LifeQuantiles{p10, std::clamp(days_at(by_life, 0.5), p10, p90), p90},
                       .status = EstimateStatus::ok,
                       .reason = ""};
    life.censored = life.left->p50 >= horizon_days;
    return life;
}

double FloatLife::probability_within(double days, const BatteryAge& age) const {
    double probability = 0;
    for (std::size_t i = 0; i < particles; ++i) {
        if (days_left(i, age) <= days) probability += weight_[i];
    }
    return std::min(probability, 1.0);
}

}  // namespace sitepower
