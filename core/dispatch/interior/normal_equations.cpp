#include "core/dispatch/interior/normal_equations.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

// A pivot that rounding has eaten stands for a direction that the weights leave free: it is not moved in (as
// in Zhang, "Solving large-scale linear programs by interior-point methods under the MATLAB environment",
// 1996).
constexpr double least_pivot = 1e-30;
constexpr double rounding = 1e-17;

// A state's row is zero left of its own column, the peak's left of the peak row.
constexpr std::size_t start_of(std::size_t state, std::size_t first_state) {
    return first_state == 2 && state == 0 ? 1 : first_state + state;
}

}  // namespace

NormalEquations::NormalEquations(const Programme& programme)
    : programme_(programme),
      rows_(programme.layout.rows),
      states_(programme.layout.batteries + (programme.layout.has_peak ? 1 : 0)),
      diagonal_(programme.steps * rows_ * rows_),
      coupling_(programme.steps * states_ * rows_),
      inverse_pivot_(programme.steps * rows_),
      kernels_(kernels_of(programme.layout)) {}

void NormalEquations::assemble(const std::vector<double>& weight, std::size_t step) {
    const Layout& l = programme_.layout;
    const double* w = &weight[step * l.variables];
    const double* before = step > 0 ? w - l.variables : nullptr;
    double* block = &diagonal_[step * rows_ * rows_];
    std::fill(block, block + rows_ * rows_, 0.0);
    const auto at = [&](std::size_t i, std::size_t j) -> double& { return block[i * rows_ + j]; };
    const double imported = w[l.import] + (l.elastic ? w[l.excess] : 0);
    double balance = imported + w[l.exported] + (l.has_pv ? w[l.curtailed] : 0);
    for (std::size_t b = 0; b < l.batteries; ++b) {
        const double charge = programme_.charge_factor[b];
        const double discharge = programme_.discharge_factor[b];
        balance += w[l.charge + b] + w[l.discharge + b];
        double held = w[l.energy + b];
        double held_before = before != nullptr ? before[l.energy + b] : 0;
        for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) {
            held += w[i];
            if (before != nullptr) held_before += before[i];
        }
        const std::size_t row = l.energy_row + b;
        at(row, l.balance_row) = charge * w[l.charge + b] + discharge * w[l.discharge + b];
        at(row, row) = held + programme_.kept[b] * programme_.kept[b] * held_before +
                       charge * charge * w[l.charge + b] + discharge * discharge * w[l.discharge + b];
    }
    at(l.balance_row, l.balance_row) = balance;
    if (!l.has_peak) return;
    const double counted = programme_.in_window[step];
    at(l.peak_row, l.balance_row) = -counted * imported;
    at(l.peak_row, l.peak_row) = counted > 0 ? w[l.peak] + imported + w[l.slack] : 1;
    at(l.run_row, l.peak_row) = counted * w[l.peak];
    at(l.run_row, l.run_row) = w[l.peak] + w[l.rise] + (before != nullptr ? before[l.peak] : 0);
}

// Sizes known when compiling let the compiler unroll what is short; 0: only known at run time.
template <std::size_t Rows>
void NormalEquations::factor_block(std::size_t step) {
    const std::size_t rows = Rows > 0 ? Rows : rows_;
    double* block = &diagonal_[step * rows * rows];
    double* pivots = &inverse_pivot_[step * rows];
    for (std::size_t j = 0; j < rows; ++j) {
        double* row_j = block + j * rows;
        double pivot = row_j[j];
        const double size = pivot;
        for (std::size_t k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
        const bool lost = !(pivot > least_pivot && pivot > rounding * size);
        pivots[j] = lost ? 0 : 1 / std::sqrt(pivot);
        for (std::size_t i = j + 1; i < rows; ++i) {
            double* row_i = block + i * rows;
            double sum = row_i[j];
            for (std::size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
            row_i[j] = sum * pivots[j];
        }
    }
}

// The rows of the next step's states against this step's rows.
void NormalEquations::fill_coupling(const std::vector<double>& weight, std::size_t step) {
    const Layout& l = programme_.layout;
    const double* w = &weight[step * l.variables];
    double* coupling = &coupling_[step * states_ * rows_];
    std::fill(coupling, coupling + states_ * rows_, 0.0);
    if (l.has_peak) {
        coupling[l.run_row] = -w[l.peak];
        coupling[l.peak_row] = -programme_.in_window[step] * w[l.peak];
    }
    for (std::size_t b = 0; b < l.batteries; ++b) {
        double held = w[l.energy + b];
        for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) held += w[i];
        const std::size_t state = states_ - l.batteries + b;
        coupling[state * rows_ + l.energy_row + b] = -programme_.kept[b] * held;
    }
}

// This step's block loses what the elimination of the step before takes.
template <std::size_t Rows, std::size_t States>
void NormalEquations::subtract_coupling(std::size_t step) {
    const std::size_t rows = Rows > 0 ? Rows : rows_;
    const std::size_t states = Rows > 0 ? States : states_;
    const std::size_t first_state = rows - states;
    const double* coupling = &coupling_[(step - 1) * states * rows];
    double* block = &diagonal_[step * rows * rows];
    for (std::size_t s = 0; s < states; ++s) {
        for (std::size_t j = 0; j <= s; ++j) {
            double sum = 0;
            for (std::size_t k = start_of(s, first_state); k < rows; ++k) {
                sum += coupling[s * rows + k] * coupling[j * rows + k];
            }
            block[(first_state + s) * rows + first_state + j] -= sum;
        }
    }
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::eliminate(std::size_t step) {
    const std::size_t rows = Rows > 0 ? Rows : rows_;
    const std::size_t states = Rows > 0 ? States : states_;
    const std::size_t first_state = rows - states;
    const double* factor = &diagonal_[step * rows * rows];
    const double* pivots = &inverse_pivot_[step * rows];
    double* coupling = &coupling_[step * states * rows];
    for (std::size_t s = 0; s < states; ++s) {
        double* row = coupling + s * rows;
        const std::size_t start = start_of(s, first_state);
        for (std::size_t i = start; i < rows; ++i) {
            double sum = row[i];
            for (std::size_t k = start; k < i; ++k) sum -= factor[i * rows + k] * row[k];
            row[i] = sum * pivots[i];
        }
    }
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::factor_steps(const std::vector<double>& weight, StepRange range) {
    for (std::size_t t = range.begin; t < range.end; ++t) {
        assemble(weight, t);
        if (t > 0) subtract_coupling<Rows, States>(t);
        factor_block<Rows>(t);
        if (t + 1 == programme_.steps) break;
        fill_coupling(weight, t);
        eliminate<Rows, States>(t);
    }
}

void NormalEquations::factor(const std::vector<double>& weight, StepRange range) {
    (this->*kernels_.factor)(weight, range);
    if (programme_.border.scenarios > 0) factor_border(weight);
}

void NormalEquations::factor_border(const std::vector<double>& weight) {
    const RiskBorder& b = programme_.border;
    const Layout& l = programme_.layout;
    const auto scenarios = static_cast<Eigen::Index>(b.scenarios);
    border_.setZero(static_cast<Eigen::Index>(programme_.steps * rows_), scenarios);
    Eigen::MatrixXd corner = Eigen::MatrixXd::Constant(scenarios, scenarios, weight[b.threshold]);
    for (std::size_t t = 0; t < programme_.steps; ++t) {
        const double imported = weight[t * l.variables + l.import];
        const double exported = weight[t * l.variables + l.exported];
        const Eigen::Map<const Eigen::VectorXd> buy(&b.import_price[t * b.scenarios], scenarios);
        const Eigen::Map<const Eigen::VectorXd> sell(&b.export_price[t * b.scenarios], scenarios);
        const auto row = static_cast<Eigen::Index>(t * rows_);
        border_.row(row + static_cast<Eigen::Index>(l.balance_row)) =
            (imported * buy + exported * sell).transpose();
        if (l.has_peak) {
            border_.row(row + static_cast<Eigen::Index>(l.peak_row)) =
                -programme_.in_window[t] * imported * buy.transpose();
        }
        corner += imported * buy * buy.transpose() + exported * sell * sell.transpose();
    }
    for (Eigen::Index s = 0; s < scenarios; ++s) {
        const auto i = static_cast<std::size_t>(s);
        corner(s, s) += weight[b.above + i] + weight[b.below + i];
    }
    solved_border_ = border_;
    for (Eigen::Index s = 0; s < scenarios; ++s) solve_steps(solved_border_.col(s).data());
    corner.noalias() -= border_.transpose() * solved_border_;
    complement_.compute(corner);
}

// With a border the second half does everything.
void NormalEquations::forward(std::vector<double>& r, StepRange range) const {
    if (programme_.border.scenarios == 0) (this->*kernels_.forward)(r.data(), range);
}

void NormalEquations::backward(std::vector<double>& r, StepRange range) const {
    if (programme_.border.scenarios == 0) {
        (this->*kernels_.backward)(r.data(), range);
        return;
    }
    Eigen::Map<Eigen::VectorXd> steps(r.data(), border_.rows());
    Eigen::Map<Eigen::VectorXd> border(r.data() + border_.rows(), border_.cols());
    border -= solved_border_.transpose() * steps;
    border = complement_.solve(border).eval();
    solve_steps(r.data());
    steps -= solved_border_ * border;
}

void NormalEquations::solve_steps(double* r) const {
    (this->*kernels_.forward)(r, {0, programme_.steps});
    (this->*kernels_.backward)(r, {0, programme_.steps});
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::forward_steps(double* r, StepRange range) const {
    const std::size_t rows = Rows > 0 ? Rows : rows_;
    const std::size_t states = Rows > 0 ? States : states_;
    const std::size_t first_state = rows - states;
    for (std::size_t t = range.begin; t < range.end; ++t) {
        const double* factor = &diagonal_[t * rows * rows];
        const double* pivots = &inverse_pivot_[t * rows];
        double* x = r + t * rows;
        if (t > 0) {
            const double* coupling = &coupling_[(t - 1) * states * rows];
            const double* before = x - rows;
            for (std::size_t s = 0; s < states; ++s) {
                double sum = 0;
                for (std::size_t k = start_of(s, first_state); k < rows; ++k) {
                    sum += coupling[s * rows + k] * before[k];
                }
                x[first_state + s] -= sum;
            }
        }
        for (std::size_t i = 0; i < rows; ++i) {
            double sum = x[i];
            for (std::size_t k = 0; k < i; ++k) sum -= factor[i * rows + k] * x[k];
            x[i] = sum * pivots[i];
        }
    }
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::backward_steps(double* r, StepRange range) const {
    const std::size_t rows = Rows > 0 ? Rows : rows_;
    const std::size_t states = Rows > 0 ? States : states_;
    const std::size_t first_state = rows - states;
    for (std::size_t t = range.end; t-- > range.begin;) {
        const double* factor = &diagonal_[t * rows * rows];
        const double* pivots = &inverse_pivot_[t * rows];
        double* x = r + t * rows;
        if (t + 1 < programme_.steps) {
            const double* coupling = &coupling_[t * states * rows];
            const double* after = x + rows;
            for (std::size_t s = 0; s < states; ++s) {
                for (std::size_t k = start_of(s, first_state); k < rows; ++k)
                    x[k] -= coupling[s * rows + k] * after[first_state + s];
            }
        }
        for (std::size_t i = rows; i-- > 0;) {
            x[i] *= pivots[i];
            for (std::size_t k = 0; k < i; ++k) x[k] -= factor[i * rows + k] * x[i];
        }
    }
}

template <std::size_t Rows, std::size_t States>
NormalEquations::Kernels NormalEquations::kernels_of_size() {
    return {&NormalEquations::factor_steps<Rows, States>, &NormalEquations::forward_steps<Rows, States>,
            &NormalEquations::backward_steps<Rows, States>};
}

template <std::size_t Batteries>
NormalEquations::Kernels NormalEquations::kernels_for(bool has_peak) {
    if (has_peak) return kernels_of_size<Batteries + 3, Batteries + 1>();
    return kernels_of_size<Batteries + 1, Batteries>();
}

NormalEquations::Kernels NormalEquations::kernels_of(const Layout& layout) {
    switch (layout.batteries) {
        case 1:
            return kernels_for<1>(layout.has_peak);
        case 2:
            return kernels_for<2>(layout.has_peak);
        case 3:
            return kernels_for<3>(layout.has_peak);
        case 4:
            return kernels_for<4>(layout.has_peak);
        case 8:
            return kernels_for<8>(layout.has_peak);
        default:
            return kernels_of_size<0, 0>();
    }
}

}  // namespace sitepower::dispatch
