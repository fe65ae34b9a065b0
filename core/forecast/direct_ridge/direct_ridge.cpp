#include "core/forecast/direct_ridge/direct_ridge.hpp"

#include <algorithm>

namespace sitepower::forecast {
namespace {

// Of the mean diagonal of the Gram matrix.
constexpr double local_lambda = 0.03;
constexpr double shrinking_lambda = 1.0;

std::span<double> values_of(Eigen::MatrixXd& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}
std::span<const double> values_of(const Eigen::MatrixXd& matrix) {
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

}  // namespace

DirectRidge::DirectRidge(const Seasons& seasons, std::size_t horizon, std::span<const Eigen::MatrixXd> priors)
    : shape_(window_shape(seasons, horizon)),
      priors_(priors),
      reader_(shape_),
      sums_(shape_),
      local_(Eigen::MatrixXd::Zero(sums_.cross.rows(), sums_.cross.cols())),
      shrunk_(priors.empty() ? Eigen::MatrixXd() : local_),
      lags_(sums_.cross.rows()) {}

void DirectRidge::fit(const History& history) {
    scale_ = window_scale(history);
    sums_.clear();
    reader_.add(history, history.size(), scale_, sums_);
    nearest_ = sums_.windows > 0 ? nearest_prior(sums_, priors_) : 0;
    settle(history);
}

void DirectRidge::absorb(const History& history, std::size_t newest) {
    reader_.add(history, newest, scale_, sums_);
}

void DirectRidge::settle(const History&) {
    if (sums_.windows == 0) return;
    Eigen::MatrixXd solved = sums_.solve(local_lambda, {});
    if (solved.allFinite()) local_ = std::move(solved);
    if (priors_.empty()) return;
    solved = sums_.solve(shrinking_lambda, priors_[nearest_]);
    if (solved.allFinite()) shrunk_ = std::move(solved);
}

void DirectRidge::forecast(const History& history, std::size_t member, std::span<double> values) const {
    if (history.size() < shape_.lags || scale_ <= 0) {
        std::ranges::fill(values, history.size() == 0 ? 0 : history.values.back());
        return;
    }
    const double level = reader_.read_last(history, scale_, lags_);
    const Eigen::MatrixXd& coefficients = member == local         ? local_
                                          : member == prior_alone ? priors_[nearest_]
                                                                  : shrunk_;
    const std::size_t steps = std::min(values.size(), shape_.horizon);
    for (std::size_t h = 0; h < steps; ++h) {
        values[h] = level + scale_ * coefficients.col(static_cast<Eigen::Index>(h)).dot(lags_);
    }
}

void DirectRidge::save(BlobWriter& writer) const {
    writer.put(scale_);
    writer.put(static_cast<std::uint64_t>(nearest_));
    writer.put(static_cast<std::uint64_t>(sums_.windows));
    writer.put(sums_.power);
    for (const auto* matrix : {&sums_.gram, &sums_.cross, &local_, &shrunk_}) {
        writer.put_all(values_of(*matrix));
    }
}

void DirectRidge::load(BlobReader& reader) {
    reader.get(scale_);
    nearest_ = reader.get<std::uint64_t>();
    sums_.windows = reader.get<std::uint64_t>();
    reader.get(sums_.power);
    for (auto* matrix : {&sums_.gram, &sums_.cross, &local_, &shrunk_}) reader.get_all(values_of(*matrix));
    if (nearest_ >= std::max<std::size_t>(priors_.size(), 1)) {
        reader.fail();
        nearest_ = 0;
    }
}

}  // namespace sitepower::forecast
