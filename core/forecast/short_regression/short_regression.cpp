#include "core/forecast/short_regression/short_regression.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/forecast/rank_update.hpp"

namespace sitepower::forecast {
namespace {

constexpr double half_life_days = 14;
constexpr double ridge = 1e-3;            // of each regressor's own diagonal
constexpr double rows_per_regressor = 3;  // before the first solution
constexpr double clamp_sigmas = 4;
constexpr double residual_memory = 0.005;

}  // namespace

ShortRegression::ShortRegression(const RegressorSet& set, std::size_t day, std::size_t horizon)
    : regressors_(set, day, horizon),
      horizon_(horizon),
      growth_(std::exp2(1 / (half_life_days * static_cast<double>(day)))) {
    const auto size = static_cast<Eigen::Index>(regressors_.size());
    gram_ = Eigen::MatrixXd::Zero(size, size);
    cross_ = coefficients_ = x_ = Eigen::VectorXd::Zero(size);
    widest_ = Eigen::VectorXd::Zero(size);
}

double ShortRegression::respond(const Eigen::VectorXd& x) const {
    return coefficients_.dot(x.cwiseMin(widest_).cwiseMax(-widest_));
}

void ShortRegression::absorb(std::span<const double> values) {
    if (values.size() < reach()) return;
    const auto then = values.first(values.size() - horizon_);
    regressors_.read(then, {x_.data(), static_cast<std::size_t>(x_.size())});
    const double change = values.back() - then.back();
    const double residual = std::abs(change - (solved_ ? respond(x_) : 0.0));
    if (!std::isfinite(residual)) return;
    const double memory = std::max(residual_memory, 1 / (rows_ + 1));
    mean_residual_ += memory * (residual - mean_residual_);
    row_weight_ *= growth_;
    rows_ += 1;
    if (mean_residual_ <= 0) return;  // all the same so far: nothing to learn
    const double weight = row_weight_ / std::max(residual, mean_residual_ / 2);
    rank_update(gram_, x_, weight);
    cross_.noalias() += weight * change * x_;
}

void ShortRegression::settle() {
    if (rows_ < rows_per_regressor * static_cast<double>(regressors_.size())) return;
    gram_ /= row_weight_;
    cross_ /= row_weight_;
    row_weight_ = 1;
    const double mean = gram_.diagonal().mean();
    if (!(mean > 0)) return;
    Eigen::MatrixXd penalised = gram_;
    penalised.diagonal() *= 1 + ridge;
    penalised.diagonal().array() += 1e-9 * mean;
    const Eigen::VectorXd solved = penalised.selfadjointView<Eigen::Lower>().llt().solve(cross_);
    if (!solved.allFinite()) return;
    coefficients_ = solved;
    // Effective weight in rows: half-lives that lie within what was seen, over the mean residual.
    const double span = 1 / std::log(growth_);
    const double seen = span * (1 - std::exp(-rows_ / span));
    widest_ = clamp_sigmas * (gram_.diagonal() * (mean_residual_ / seen)).cwiseSqrt();
    solved_ = true;
}

std::optional<double> ShortRegression::predict(std::span<const double> values) const {
    if (!solved_ || values.size() < regressors_.reach()) return std::nullopt;
    regressors_.read(values, {x_.data(), static_cast<std::size_t>(x_.size())});
    return values.back() + respond(x_);
}

void ShortRegression::save(BlobWriter& writer) const {
    for (const double value : {row_weight_, rows_, mean_residual_}) writer.put(value);
    writer.put(solved_);
    writer.put_all(std::span<const double>(gram_.data(), static_cast<std::size_t>(gram_.size())));
    for (const auto* vector : {&cross_, &coefficients_, &widest_}) {
        writer.put_all(std::span<const double>(vector->data(), static_cast<std::size_t>(vector->size())));
    }
}

void ShortRegression::load(BlobReader& reader) {
    for (double* value : {&row_weight_, &rows_, &mean_residual_}) reader.get(*value);
    solved_ = reader.get<std::uint8_t>() != 0;
    reader.get_all(std::span<double>(gram_.data(), static_cast<std::size_t>(gram_.size())));
    for (auto* vector : {&cross_, &coefficients_, &widest_}) {
        reader.get_all(std::span<double>(vector->data(), static_cast<std::size_t>(vector->size())));
    }
    if (!(row_weight_ > 0)) reader.fail();
}

}  // namespace sitepower::forecast
