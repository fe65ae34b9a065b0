#include "core/dispatch/interior/normal_equations.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

// A pivot that rounding has eaten stands for a direction that the weights leave free: it is not moved in (as in
// Zhang, "Solving large-scale linear programs by interior-point methods under the MATLAB environment", 1996).
constexpr double least_pivot = 1e-30;
constexpr double rounding = 1e-17;

}  // namespace

NormalEquations::NormalEquations(const Programme& programme)
    : programme_(programme),
      rows_(programme.layout.rows),
      states_(programme.layout.batteries + (programme.layout.has_peak ? 1 : 0)),
      diagonal_(programme.steps * rows_ * rows_),
      coupling_(programme.steps * states_ * rows_),
      inverse_pivot_(programme.steps * rows_) {}

void NormalEquations::assemble(const std::vector<double>& weight, std::size_t t) {
    const Layout& l = programme_.layout;
    const double* w = &weight[t * l.variables];
    const double* before = t > 0 ? w - l.variables : nullptr;
    double* block = &diagonal_[t * rows_ * rows_];
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
    const double counted = programme_.in_window[t];
    at(l.peak_row, l.balance_row) = -counted * imported;
    at(l.peak_row, l.peak_row) = counted > 0 ? w[l.peak] + imported + w[l.slack] : 1;
    at(l.run_row, l.peak_row) = counted * w[l.peak];
    at(l.run_row, l.run_row) = w[l.peak] + w[l.rise] + (before != nullptr ? before[l.peak] : 0);
}

void NormalEquations::factor_block(std::size_t t) {
    double* block = &diagonal_[t * rows_ * rows_];
    double* pivots = &inverse_pivot_[t * rows_];
    for (std::size_t j = 0; j < rows_; ++j) {
        double* row_j = block + j * rows_;
        double pivot = row_j[j];
        const double size = pivot;
        for (std::size_t k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
        const bool lost = !(pivot > least_pivot && pivot > rounding * size);
        pivots[j] = lost ? 0 : 1 / std::sqrt(pivot);
        for (std::size_t i = j + 1; i < rows_; ++i) {
            double* row_i = block + i * rows_;
            double sum = row_i[j];
            for (std::size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
            row_i[j] = sum * pivots[j];
        }
    }
}

// The next step's block loses what this step's elimination takes.
void NormalEquations::couple(const std::vector<double>& weight, std::size_t t) {
    const Layout& l = programme_.layout;
    const double* w = &weight[t * l.variables];
    const double* factor = &diagonal_[t * rows_ * rows_];
    const double* pivots = &inverse_pivot_[t * rows_];
    double* coupling = &coupling_[t * states_ * rows_];
    const std::size_t first_state = rows_ - states_;
    for (std::size_t s = 0; s < states_; ++s) {
        double* row = coupling + s * rows_;
        std::fill(row, row + rows_, 0.0);
        std::size_t start = first_state + s;
        if (l.has_peak && s == 0) {
            row[l.run_row] = -w[l.peak];
            row[l.peak_row] = -programme_.in_window[t] * w[l.peak];
            start = l.peak_row;
        } else {
            const std::size_t b = first_state + s - l.energy_row;
            double held = w[l.energy + b];
            for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) held += w[i];
            row[start] = -programme_.kept[b] * held;
        }
        for (std::size_t i = start; i < rows_; ++i) {
            double sum = row[i];
            for (std::size_t k = start; k < i; ++k) sum -= factor[i * rows_ + k] * row[k];
            row[i] = sum * pivots[i];
        }
    }
    double* next = &diagonal_[(t + 1) * rows_ * rows_];
    for (std::size_t i = 0; i < states_; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = 0;
            const std::size_t start = l.has_peak && i == 0 ? l.peak_row : first_state + i;
            for (std::size_t k = start; k < rows_; ++k) sum += coupling[i * rows_ + k] * coupling[j * rows_ + k];
            next[(first_state + i) * rows_ + first_state + j] -= sum;
        }
    }
}

void NormalEquations::factor(const std::vector<double>& weight) {
    for (std::size_t t = 0; t < programme_.steps; ++t) assemble(weight, t);
    for (std::size_t t = 0; t < programme_.steps; ++t) {
        factor_block(t);
        if (t + 1 < programme_.steps) couple(weight, t);
    }
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
        border_.row(row + static_cast<Eigen::Index>(l.balance_row)) = (imported * buy + exported * sell).transpose();
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

void NormalEquations::solve(std::vector<double>& r) const {
    if (programme_.border.scenarios == 0) {
        solve_steps(r.data());
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
    const std::size_t first_state = rows_ - states_;
    for (std::size_t t = 0; t < programme_.steps; ++t) {
        const double* factor = &diagonal_[t * rows_ * rows_];
        const double* pivots = &inverse_pivot_[t * rows_];
        double* x = &r[t * rows_];
        if (t > 0) {
            const double* coupling = &coupling_[(t - 1) * states_ * rows_];
            const double* before = x - rows_;
            for (std::size_t s = 0; s < states_; ++s) {
                double sum = 0;
                for (std::size_t k = 0; k < rows_; ++k) sum += coupling[s * rows_ + k] * before[k];
                x[first_state + s] -= sum;
            }
        }
        for (std::size_t i = 0; i < rows_; ++i) {
            double sum = x[i];
            for (std::size_t k = 0; k < i; ++k) sum -= factor[i * rows_ + k] * x[k];
            x[i] = sum * pivots[i];
        }
    }
    for (std::size_t t = programme_.steps; t-- > 0;) {
        const double* factor = &diagonal_[t * rows_ * rows_];
        const double* pivots = &inverse_pivot_[t * rows_];
        double* x = &r[t * rows_];
        if (t + 1 < programme_.steps) {
            const double* coupling = &coupling_[t * states_ * rows_];
            const double* after = x + rows_;
            for (std::size_t s = 0; s < states_; ++s) {
                for (std::size_t k = 0; k < rows_; ++k) x[k] -= coupling[s * rows_ + k] * after[first_state + s];
            }
        }
        for (std::size_t i = rows_; i-- > 0;) {
            double sum = x[i];
            for (std::size_t k = i + 1; k < rows_; ++k) sum -= factor[k * rows_ + i] * x[k];
            x[i] = sum * pivots[i];
        }
    }
}

}  // namespace sitepower::dispatch
