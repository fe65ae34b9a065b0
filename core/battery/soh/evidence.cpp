#include "core/battery/soh/evidence.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/model/cell_model.hpp"

namespace sitepower {
namespace {

constexpr double test_sigma = 0.02;
constexpr double test_sigma_without_temperature = 0.04;
constexpr double least_discharge = 0.2;
constexpr double ah_sigma = 0.01;
constexpr double window_sigma = 0.02;
constexpr double kappa = 0.25;
constexpr double kappa_sigma = 0.5;
constexpr double least_ratio_sigma = 0.05;
constexpr double highest_health = 1.5;

std::optional<HealthEvidence> plausible(const HealthEvidence& evidence) {
    const bool is = evidence.health > 0 && evidence.health < highest_health && evidence.sigma > 0 &&
                    std::isfinite(evidence.sigma);
    return is ? std::optional(evidence) : std::nullopt;
}

double at_25_c(double delivered_ah, const StringModel& string, std::optional<double> temperature_c) {
    return delivered_ah / share_at_temperature(string.cell_model.get(), string.chemistry, temperature_c);
}

}  // namespace

std::optional<HealthEvidence> evidence_of(const CapacityTest& test, const StringModel& string) {
    if (!test.reached_end_voltage) return std::nullopt;
    const double ah = at_25_c(test.delivered_ah, string, test.temperature_c);
    return plausible({test.time, ah / test.rated_ah / test.share_at_rate,
                      test.temperature_c ? test_sigma : test_sigma_without_temperature});
}

std::optional<HealthEvidence> evidence_of(const PartialDischarge& discharge, const StringModel& string) {
    const double share = discharge.soc_from - discharge.soc_to;
    if (!(share >= least_discharge)) return std::nullopt;
    const double ah = at_25_c(discharge.delivered_ah, string, discharge.temperature_c);
    const double health = ah / share / discharge.rated_ah;
    const double of_share = std::sqrt(2.0) * discharge.soc_sigma / share;
    return plausible({discharge.time, health, health * std::sqrt(of_share * of_share + ah_sigma * ah_sigma)});
}

std::optional<HealthEvidence> evidence_of_window(double share_of_new, Time time) {
    return plausible({time, share_of_new, window_sigma});
}

std::optional<HealthEvidence> evidence_of_ratio(double ratio, double ratio_sigma, Time time) {
    if (!(ratio > 0.2 && ratio < 10)) return std::nullopt;
    const double lost = std::max((ratio - 1) / kappa, 0.0) * 0.2;
    const double of_reading = 0.2 * ratio_sigma / kappa;
    const double of_kappa = lost * kappa_sigma;
    const double sigma = std::sqrt(of_reading * of_reading + of_kappa * of_kappa);
    return plausible({time, std::max(1 - lost, 0.01), std::max(sigma, least_ratio_sigma)});
}

}  // namespace sitepower
