#include "core/forecast/conformal.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr double beyond_factor = 1.2;

// Distribution function of Student's t with 5 degrees of freedom (closed form for odd degrees).
double student_t5_cdf(double t) {
    const double angle = std::atan(t / std::sqrt(5.0));
    const double cosine = std::cos(angle);
    const double sum = angle + std::sin(angle) * (cosine + 2.0 / 3.0 * cosine * cosine * cosine);
    return 0.5 + sum / 3.14159265358979323846;
}

}  // namespace

ScoreRing::ScoreRing(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {
    by_time_.reserve(capacity_);
    sorted_.reserve(capacity_);
}

void ScoreRing::add(double score) {
    if (!std::isfinite(score)) return;
    if (by_time_.size() == capacity_) {
        sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), by_time_[oldest_]));
        by_time_[oldest_] = score;
        oldest_ = (oldest_ + 1) % capacity_;
    } else {
        by_time_.push_back(score);
    }
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), score), score);
}

void ScoreRing::clear() {
    oldest_ = 0;
    by_time_.clear();
    sorted_.clear();
}

ConformalQuantile ScoreRing::quantile(double level) const {
    if (sorted_.empty()) return {.value = 0, .beyond = true};
    const auto n = static_cast<double>(sorted_.size());
    const double rank = std::ceil((n + 1) * std::clamp(level, 0.0, 1.0) - 1e-9);
    if (rank > n) {
        const double largest = sorted_.back();
        return {.value = largest > 0 ? largest * beyond_factor : largest / beyond_factor, .beyond = true};
    }
    return {.value = sorted_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1], .beyond = false};
}

ConformalQuantile ScoreRing::lower_quantile(double level) const {
    if (sorted_.empty()) return {.value = 0, .beyond = true};
    const auto n = static_cast<double>(sorted_.size());
    const double rank = std::floor((n + 1) * std::clamp(level, 0.0, 1.0) + 1e-9);
    if (rank < 1) {
        const double smallest = sorted_.front();
        return {.value = smallest < 0 ? smallest * beyond_factor : smallest / beyond_factor, .beyond = true};
    }
    return {.value = sorted_[static_cast<std::size_t>(std::min(rank, n)) - 1], .beyond = false};
}

double ScoreRing::p_value(double score) const {
    const auto at_least = sorted_.end() - std::lower_bound(sorted_.begin(), sorted_.end(), score);
    return static_cast<double>(at_least + 1) / static_cast<double>(sorted_.size() + 1);
}

void ScoreRing::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(oldest_));
    writer.put_all(std::span<const double>(by_time_));
}

void ScoreRing::load(BlobReader& reader) {
    oldest_ = reader.get<std::uint64_t>();
    reader.get_all(by_time_, capacity_);
    if (oldest_ >= capacity_ || !std::ranges::all_of(by_time_, [](double s) { return std::isfinite(s); })) {
        reader.fail();
    }
    if (!reader.ok()) {
        oldest_ = 0;
        by_time_.clear();
    }
    sorted_.assign(by_time_.begin(), by_time_.end());
    std::ranges::sort(sorted_);
}

void AdaptiveLevel::update(double missed, bool beyond) {
    alpha_ = std::max(alpha_ + gamma_ * (miss_ - missed), least_);
    ++matured_;
    beyond_ += beyond ? 1U : 0U;
}

double AdaptiveLevel::bound() const {
    if (matured_ == 0) return 1;
    const double start = std::max(miss_, 1 - miss_);
    return std::min(1.0, (start + gamma_) / (gamma_ * static_cast<double>(matured_)));
}

void AdaptiveLevel::save(BlobWriter& writer) const {
    writer.put(alpha_);
    writer.put(matured_);
    writer.put(beyond_);
}

void AdaptiveLevel::load(BlobReader& reader) {
    reader.get(alpha_);
    reader.get(matured_);
    reader.get(beyond_);
    if (!std::isfinite(alpha_)) reader.fail();
}

double student_t5_quantile(double level) {
    // Bisection: the function is monotone, and this is asked for a few times a forecast at most.
    double low = -1000;
    double high = 1000;
    for (int i = 0; i < 80; ++i) {
        const double middle = (low + high) / 2;
        (student_t5_cdf(middle) < level ? low : high) = middle;
    }
    return (low + high) / 2 / std::sqrt(5.0 / 3.0);
}

}  // namespace sitepower::forecast
