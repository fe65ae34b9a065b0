#include "core/forecast/day_ahead/intervals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace sitepower::forecast {
namespace {

constexpr double adaption = 0.015;
constexpr std::size_t ring_days = 120;
constexpr std::size_t recent_days = 7;
constexpr std::size_t scores_for_p99 = 200;
constexpr std::size_t scores_for_interval = 39;  // the least for which the largest score is a 95 % quantile
constexpr double median_shrinkage = 50;          // scores
constexpr double deviation_per_error = 1.36;  // standard deviation / mean absolute deviation of t, 5 d.o.f.
constexpr double error_per_deviation = 0.8;   // of the normal distribution

double mean_of(const std::vector<double>& values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void keep_recent(std::vector<double>& ring, double value) {
    if (ring.size() == recent_days) ring.erase(ring.begin());
    ring.push_back(value);
}

}  // namespace

DayIntervals::DayIntervals(std::size_t slots, std::size_t hours, bool non_negative)
    : slots_(slots), non_negative_(non_negative) {
    const std::size_t capacity = 3 * ring_days * slots / hours;
    hours_.assign(hours, {.absolute = ScoreRing(capacity),
                          .rising = ScoreRing(capacity),
                          .interval = AdaptiveLevel(0.05, adaption),
                          .p90 = AdaptiveLevel(0.1, adaption),
                          .p99 = AdaptiveLevel(0.01, adaption / 5)});
}

double DayIntervals::recent_error() const {
    return mean_of(recent_errors_);
}

// Half constant, half in proportion to the value.
Eigen::VectorXd DayIntervals::shape(const Eigen::VectorXd& point) const {
    const double mean = point.mean();
    if (!non_negative_ || !(mean > 0)) return Eigen::VectorXd::Ones(point.size());
    return (0.5 + 0.5 * point.array().max(0.0) / mean).matrix();
}

Eigen::VectorXd DayIntervals::expected_error(const Eigen::VectorXd& point, const Eigen::VectorXd& spread,
                                             const Eigen::VectorXd& extra, double prior) const {
    const double recent = recent_errors_.empty() ? prior : recent_error();
    const double recent_spread = mean_of(recent_spreads_);
    Eigen::ArrayXd expected = shape(point).array() * recent;
    if (recent_spread > 0) expected *= 0.5 + 0.5 * spread.array() / recent_spread;
    expected = (expected.square() + (error_per_deviation * extra.array()).square()).sqrt();
    const double floor = 1e-9 * (1 + point.cwiseAbs().maxCoeff());
    return expected.max(floor).matrix();
}

DayQuantiles DayIntervals::quantiles(const Eigen::VectorXd& point,
                                     const Eigen::VectorXd& expected_error) const {
    DayQuantiles day;
    day.calibrated = true;
    for (std::size_t slot = 0; slot < slots_; ++slot) {
        const Hour& hour = hours_[hour_of(slot)];
        const auto index = static_cast<Eigen::Index>(slot);
        const double unit = expected_error[index];
        const auto at = [&](double score) { return point[index] + score * unit; };
        const auto student = [](double level) { return deviation_per_error * student_t5_quantile(level); };
        const auto n = static_cast<double>(hour.rising.size());
        const double median = hour.rising.quantile(0.5).value * n / (n + median_shrinkage);
        const bool enough = hour.absolute.size() >= scores_for_interval;
        const bool enough_p99 = hour.rising.size() >= scores_for_p99;
        const auto half = hour.absolute.quantile(hour.interval.level());
        const double width = enough ? half.value : student(0.975);
        std::array<double, 3> rising{
            median, enough ? hour.rising.quantile(hour.p90.level()).value : student(0.9),
            enough_p99 ? hour.rising.quantile(hour.p99.level()).value : student(0.99)};
        std::ranges::sort(rising);
        day.p50.push_back(at(rising[0]));
        day.p90.push_back(at(rising[1]));
        day.p99.push_back(at(rising[2]));
        day.lower95.push_back(non_negative_ ? std::max(at(-width), 0.0) : at(-width));
        day.upper95.push_back(at(width));
        day.calibrated = day.calibrated && enough_p99;
        day.beyond += enough && half.beyond ? 1 : 0;
    }
    return day;
}

void DayIntervals::mature(const Eigen::VectorXd& actual, const Eigen::VectorXd& point,
                          const Eigen::VectorXd& spread, const Eigen::VectorXd& expected_error,
                          const DayQuantiles& issued) {
    double error = 0;
    double known = 0;
    for (std::size_t slot = 0; slot < slots_; ++slot) {
        const auto index = static_cast<Eigen::Index>(slot);
        if (!std::isfinite(actual[index])) continue;
        const std::size_t hour = hour_of(slot);
        const double score = (actual[index] - point[index]) / expected_error[index];
        for (std::size_t near = hour - std::min<std::size_t>(hour, 1);
             near <= std::min(hour + 1, hours_.size() - 1); ++near) {
            hours_[near].absolute.add(std::abs(score));
            hours_[near].rising.add(score);
        }
        const bool outside = actual[index] < issued.lower95[slot] || actual[index] > issued.upper95[slot];
        hours_[hour].interval.update(outside ? 1 : 0);
        hours_[hour].p90.update(actual[index] > issued.p90[slot] ? 1 : 0);
        hours_[hour].p99.update(actual[index] > issued.p99[slot] ? 1 : 0);
        error += std::abs(actual[index] - point[index]);
        known += 1;
    }
    if (known == 0) return;
    keep_recent(recent_errors_, error / known);
    keep_recent(recent_spreads_, spread.mean());
    ++matured_days_;
}

void DayIntervals::save(BlobWriter& writer) const {
    for (const auto& hour : hours_) {
        hour.absolute.save(writer);
        hour.rising.save(writer);
        hour.interval.save(writer);
        hour.p90.save(writer);
        hour.p99.save(writer);
    }
    writer.put(static_cast<std::uint64_t>(matured_days_));
    writer.put_all<double>(recent_errors_);
    writer.put_all<double>(recent_spreads_);
}

void DayIntervals::load(BlobReader& reader) {
    for (auto& hour : hours_) {
        hour.absolute.load(reader);
        hour.rising.load(reader);
        hour.interval.load(reader);
        hour.p90.load(reader);
        hour.p99.load(reader);
    }
    reader.get(matured_days_);
    reader.get_all(recent_errors_, recent_days);
    reader.get_all(recent_spreads_, recent_days);
}

}  // namespace sitepower::forecast
