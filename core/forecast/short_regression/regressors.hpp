// What a short-horizon regression looks at: recent lags, the values around the same clock time on earlier
// days, and how those days stood at this time, all relative to the newest value. Values.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace sitepower::forecast {

struct RegressorSet {
    std::string_view name;
    std::vector<std::size_t> lags;      // steps before the newest value
    std::vector<std::size_t> days;      // days before the target, each with
    std::vector<int> around;            // the values so many steps around the target's clock time,
    bool then = true;                   // the value at this clock time that day,
    std::vector<std::size_t> day_lags;  // and the values so many steps before it
};

// The sets that compete, from few regressors for a young series to many for a month of data. Chosen on the
// first 60 % of the 5 min Azure and Alibaba cluster traces.
std::span<const RegressorSet> regressor_sets();

// The regressors of one set at one horizon, as pairs of lags before the newest value: x = z[n-1-lag] -
// z[n-1-base].
class Regressors {
  public:
    Regressors(const RegressorSet& set, std::size_t day, std::size_t horizon);

    std::size_t size() const { return terms_.size() + mean_count; }
    // Values of history that are looked at.
    std::size_t reach() const { return reach_; }
    // `values` ends with the newest one and has at least reach() of them; `x` has size().
    void read(std::span<const double> values, std::span<double> x) const;

  private:
    static constexpr std::size_t mean_count = 1;  // the mean of the last hour

    struct Term {
        std::size_t lag = 0;
        std::size_t base = 0;
    };
    void add(std::size_t lag, std::size_t base);

    std::vector<Term> terms_;
    std::size_t hour_ = 1;
    std::size_t reach_ = 1;
};

}  // namespace sitepower::forecast
