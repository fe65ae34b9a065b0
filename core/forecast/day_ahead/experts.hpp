// The regressions of a day-ahead forecaster over their windows: linear ones with rolling moments, short
// windows in the dual form, and kernels. Keeps the days that they need and nothing else. Owned by the
// day-ahead forecaster; one thread at a time.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "core/forecast/blob.hpp"
#include "core/forecast/day_ahead/day.hpp"
#include "core/forecast/day_ahead/features.hpp"
#include "core/forecast/day_ahead/moments.hpp"
#include "core/forecast/day_ahead/ridge.hpp"
#include "core/forecast/day_ahead/setup.hpp"

namespace sitepower::forecast {

struct Opinions {
    Eigen::MatrixXd experts;  // experts x slots, in the unit of the target; NaN: this one has none
    // Standard deviation that unknown covariates of the day add to each slot, in the unit of the target.
    Eigen::VectorXd substitution_deviation;
    bool substituted = false;  // something that the regressions wanted was unknown, and estimated
};

class DayExperts {
  public:
    explicit DayExperts(const DayAheadSetup& setup);

    // The day after the last one. What is NaN in it is filled, the target from `fallback` (one value per
    // slot; may be empty), and the day is then not learnt from.
    void append(Day day, std::span<const double> fallback);
    void clear();

    std::size_t days() const { return days_.size(); }
    // 1: the last day; at most days().
    const Day& back(std::size_t lag_days) const { return days_[days_.size() - lag_days].day; }
    // Days that can be learnt from within the longest window.
    std::size_t usable_days() const;

    // Mean absolute difference of the last `days` to their values one week before; 0 for a constant series.
    double seasonal_difference(std::size_t days) const;

    // For the day after the last one, whose covariates may hold NaN. Wants at least one usable day.
    Opinions predict(const Day& today);

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    struct Kept {
        Day day;
        bool observed = true;
        DayFeatures features;
    };
    struct Rolling {
        std::size_t window_days = 0;
        Moments moments;
    };
    struct Block {  // the usable days of a window, standardised
        Eigen::MatrixXd rows;
        Eigen::MatrixXd targets;
        Standardised scale;
    };

    bool usable(std::size_t index) const;
    Eigen::VectorXd row_of(std::size_t index) const;
    void fill(Day& day, std::span<const double> fallback) const;
    void roll(std::size_t last);
    void rebuild(std::size_t last);
    void refit();
    bool stale() const { return !scaling_ || since_refit_ > setup_.refit_days; }
    Block block_of(std::size_t window_days) const;
    // The conditional mean of what is unknown in the row given the rest, and what it adds to the variance of
    // each (scaled) slot.
    Eigen::VectorXd complete(Eigen::VectorXd& row) const;
    void solve_linear(const Eigen::VectorXd& row, const ExpertWindow& window, Eigen::MatrixXd& into,
                      Eigen::Index& at) const;
    void solve_dual(const Eigen::VectorXd& row, const ExpertWindow& window, Eigen::MatrixXd& into,
                    Eigen::Index& at) const;
    void solve_kernel(const Eigen::VectorXd& row, const KernelExpert& kernel, Eigen::MatrixXd& into,
                      Eigen::Index at) const;
    void to_unit(Opinions& opinions) const;

    DayAheadSetup setup_;
    DayRegressors regressors_;
    std::vector<HourPenalty> hours_;
    std::size_t capacity_;
    std::deque<Kept> days_;  // one for each date
    std::optional<Scaling> scaling_;
    std::size_t since_refit_ = 0;
    std::vector<Rolling> rolling_;  // of the windows longer than the row, in the order of the setup
};

}  // namespace sitepower::forecast
