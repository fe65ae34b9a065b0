// Sums of the errors of an estimate: RMSE, MAE, maximum, and how often the truth lay in the interval. Plain
// values, of a state of charge in % points.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace sitepower::lab {

class ErrorSums {
  public:
    // sigma: of the estimate; the intervals are those of a normal distribution.
    void add(double error, double sigma) {
        ++count_;
        squares_ += error * error;
        sizes_ += std::abs(error);
        largest_ = std::max(largest_, std::abs(error));
        in_80_ += std::abs(error) <= 1.2816 * sigma ? 1 : 0;
        in_95_ += std::abs(error) <= 1.9600 * sigma ? 1 : 0;
    }
    // A moment at which the estimate was unknown: told on its own, in no mean.
    void add_unknown() { ++unknown_; }
    void add(const ErrorSums& other) {
        count_ += other.count_;
        unknown_ += other.unknown_;
        squares_ += other.squares_;
        sizes_ += other.sizes_;
        largest_ = std::max(largest_, other.largest_);
        in_80_ += other.in_80_;
        in_95_ += other.in_95_;
    }

    std::size_t count() const { return count_; }
    // NaN where nothing was added.
    double rmse() const { return std::sqrt(squares_ / static_cast<double>(count_)); }
    double mae() const { return sizes_ / static_cast<double>(count_); }
    double largest() const { return count_ > 0 ? largest_ : std::nan(""); }
    double cover_80() const { return static_cast<double>(in_80_) / static_cast<double>(count_); }
    double cover_95() const { return static_cast<double>(in_95_) / static_cast<double>(count_); }
    double unknown_share() const {
        return static_cast<double>(unknown_) / static_cast<double>(count_ + unknown_);
    }

  private:
    std::size_t count_ = 0;
    std::size_t unknown_ = 0;
    std::size_t in_80_ = 0;
    std::size_t in_95_ = 0;
    double squares_ = 0;
    double sizes_ = 0;
    double largest_ = 0;
};

}  // namespace sitepower::lab
