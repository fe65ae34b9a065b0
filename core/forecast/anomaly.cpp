#include "core/forecast/anomaly.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {

std::optional<AnomalyEvent> AnomalyDetector::see(double p_value) {
    if (!(p_value >= 0 && p_value <= 1)) return std::nullopt;
    const bool rare = p_value < settings_.p_limit;
    const bool again = rare && since_rare_ < settings_.within;
    since_rare_ = rare ? 1 : std::min(since_rare_ + 1, 1'000'000U);
    if (active_) {
        quiet_ = p_value > settings_.p_clear ? quiet_ + 1 : 0;
        active_ = quiet_ < settings_.clear_after;
        return std::nullopt;
    }
    if (!again) return std::nullopt;
    active_ = true;
    quiet_ = 0;
    return AnomalyEvent{.p_value = p_value, .severity = -std::log10(std::max(p_value, 1e-300))};
}

void AnomalyDetector::save(BlobWriter& writer) const {
    writer.put(active_);
    writer.put(since_rare_);
    writer.put(quiet_);
}

void AnomalyDetector::load(BlobReader& reader) {
    active_ = reader.get<std::uint8_t>() != 0;
    reader.get(since_rare_);
    reader.get(quiet_);
}

}  // namespace sitepower::forecast
