// The prior library of E4: a few coefficient matrices learnt from many series, of which a new series takes
// the one that leaves the least over. Learnt offline (sitepower-lab forecast learn-prior), read by whoever
// forecasts; values, shared read-only.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/direct_ridge/window.hpp"

namespace sitepower::forecast {

struct PriorLibrary {
    WindowShape shape;
    std::vector<Eigen::MatrixXd> transformed;  // for the log or asinh domain, each lags x horizon
    std::vector<Eigen::MatrixXd> raw;
};

// Index of the matrix with the least residual; 0 for sums without a window.
std::size_t nearest_prior(const WindowSums& sums, std::span<const Eigen::MatrixXd> priors);

struct PriorLearning {
    std::size_t matrices = 5;
    int rounds = 8;
    double lambda = 0.00003;  // chosen on rolling origins inside training parts, on series not learnt from

    std::uint32_t seeds = 3;  // starts; the one with the least residual wins
};

// Hard expectation maximisation: assign each series to the matrix with the least residual, refit each matrix
// on its pooled sums. Deterministic. Fewer series than matrices give fewer matrices, none gives none.
std::vector<Eigen::MatrixXd> learn_priors(std::span<const WindowSums> series, const PriorLearning& how);

std::vector<std::byte> to_blob(const PriorLibrary& library);
Result<PriorLibrary> prior_from_blob(std::span<const std::byte> blob);

}  // namespace sitepower::forecast
