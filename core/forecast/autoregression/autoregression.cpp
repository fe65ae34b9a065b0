#include "core/forecast/autoregression/autoregression.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace sitepower::forecast {
namespace {

constexpr int rounds = 5;
constexpr double ridge = 1e-3;       // of the mean diagonal
constexpr double clip_beyond = 0.5;  // of the range seen, on either side
using Rows = Eigen::Matrix<double, Eigen::Dynamic, 15, Eigen::RowMajor>;
using Square = Eigen::Matrix<double, 15, 15>;
using Column = Eigen::Matrix<double, 15, 1>;

// Coefficients that minimise sum w (y - x b)^2 with a small ridge on everything.
Column weighted_fit(const Rows& x, const Eigen::VectorXd& y, const Eigen::VectorXd& weights) {
    const Rows weighted = weights.asDiagonal() * x;
    Square gram = x.transpose() * weighted;
    gram.diagonal().array() += ridge * gram.diagonal().mean() + 1e-12;
    return gram.llt().solve(weighted.transpose() * y);
}

// Least absolute deviations: each round weighs a row by 1 / its last residual, bounded at half the mean one.
Column least_absolute_fit(const Rows& x, const Eigen::VectorXd& y) {
    Eigen::VectorXd weights = Eigen::VectorXd::Ones(y.size());
    Column fitted = weighted_fit(x, y, weights);
    for (int round = 1; round < rounds; ++round) {
        const Eigen::VectorXd residual = (y - x * fitted).cwiseAbs();
        const double floor = residual.mean() / 2 + 1e-12;
        weights = residual.cwiseMax(floor).cwiseInverse();
        fitted = weighted_fit(x, y, weights);
    }
    return fitted;
}

}  // namespace

Autoregression::Autoregression(const Seasons& seasons, std::size_t horizon)
    : horizon_(horizon), path_(seasons.week + 1 + horizon) {
    const std::size_t d = seasons.day;
    const std::size_t w = seasons.week;
    lags_ = {1, 2, 3, d, d + 1, d + 2, 2 * d, 3 * d, 4 * d, 5 * d, 6 * d, w - 1, w, w + 1};
}

void Autoregression::scale_by(const History& history) {
    const auto n = static_cast<double>(history.size());
    centre_ = std::accumulate(history.values.begin(), history.values.end(), 0.0) / n;
    double spread = 0;
    for (const double z : history.values) spread += std::abs(z - centre_);
    scale_ = spread > 0 ? spread / n : 1;
    const auto [low, high] = std::ranges::minmax(history.values);
    lowest_ = normal(low) - clip_beyond * (normal(high) - normal(low));
    highest_ = normal(high) + clip_beyond * (normal(high) - normal(low));
}

void Autoregression::settle(const History& history) {
    if (history.size() < needs(history.seasons)) return;
    scale_by(history);
    const std::size_t deepest = lags_.back();
    Rows x(static_cast<Eigen::Index>(history.size() - deepest), lag_count + 1);
    Eigen::VectorXd y(x.rows());
    Eigen::Index rows = 0;
    for (std::size_t t = deepest; t < history.size(); ++t) {
        if (history.learnable[t] == 0) continue;
        for (std::size_t j = 0; j < lag_count; ++j) {
            x(rows, static_cast<Eigen::Index>(j)) = normal(history.values[t - lags_[j]]);
        }
        x(rows, lag_count) = 1;
        y(rows++) = normal(history.values[t]);
    }
    if (rows < Eigen::Index{2 * (lag_count + 1)}) return;
    const Column fitted = least_absolute_fit(x.topRows(rows), y.head(rows));
    if (!fitted.allFinite()) return;
    std::copy_n(fitted.data(), coefficients_.size(), coefficients_.begin());
    fitted_ = true;
}

void Autoregression::forecast(const History& history, std::size_t, std::span<double> values) const {
    const std::size_t deepest = lags_.back();
    if (!fitted_ || history.size() < deepest) {
        std::ranges::fill(values, history.size() == 0 ? 0 : history.values.back());
        return;
    }
    for (std::size_t i = 0; i < deepest; ++i) {
        path_[i] = normal(history.values[history.size() - deepest + i]);
    }
    for (std::size_t h = 0; h < std::min(values.size(), horizon_); ++h) {
        double next = coefficients_[lag_count];
        for (std::size_t j = 0; j < lag_count; ++j) next += coefficients_[j] * path_[deepest + h - lags_[j]];
        path_[deepest + h] = std::clamp(next, lowest_, highest_);
        values[h] = centre_ + scale_ * path_[deepest + h];
    }
}

void Autoregression::save(BlobWriter& writer) const {
    writer.put_all(std::span<const double>(coefficients_));
    for (const double value : {centre_, scale_, lowest_, highest_}) writer.put(value);
    writer.put(fitted_);
}

void Autoregression::load(BlobReader& reader) {
    reader.get_all(std::span<double>(coefficients_));
    for (double* value : {&centre_, &scale_, &lowest_, &highest_}) reader.get(*value);
    fitted_ = reader.get<std::uint8_t>() != 0;
    if (!(lowest_ <= highest_)) {
        reader.fail();
        lowest_ = highest_ = 0;
    }
}

}  // namespace sitepower::forecast
