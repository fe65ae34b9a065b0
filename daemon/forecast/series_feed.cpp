#include "daemon/forecast/series_feed.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {
namespace {

Time start_of_step(Time time, Duration step) {
    const auto ms = to_ms(time);
    return from_ms(ms - ((ms % step.count()) + step.count()) % step.count());
}

}  // namespace

void SeriesFeed::configure(const ForecastSettings& settings) {
    factors_.clear();
    by_device_.clear();
    by_metric_.clear();
    by_price_.clear();
    price_revision_.reset();
    if (!batches_.back().samples.empty()) batches_.emplace_back();
    batches_.back().settings = settings;
    for (std::uint32_t i = 0; i < settings.series.size(); ++i) {
        const auto& series = settings.series[i];
        factors_.push_back(rate_factor(series));
        if (!series.metric.empty()) by_metric_[series.metric].push_back({.series = i});
        if (!series.price.empty())
            by_price_.push_back({.series = i, .price = series.price, .step = series.step});
        if (series.point) watch(*series.point, {.series = i});
        for (std::uint32_t c = 0; c < series.covariate_sources.size(); ++c) {
            const auto& source = series.covariate_sources[c];
            if (source.point) watch(*source.point, {.series = i, .covariate = c});
            if (!source.metric.empty()) by_metric_[source.metric].push_back({.series = i, .covariate = c});
        }
    }
}

void SeriesFeed::watch(PointRef point, Source source) {
    const auto device = position(point.device);
    if (by_device_.size() <= device) by_device_.resize(device + 1);
    source.slot = point.slot;
    by_device_[device].push_back(source);
}

void SeriesFeed::take(const Frame& frame) {
    const auto device = position(frame.layout->device_index);
    if (device >= by_device_.size()) return;
    for (const auto& source : by_device_[device]) {
        const auto first = frame.layout->first_slot;
        if (source.slot < first || source.slot - first >= frame.values.size()) continue;
        const auto at = source.slot - first;
        if (frame.quality[at] == Quality::good) add(source, frame.time, frame.values[at]);
    }
}

void SeriesFeed::prices(const PriceBook& book) {
    if (by_price_.empty() || price_revision_ == book.revision()) return;
    for (auto& source : by_price_) {
        const auto* entry = book.find(source.price);
        if (entry == nullptr) continue;
        for (const auto& known : entry->series.steps()) {
            // A gap between what is known stays one: what fills it later is too late for the series.
            Time begin =
                std::max(start_of_step(known.from, source.step), source.fed_until.value_or(Time::min()));
            for (; begin < known.to; begin += source.step) {
                const auto value = entry->series.mean(begin, begin + source.step);
                if (!value) continue;
                // Told once only: what finds no room now is tried again.
                if (!add({.series = source.series}, begin, shown_price(entry->settings.unit, *value))) return;
                source.fed_until = begin + source.step;
            }
        }
    }
    price_revision_ = book.revision();
}

void SeriesFeed::metric(const std::string& metric, Time time, double value) {
    const auto found = by_metric_.find(metric);
    if (found == by_metric_.end()) return;
    for (const auto& source : found->second) add(source, time, value);
}

bool SeriesFeed::add(const Source& source, Time time, double value) {
    if (waiting_ >= most_samples) {
        ++left_out_;
        return false;
    }
    ++waiting_;
    batches_.back().samples.push_back({.series = source.series,
                                       .time = time,
                                       .value = source.covariate ? value : value * factors_[source.series],
                                       .covariate = source.covariate});
    return true;
}

std::vector<SeriesBatch> SeriesFeed::drain() {
    waiting_ = 0;
    return std::exchange(batches_, std::vector<SeriesBatch>(1));
}

}  // namespace sitepower
