#include "core/forecast/covariates.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr Duration kept_ahead = 7 * one_day;
constexpr std::size_t most_hours =
    std::size_t{18} * 24;  // of one covariate: ten days back, a week ahead, one to spare
// Forecasts that are matched were made between one and two days before.
constexpr Duration matched_lead = one_day;
constexpr int days_before = 7;
constexpr int fewest_days = 3;
constexpr double day_fading = 0.95;  // weight of a day relative to the one after it
// Heating below, cooling above; as the day-ahead regression has them.
constexpr double heating_c = 16;
constexpr double cooling_c = 22;
constexpr std::size_t most_terms = 3;
constexpr double memory_rows = 28 * 24 / 0.693;  // a row's weight halves in four weeks
constexpr double fewest_rows = 7 * 24;
constexpr double ridge_share = 0.02;  // of the diagonal
constexpr double proof_memory = 1.0 / (7 * 24);
constexpr double fewest_proofs = 48;
constexpr double least_gain = 0.98;
constexpr double least_ratio = 0.3;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr double robust = 3;  // typical errors: rows beyond count less

Time hour_of(Time time) {
    return floor_to(time, one_hour);
}

std::size_t terms_of(const Covariate& covariate) {
    return covariate.role == CovariateRole::temperature ? most_terms : 1;
}

void terms_at(const Covariate& covariate, double value, std::span<double> terms) {
    terms[0] = value;
    if (covariate.role != CovariateRole::temperature) return;
    terms[1] = std::max(heating_c - value, 0.0);
    terms[2] = std::max(value - cooling_c, 0.0);
}

// How far a covariate of the hour is from the same hour of the days that a forecast so long before could look
// back on, by regressor; false: that is not known.
bool deviates(const Covariates& all, std::size_t which, Time hour, Duration lead, double given,
              std::span<double> terms) {
    const double value = std::isfinite(given) ? given : all.at(which, hour).value_or(nothing);
    if (!std::isfinite(value)) return false;
    const auto& covariate = all.declared()[which];
    std::array<double, most_terms> sum{};
    std::array<double, most_terms> of_day{};
    double weights = 0;
    double weight = 1;
    int known = 0;
    const int first = lead < one_day ? 1 : 2;
    for (int day = first; day < first + days_before; ++day, weight *= day_fading) {
        const auto before = all.at(which, hour - day * one_day);
        if (!before) continue;
        terms_at(covariate, *before, of_day);
        for (std::size_t j = 0; j < terms.size(); ++j) sum[j] += weight * of_day[j];
        weights += weight;
        ++known;
    }
    if (known < fewest_days) return false;
    terms_at(covariate, value, of_day);
    for (std::size_t j = 0; j < terms.size(); ++j) terms[j] = of_day[j] - sum[j] / weights;
    return true;
}

}  // namespace

void Covariates::Proof::add(double without, double with) {
    count += 1;
    const double share = std::max(proof_memory, 1 / count);
    plain += share * (without - plain);
    moved += share * (with - moved);
}

bool Covariates::Proof::useful() const {
    return count >= fewest_proofs && moved < least_gain * plain;
}

double Covariates::Proof::ratio() const {
    return plain > 0 ? std::clamp(moved / plain, least_ratio, 1.0) : 1;
}

Covariates::Covariates(std::vector<Covariate> declared) : declared_(std::move(declared)) {
    std::size_t terms = 0;
    for (const auto& covariate : declared_) {
        first_.push_back(terms);
        terms += terms_of(covariate);
    }
    hours_.resize(declared_.size());
    const auto n = static_cast<Eigen::Index>(terms);
    gram_ = Eigen::MatrixXd::Zero(n, n);
    cross_ = coefficients_ = fading_product_ = fading_square_ = Eigen::VectorXd::Zero(n);
}

std::size_t Covariates::terms() const {
    return static_cast<std::size_t>(cross_.size());
}

void Covariates::value(std::size_t which, Time time, double value, Time now) {
    if (which >= hours_.size() || !std::isfinite(value)) return;
    const Time hour = hour_of(time);
    auto& hours = hours_[which];
    if (hour - now > kept_ahead) return;
    if (hours.size() >= most_hours && hour < hours.begin()->first) return;
    Mean& mean = hours[hour];
    const bool ahead = hour > hour_of(now);
    if (ahead || mean.told_ahead) mean = {};
    mean.told_ahead = ahead;
    mean.sum += value;
    ++mean.count;
    if (hours.size() > most_hours) hours.erase(hours.begin());
}

std::optional<double> Covariates::at(std::size_t which, Time hour) const {
    const auto found = hours_[which].find(hour_of(hour));
    if (found == hours_[which].end()) return std::nullopt;
    return found->second.sum / found->second.count;
}

// The deviation of the newest hour that is known, fading as deviations have faded before.
bool Covariates::substitute(std::size_t which, Time hour, Time now, std::span<double> terms) const {
    for (Time known = hour_of(now); known >= now - one_day; known -= one_hour) {
        if (!deviates(*this, which, known, hour - now, nothing, terms)) continue;
        const auto ahead = static_cast<double>((hour - known) / one_hour);
        for (std::size_t j = 0; j < terms.size(); ++j) {
            const auto at = static_cast<Eigen::Index>(first_[which] + j);
            const double fading =
                fading_square_[at] > 0 ? std::clamp(fading_product_[at] / fading_square_[at], 0.0, 1.0) : 0;
            terms[j] *= std::pow(fading, std::max(ahead, 0.0));
        }
        return true;
    }
    return false;
}

CovariateEffect Covariates::effect_at(Time hour, Time now, std::span<const double> given) const {
    CovariateEffect effect;
    if (empty() || rows_ < fewest_rows) return effect;
    hour = hour_of(hour);
    for (std::size_t which = 0; which < declared_.size(); ++which) {
        std::array<double, most_terms> room{};
        const auto found = std::span(room).first(terms_of(declared_[which]));
        const double value = which < given.size() ? given[which] : nothing;
        if (!deviates(*this, which, hour, hour - hour_of(now), value, found)) {
            effect.substituted = true;
            // Nothing is known of it: then it is taken to be as on the days before.
            if (!substitute(which, hour, now, found)) std::ranges::fill(found, 0.0);
        }
        for (std::size_t j = 0; j < found.size(); ++j)
            effect.shift += coefficients_[static_cast<Eigen::Index>(first_[which] + j)] * found[j];
    }
    effect.known = true;
    return effect;
}

void Covariates::learn(Time hour, double plain, const CovariateEffect& said, double actual) {
    if (empty() || !std::isfinite(plain) || !std::isfinite(actual)) return;
    if (said.known)
        proof_[said.substituted ? 1 : 0].add(std::abs(actual - plain), std::abs(actual - plain - said.shift));
    Eigen::VectorXd x(cross_.size());
    Eigen::VectorXd before(cross_.size());
    bool follows = true;
    for (std::size_t which = 0; which < declared_.size(); ++which) {
        const auto n = terms_of(declared_[which]);
        if (!deviates(*this, which, hour, matched_lead, nothing, {x.data() + first_[which], n})) return;
        follows = follows && deviates(*this, which, hour - one_hour, matched_lead, nothing,
                                      {before.data() + first_[which], n});
    }
    const double error = actual - plain;
    const double left = std::abs(error - coefficients_.dot(x));
    const double weight =
        typical_error_ > 0 ? std::min(1.0, robust * typical_error_ / std::max(left, 1e-300)) : 1;
    const double kept = 1 - 1 / memory_rows;
    rows_ += 1;
    typical_error_ += std::max(proof_memory, 1 / rows_) * (left - typical_error_);
    gram_ = kept * gram_ + weight * x * x.transpose();
    cross_ = kept * cross_ + weight * error * x;
    if (follows) {
        fading_product_ = kept * fading_product_ + x.cwiseProduct(before);
        fading_square_ = kept * fading_square_ + before.cwiseProduct(before);
    }
    solve();
}

void Covariates::solve() {
    Eigen::MatrixXd normal = gram_;
    for (Eigen::Index j = 0; j < normal.rows(); ++j) {
        // A term that has never moved explains nothing.
        normal(j, j) = normal(j, j) > 0 ? (1 + ridge_share) * normal(j, j) : 1;
    }
    coefficients_ = normal.ldlt().solve(cross_);
    if (!coefficients_.allFinite()) coefficients_.setZero();
}

bool Covariates::used(bool substituted) const {
    return !empty() && proof_[substituted ? 1 : 0].useful();
}

IssuedStep Covariates::with(const CovariateEffect& effect, const IssuedStep& plain) const {
    if (!effect.known || !used(effect.substituted)) return plain;
    const double ratio = proof_[effect.substituted ? 1 : 0].ratio();
    IssuedStep moved = plain;
    auto& q = moved.quantiles;
    moved.point += effect.shift;
    q.p50 += effect.shift;
    for (double* bound : {&q.p90, &q.p99, &q.lower95, &q.upper95})
        *bound = q.p50 + ratio * (*bound + effect.shift - q.p50);
    return moved;
}

void Covariates::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(declared_.size()));
    for (const auto& covariate : declared_) {
        writer.put_all(
            std::span(reinterpret_cast<const std::uint8_t*>(covariate.name.data()), covariate.name.size()));
        writer.put(static_cast<std::uint8_t>(covariate.role));
    }
    for (const auto& hours : hours_) {
        writer.put(static_cast<std::uint64_t>(hours.size()));
        for (const auto& [hour, mean] : hours) {
            writer.put(to_ms(hour));
            writer.put(mean.sum);
            writer.put(mean.count);
            writer.put(mean.told_ahead);
        }
    }
    writer.put_all(std::span<const double>(gram_.data(), static_cast<std::size_t>(gram_.size())));
    for (const auto* vector : {&cross_, &coefficients_, &fading_product_, &fading_square_})
        writer.put_all(std::span<const double>(vector->data(), terms()));
    writer.put(rows_);
    writer.put(typical_error_);
    for (const auto& proof : proof_) {
        writer.put(proof.plain);
        writer.put(proof.moved);
        writer.put(proof.count);
    }
}

void Covariates::load(BlobReader& reader) {
    const auto declared = std::move(declared_);
    std::vector<Covariate> saved(std::min<std::uint64_t>(reader.get<std::uint64_t>(), most));
    for (auto& covariate : saved) {
        std::vector<std::uint8_t> name;
        reader.get_all(name, 1000);
        covariate.name.assign(name.begin(), name.end());
        covariate.role = reader.get<std::uint8_t>() == 0 ? CovariateRole::linear : CovariateRole::temperature;
    }
    *this = Covariates(std::move(saved));
    for (auto& hours : hours_) {
        const auto size = reader.get<std::uint64_t>();
        if (size > most_hours) return reader.fail();
        for (std::uint64_t i = 0; i < size && reader.ok(); ++i) {
            Mean& mean = hours[from_ms(reader.get<std::int64_t>())];
            reader.get(mean.sum);
            reader.get(mean.count);
            mean.told_ahead = reader.get<std::uint8_t>() != 0;
            if (mean.count == 0) reader.fail();
        }
    }
    reader.get_all(std::span<double>(gram_.data(), static_cast<std::size_t>(gram_.size())));
    for (auto* vector : {&cross_, &coefficients_, &fading_product_, &fading_square_})
        reader.get_all(std::span<double>(vector->data(), terms()));
    reader.get(rows_);
    reader.get(typical_error_);
    for (auto& proof : proof_) {
        reader.get(proof.plain);
        reader.get(proof.moved);
        reader.get(proof.count);
    }
    if (declared_ != declared || !reader.ok()) *this = Covariates(declared);
}

}  // namespace sitepower::forecast
