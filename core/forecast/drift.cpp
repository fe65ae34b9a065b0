#include "core/forecast/drift.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr double slack = 0.5;  // k, in standard deviations of log errors
constexpr double limit = 8;    // h
constexpr double coverage_off = 0.05;
constexpr double target = 0.95;
constexpr double largest_step = 3;  // one enormous error is an outlier, not drift
constexpr std::uint64_t learning = 7;
constexpr double memory_days = 3;  // of what is usual

}  // namespace

DriftDetector::DriftDetector(std::size_t week) : covered_(std::max<std::size_t>(week, learning)) {}

void DriftDetector::reset() {
    log_mean_ = log_square_ = sum_ = 0;
    seen_ = 0;
    covered_count_ = matured_ = 0;
    std::ranges::fill(covered_, 0);
}

std::optional<double> DriftDetector::coverage() const {
    if (matured_ < covered_.size()) return std::nullopt;
    return static_cast<double>(covered_count_) / static_cast<double>(covered_.size());
}

Drift DriftDetector::see(double absolute_error, bool covered95) {
    if (!std::isfinite(absolute_error)) return Drift::none;
    auto& oldest = covered_[matured_ % covered_.size()];
    covered_count_ -= oldest;
    oldest = covered95 ? 1 : 0;
    covered_count_ += oldest;
    ++matured_;
    const Drift errors = judge(absolute_error);
    if (errors != Drift::none) return errors;
    const auto covered = coverage();
    if (!covered || std::abs(*covered - target) <= coverage_off + 1e-9) return Drift::none;
    reset();
    return Drift::coverage_off;
}

// The first seventh of a week says what errors are usual (mean and spread of their logarithms).
Drift DriftDetector::judge(double absolute_error) {
    const double log_error = std::log(std::max(absolute_error, 1e-12));
    const std::uint64_t usual = covered_.size() / learning;
    if (seen_ < usual) {
        ++seen_;
        const double delta = log_error - log_mean_;
        log_mean_ += delta / static_cast<double>(seen_);
        log_square_ += delta * (log_error - log_mean_);
        return Drift::none;
    }
    const double spread = std::sqrt(log_square_ / static_cast<double>(usual));
    const double step = (log_error - log_mean_) / std::max(spread, 0.1);
    // What is usual moves on, slowly: a first day's forecasts are those of a model that has learnt little.
    const double delta = std::clamp(step, -largest_step, largest_step) * std::max(spread, 0.1);
    const double memory = memory_days * static_cast<double>(usual);
    log_mean_ += delta / memory;
    log_square_ += (delta * delta * static_cast<double>(usual) - log_square_) / memory;
    sum_ = std::max(0.0, sum_ + std::min(step, largest_step) - slack);
    if (sum_ <= limit) return Drift::none;
    reset();
    return Drift::errors_grew;
}

void DriftDetector::save(BlobWriter& writer) const {
    for (const double value : {log_mean_, log_square_, sum_}) writer.put(value);
    for (const auto value : {seen_, covered_count_, matured_}) writer.put(value);
    writer.put_all(std::span<const std::uint8_t>(covered_));
}

void DriftDetector::load(BlobReader& reader) {
    for (double* value : {&log_mean_, &log_square_, &sum_}) reader.get(*value);
    for (auto* value : {&seen_, &covered_count_, &matured_}) reader.get(*value);
    reader.get_all(std::span<std::uint8_t>(covered_));
}

}  // namespace sitepower::forecast
