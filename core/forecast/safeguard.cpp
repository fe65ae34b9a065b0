#include "core/forecast/safeguard.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr double engage_above = 1.02;
constexpr double release_at = 1.0;

}  // namespace

Safeguard::Safeguard(std::size_t naives, double memory, double least)
    : naives_(std::min(naives, most_naives)), memory_(std::max(memory, 1.0)), least_(least) {}

void Safeguard::add(Mean& mean, double error) const {
    if (!std::isfinite(error)) return;
    mean.count += 1;
    mean.value += std::max(1 / memory_, 1 / mean.count) * (error - mean.value);
}

void Safeguard::mature(double combined_error, std::span<const double> naive_errors) {
    add(combined_, combined_error);
    for (std::size_t i = 0; i < std::min(naives_, naive_errors.size()); ++i) add(naive_[i], naive_errors[i]);
    if (combined_.count < least_) return;
    const Mean& best = naive_[best_naive()];
    if (best.count < least_) return;
    engaged_ =
        engaged_ ? combined_.value > release_at * best.value : combined_.value > engage_above * best.value;
}

std::size_t Safeguard::best_naive() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < naives_; ++i) {
        if (naive_[i].count >= least_ && naive_[i].value < naive_[best].value) best = i;
    }
    return best;
}

void Safeguard::save(BlobWriter& writer) const {
    for (const auto* mean : {&combined_, &naive_[0], &naive_[1], &naive_[2]}) {
        writer.put(mean->value);
        writer.put(mean->count);
    }
    writer.put(engaged_);
}

void Safeguard::load(BlobReader& reader) {
    for (auto* mean : {&combined_, &naive_[0], &naive_[1], &naive_[2]}) {
        reader.get(mean->value);
        reader.get(mean->count);
    }
    engaged_ = reader.get<std::uint8_t>() != 0;
}

}  // namespace sitepower::forecast
