#include "daemon/forecast/series_feed.hpp"

#include <utility>

namespace sitepower {

void SeriesFeed::configure(const ForecastSettings& settings) {
    factors_.clear();
    by_device_.clear();
    by_metric_.clear();
    for (std::uint32_t i = 0; i < settings.series.size(); ++i) {
        const auto& series = settings.series[i];
        factors_.push_back(rate_factor(series));
        if (!series.metric.empty()) by_metric_[series.metric].push_back(i);
        if (!series.point) continue;
        const auto device = position(series.point->device);
        if (by_device_.size() <= device) by_device_.resize(device + 1);
        by_device_[device].push_back({.slot = series.point->slot, .series = i});
    }
}

void SeriesFeed::take(const Frame& frame) {
    const auto device = position(frame.layout->device_index);
    if (device >= by_device_.size()) return;
    for (const auto& source : by_device_[device]) {
        const auto first = frame.layout->first_slot;
        if (source.slot < first || source.slot - first >= frame.values.size()) continue;
        const auto at = source.slot - first;
        if (frame.quality[at] == Quality::good) add(source.series, frame.time, frame.values[at]);
    }
}

void SeriesFeed::metric(const std::string& metric, Time time, double value) {
    const auto found = by_metric_.find(metric);
    if (found == by_metric_.end()) return;
    for (const auto series : found->second) add(series, time, value);
}

void SeriesFeed::add(std::uint32_t series, Time time, double value) {
    if (samples_.size() >= most_samples) {
        ++left_out_;
        return;
    }
    samples_.push_back({.series = series, .time = time, .value = value * factors_[series]});
}

std::vector<SeriesSample> SeriesFeed::drain() {
    return std::exchange(samples_, {});
}

}  // namespace sitepower
