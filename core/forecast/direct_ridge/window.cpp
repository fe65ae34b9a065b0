#include "core/forecast/direct_ridge/window.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/forecast/rank_update.hpp"

namespace sitepower::forecast {
namespace {

constexpr Eigen::Index block = 64;    // windows that enter the sums together
constexpr double robust_error = 1.5;  // scales

Eigen::Index index(std::size_t value) {
    return static_cast<Eigen::Index>(value);
}

}  // namespace

WindowSums::WindowSums(const WindowShape& shape)
    : gram(Eigen::MatrixXd::Zero(index(shape.lags), index(shape.lags))),
      cross(Eigen::MatrixXd::Zero(index(shape.lags), index(shape.horizon))) {}

void WindowSums::clear() {
    gram.setZero();
    cross.setZero();
    power = 0;
    windows = 0;
}

void WindowSums::add(const WindowSums& other) {
    gram += other.gram;
    cross += other.cross;
    power += other.power;
    windows += other.windows;
}

double WindowSums::residual(const Eigen::MatrixXd& coefficients) const {
    const Eigen::MatrixXd product = gram.selfadjointView<Eigen::Lower>() * coefficients;
    return power - 2 * coefficients.cwiseProduct(cross).sum() + coefficients.cwiseProduct(product).sum();
}

Eigen::MatrixXd WindowSums::solve(double lambda, const Eigen::MatrixXd& prior) const {
    Eigen::MatrixXd penalised = gram;
    penalised.diagonal().array() += lambda * gram.diagonal().mean() + 1e-12;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Lower> cholesky(penalised);
    if (prior.size() == 0) return cholesky.solve(cross);
    Eigen::MatrixXd coefficients = cross;
    coefficients.noalias() -= gram.selfadjointView<Eigen::Lower>() * prior;
    cholesky.solveInPlace(coefficients);
    return coefficients + prior;
}

double window_scale(const History& history) {
    const std::size_t day = history.seasons.day;
    double sum = 0;
    std::size_t pairs = 0;
    for (std::size_t t = day; t < history.size(); ++t) {
        if (history.learnable[t] == 0 || history.learnable[t - day] == 0) continue;
        sum += std::abs(history.values[t] - history.values[t - day]);
        ++pairs;
    }
    return pairs == 0 ? 0 : sum / static_cast<double>(pairs);
}

WindowReader::WindowReader(const WindowShape& shape)
    : shape_(shape), lags_(index(shape.lags), block), future_(index(shape.horizon), block) {}

void WindowReader::add(const History& history, std::size_t newest, double scale, WindowSums& sums) {
    if (scale <= 0) return;
    for (std::size_t end = history.size() - newest + 1; end <= history.size(); ++end) {
        if (end < shape_.length() || !read(history, end - shape_.length(), scale)) continue;
        if (filled_ == block) flush(sums);
    }
    flush(sums);
}

bool WindowReader::read(const History& history, std::size_t begin, double scale) {
    const std::size_t length = shape_.length();
    const auto learnable = history.learnable.subspan(begin, length);
    if (std::ranges::find(learnable, 0) != learnable.end()) return false;
    const Eigen::Map<const Eigen::VectorXd> values(&history.values[begin], index(length));
    const auto x = values.head(index(shape_.lags));
    const auto y = values.tail(index(shape_.horizon));
    const double level = x.tail(index(shape_.day)).mean();
    // The last two days (or as much of the horizon as they are) as a naive forecast of the window's future.
    const double error = (y - x.tail(index(shape_.horizon))).cwiseAbs().mean() / scale;
    const double root = std::sqrt(1 / std::max(1.0, error / robust_error)) / scale;
    lags_.col(filled_) = (x.array() - level) * root;
    future_.col(filled_) = (y.array() - level) * root;
    ++filled_;
    return true;
}

void WindowReader::flush(WindowSums& sums) {
    if (filled_ == 0) return;
    if (filled_ == 1) {
        rank_update(sums.gram, lags_.col(0), 1);
        sums.cross.noalias() += lags_.col(0) * future_.col(0).transpose();
    } else {
        sums.gram.selfadjointView<Eigen::Lower>().rankUpdate(lags_.leftCols(filled_));
        sums.cross.noalias() += lags_.leftCols(filled_) * future_.leftCols(filled_).transpose();
    }
    sums.power += future_.leftCols(filled_).squaredNorm();
    sums.windows += static_cast<std::size_t>(filled_);
    filled_ = 0;
}

double WindowReader::read_last(const History& history, double scale, Eigen::VectorXd& lags) const {
    const Eigen::Map<const Eigen::VectorXd> values(&history.values[history.size() - shape_.lags],
                                                   index(shape_.lags));
    const double level = values.tail(index(shape_.day)).mean();
    lags = (values.array() - level) / scale;
    return level;
}

}  // namespace sitepower::forecast
