// The normal equations A diag(weight) A' y = r of a programme: block tridiagonal over the steps, factored by
// block Cholesky. Steps couple only through stored energies and the running peak. One owner.
#pragma once

#include <Eigen/Cholesky>
#include <cstddef>
#include <vector>

#include "core/dispatch/interior/layout.hpp"

namespace sitepower::dispatch {

class NormalEquations {
  public:
    explicit NormalEquations(const Programme& programme);

    void factor(const std::vector<double>& weight) { factor(weight, {0, programme_.steps}); }
    // r in, y out.
    void solve(std::vector<double>& r) const {
        forward(r, {0, programme_.steps});
        backward(r, {0, programme_.steps});
    }
    // Range by range, with whatever else passes over the steps: the factors and the first half of the
    // solution from the first step on, the second half from the last one.
    void factor(const std::vector<double>& weight, StepRange range);
    void forward(std::vector<double>& r, StepRange range) const;
    void backward(std::vector<double>& r, StepRange range) const;

  private:
    template <std::size_t Rows, std::size_t States, class Block>
    void assemble(const std::vector<double>& weight, std::size_t step, Block& block) const;
    template <std::size_t Rows, std::size_t States, class Coupling>
    void fill_coupling(const std::vector<double>& weight, std::size_t step, Coupling& coupling) const;
    template <std::size_t Rows, std::size_t States, class Block>
    void subtract_taken(Block& block) const;
    template <std::size_t Rows, std::size_t States, class Coupling, class Inverse>
    void take(std::size_t step, Coupling& coupling, Inverse& inverse);
    // By the sizes of a block: known when compiling for the usual numbers of batteries.
    struct Kernels {
        void (NormalEquations::*factor)(const std::vector<double>& weight, StepRange range);
        void (NormalEquations::*forward)(double* r, StepRange range) const;
        void (NormalEquations::*backward)(double* r, StepRange range) const;
    };
    template <std::size_t Rows, std::size_t States>
    static Kernels kernels_of_size();
    template <std::size_t Batteries>
    static Kernels kernels_for(bool has_peak);
    static Kernels kernels_of(const Layout& layout);
    template <std::size_t Rows, std::size_t States>
    void factor_steps(const std::vector<double>& weight, StepRange range);
    template <std::size_t Rows, std::size_t States>
    void forward_steps(double* r, StepRange range) const;
    template <std::size_t Rows, std::size_t States>
    void backward_steps(double* r, StepRange range) const;
    void solve_steps(double* r) const;
    void factor_border(const std::vector<double>& weight);

    const Programme& programme_;
    std::size_t rows_;
    std::size_t states_;  // rows that couple: run and energies, the last ones of a block
    std::vector<double>
        factor_;  // [step] rows x rows: L' of the block's L D L', without its diagonal of ones
    std::vector<double> coupling_;  // [step] rows x states: this step's rows against the next one's states,
                                    // times L^-1 and D^-1
    std::vector<double> inverse_pivot_;  // [step][row]: of D
    std::vector<double> taken_;  // states x states, upper triangle: what a step takes off the next one
    Kernels kernels_;
    Eigen::MatrixXd border_,
        solved_border_;  // rows of the steps x scenarios, and the steps' solutions for them
    Eigen::LDLT<Eigen::MatrixXd> complement_;  // of the scenarios' rows, eliminated last
};

}  // namespace sitepower::dispatch
