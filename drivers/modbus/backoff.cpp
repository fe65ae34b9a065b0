#include "drivers/modbus/backoff.hpp"

#include <algorithm>

namespace sitepower::modbus {

Backoff::Backoff(SteadySpan minimum, SteadySpan maximum, std::uint64_t seed)
    : minimum_(std::max(minimum, SteadySpan(std::chrono::milliseconds(1)))),
      maximum_(std::max(maximum, minimum_)),
      step_(minimum_),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {}

SteadySpan Backoff::next() {
    std::uniform_real_distribution<double> share(0.75, 1.0);
    const auto wait = std::chrono::duration_cast<SteadySpan>(step_ * share(random_));
    step_ = std::min(step_ * 2, maximum_);
    return wait;
}

}  // namespace sitepower::modbus
