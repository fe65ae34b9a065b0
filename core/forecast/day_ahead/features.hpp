// Days as regressors: what of a day enters the regressions, on scales near 1, and the row of regressors that
// describes a day to be forecast. Price: the set of Lago, Marcjasz, De Schutter, Weron (Applied Energy 293
// (2021) 116983). Owned by the day-ahead forecaster.
#pragma once

#include <Eigen/Core>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "core/forecast/day_ahead/day.hpp"
#include "core/forecast/day_ahead/setup.hpp"

namespace sitepower::forecast {

// Frozen between two refits, so that sums over days can be kept up to date.
struct Scaling {
    double location = 0;  // of the target: median and 1.4826 times the median absolute deviation
    double scale = 1;
    std::vector<double> covariate_mean;
    std::vector<double> covariate_deviation;

    // Of the last `days`; a series without spread has scale 1.
    static Scaling of(const DayAheadSetup& setup, std::span<const Day> days);
};

// asinh or logarithm; NaN for what the transform does not know (a load that is not positive).
double to_scale(DayTarget target, const Scaling& scaling, double value);
double from_scale(DayTarget target, const Scaling& scaling, double value);
// d value / d scaled value.
double slope_at(DayTarget target, const Scaling& scaling, double scaled);

struct DayFeatures {
    std::chrono::sys_days date;
    bool holiday = false;
    Eigen::VectorXd target;                   // scaled, per slot
    std::vector<Eigen::VectorXd> covariates;  // scaled, per hour
};

DayFeatures features_of(const DayAheadSetup& setup, const Scaling& scaling, const Day& day);

inline constexpr std::size_t longest_lag_days = 7;
// A day and the week before it, by lag.
using RecentDays = std::array<const DayFeatures*, longest_lag_days + 1>;

enum class RegressorKind : std::uint8_t { lagged_target, covariate, calendar };

struct DayRegressor {
    RegressorKind kind = RegressorKind::calendar;
    std::size_t source = 0;  // of a covariate: its index
    std::size_t lag_days = 0;
    int hour = -1;         // of the local day; -1: of no hour
    double closeness = 1;  // how much it counts when days are compared
};

class DayRegressors {
  public:
    explicit DayRegressors(const DayAheadSetup& setup);

    std::size_t size() const { return table_.size(); }
    std::size_t hours() const { return hours_; }
    std::span<const DayRegressor> table() const { return table_; }
    // Share of the penalty, 0..1, for a slot of the day.
    double share(std::size_t slot, std::size_t regressor) const;
    // Weights for comparing days, squares summing to 1.
    Eigen::VectorXd closeness() const;

    // Unknown values are NaN in the row.
    void fill(const RecentDays& days, Eigen::Ref<Eigen::VectorXd> row) const;

  private:
    void list_lags(std::size_t lag_days);
    void list_covariate(std::size_t source);
    void list_calendar();
    void fill_covariate(const RecentDays& days, std::size_t source, Eigen::Ref<Eigen::VectorXd> row,
                        Eigen::Index& at) const;
    void fill_calendar(const RecentDays& days, Eigen::Ref<Eigen::VectorXd> row, Eigen::Index at) const;

    DayAheadSetup setup_;
    std::size_t hours_;
    std::vector<DayRegressor> table_;
};

}  // namespace sitepower::forecast
