// The normal equations A diag(weight) A' y = r of a programme: block tridiagonal over the steps, factored by block
// Cholesky. Steps couple only through stored energies and the running peak. One owner.
#pragma once

#include <Eigen/Cholesky>
#include <cstddef>
#include <vector>

#include "core/dispatch/interior/layout.hpp"

namespace sitepower::dispatch {

class NormalEquations {
  public:
    explicit NormalEquations(const Programme& programme);

    void factor(const std::vector<double>& weight);
    // r in, y out.
    void solve(std::vector<double>& r) const;

  private:
    void assemble(const std::vector<double>& weight, std::size_t step);
    void factor_block(std::size_t step);
    void couple(const std::vector<double>& weight, std::size_t step);
    void solve_steps(double* r) const;
    void factor_border(const std::vector<double>& weight);

    const Programme& programme_;
    std::size_t rows_;
    std::size_t states_;                // rows that couple: run and energies, the last ones of a block
    std::vector<double> diagonal_;      // [step] rows x rows, lower triangle, becomes its Cholesky factor
    std::vector<double> coupling_;      // [step] states x rows: next step's states against this step's rows, times L^-T
    std::vector<double> inverse_pivot_; // [step][row]
    Eigen::MatrixXd border_, solved_border_;  // rows of the steps x scenarios, and the steps' solutions for them
    Eigen::LDLT<Eigen::MatrixXd> complement_;  // of the scenarios' rows, eliminated last
};

}  // namespace sitepower::dispatch
