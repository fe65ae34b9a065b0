// Picks the values of series out of what is read, on their way to the forecast thread. Owned by the app; loop
// thread. At its limit new values are left out and counted: the forecast thread hangs then, and its series
// have a gap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/frame.hpp"
#include "daemon/forecast/series_book.hpp"
#include "daemon/price/book.hpp"

namespace sitepower {

// Values, and the settings that number their series.
struct SeriesBatch {
    std::optional<ForecastSettings> settings{};  // in force from here on; empty: those before go on
    std::vector<SeriesSample> samples{};
};

class SeriesFeed {
  public:
    static constexpr std::size_t most_samples = 200'000;

    // Values that wait stay with the settings that they came under.
    void configure(const ForecastSettings& settings);
    // Series whose steps end, or settings that nobody has taken yet.
    bool has_work() const { return !factors_.empty() || batches_.front().settings; }

    // Only what is good.
    void take(const Frame& frame);
    // What is known of each step of price series, also of those to come; each step once.
    void prices(const PriceBook& book);
    // A value that somebody has published; of metrics without a series it is left alone.
    void metric(const std::string& metric, Time time, double value);

    // What waits, oldest first; at least one batch.
    std::vector<SeriesBatch> drain();
    std::size_t waiting() const { return waiting_; }  // values
    std::uint64_t left_out() const { return left_out_; }

  private:
    struct Source {
        std::uint32_t slot = 0;  // of a point
        std::uint32_t series = 0;
        std::optional<std::uint32_t> covariate{};
    };
    // A register's readings are scaled so that the amount of a step is a rate by the hour. False at the
    // limit.
    bool add(const Source& source, Time time, double value);
    void watch(PointRef point, Source source);

    struct PriceSource {
        std::uint32_t series = 0;
        std::string price;
        Duration step{};
        std::optional<Time> fed_until{};
    };

    std::vector<double> factors_;  // factor of each series
    std::vector<PriceSource> by_price_;
    std::optional<std::uint64_t> price_revision_;
    std::vector<std::vector<Source>> by_device_;
    std::unordered_map<std::string, std::vector<Source>> by_metric_;
    std::vector<SeriesBatch> batches_{1};
    std::size_t waiting_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace sitepower
