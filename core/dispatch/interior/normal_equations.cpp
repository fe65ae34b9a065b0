#include "core/dispatch/interior/normal_equations.hpp"

#include <array>
#include <cmath>

namespace sitepower::dispatch {
namespace {

// A pivot that rounding has eaten stands for a direction that the weights leave free: it is not moved in (as
// in Zhang, "Solving large-scale linear programs by interior-point methods under the MATLAB environment",
// 1996).
constexpr double least_pivot = 1e-30;
constexpr double rounding = 1e-17;

// The sizes of a block: known when compiling, so that its loops unroll and its numbers stay in registers, or,
// with Rows 0, only at run time.
template <std::size_t Rows, std::size_t States>
struct Sizes {
    std::size_t rows_at_run_time, states_at_run_time;
    constexpr std::size_t rows() const { return Rows > 0 ? Rows : rows_at_run_time; }
    constexpr std::size_t states() const { return Rows > 0 ? States : states_at_run_time; }
    // The rows that couple come last. Of those before, the peak row alone has a share in the next step, in
    // its running peak; a row that couples has none beyond its own state.
    constexpr std::size_t first_state() const { return rows() - states(); }
    constexpr bool has_peak() const { return first_state() == 2; }
    constexpr std::size_t batteries() const { return states() - (has_peak() ? 1 : 0); }
};

// Room for a block's numbers, in registers as far as the sizes are known when compiling.
template <std::size_t Size>
struct Room {
    explicit Room(std::size_t) {}
    double& operator[](std::size_t i) { return numbers[i]; }
    std::array<double, Size> numbers{};
};
template <>
struct Room<0> {
    explicit Room(std::size_t size) : numbers(size) {}
    double& operator[](std::size_t i) { return numbers[i]; }
    std::vector<double> numbers;
};

}  // namespace

NormalEquations::NormalEquations(const Programme& programme)
    : programme_(programme),
      rows_(programme.layout.rows),
      states_(programme.layout.batteries + (programme.layout.has_peak ? 1 : 0)),
      factor_(programme.steps * rows_ * rows_),
      coupling_(programme.steps * rows_ * states_),
      inverse_pivot_(programme.steps * rows_),
      taken_(states_ * states_),
      kernels_(kernels_of(programme.layout)) {}

// The upper triangle of a step's block, row by row.
template <std::size_t Rows, std::size_t States, class Block>
void NormalEquations::assemble(const std::vector<double>& weight, std::size_t step, Block& block) const {
    const Layout& l = programme_.layout;
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t rows = size.rows();
    const double* w = &weight[step * l.variables];
    const double* before = step > 0 ? w - l.variables : nullptr;
    for (std::size_t i = 0; i < rows * rows; ++i) block[i] = 0;
    const double imported = w[l.import] + (l.elastic ? w[l.excess] : 0);
    double balance = imported + w[l.exported] + (l.has_pv ? w[l.curtailed] : 0);
    const std::size_t batteries = size.batteries();
#pragma GCC unroll 16
    for (std::size_t b = 0; b < batteries; ++b) {
        const double charge = programme_.charge_factor[b];
        const double discharge = programme_.discharge_factor[b];
        balance += w[l.charge + b] + w[l.discharge + b];
        double held = w[l.energy + b];
        double held_before = before != nullptr ? before[l.energy + b] : 0;
        for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) {
            held += w[i];
            if (before != nullptr) held_before += before[i];
        }
        const std::size_t row = rows - batteries + b;
        block[row] = charge * w[l.charge + b] + discharge * w[l.discharge + b];
        block[row * rows + row] = held + programme_.kept[b] * programme_.kept[b] * held_before +
                                  charge * charge * w[l.charge + b] +
                                  discharge * discharge * w[l.discharge + b];
    }
    block[0] = balance;
    if (!size.has_peak()) return;
    const double counted = programme_.in_window[step];
    block[1] = -counted * imported;
    block[rows + 1] = counted > 0 ? w[l.peak] + imported + w[l.slack] : 1;
    block[rows + 2] = counted * w[l.peak];
    block[2 * rows + 2] = w[l.peak] + w[l.rise] + (before != nullptr ? before[l.peak] : 0);
}

// This step's rows against the next one's states, [row][state].
template <std::size_t Rows, std::size_t States, class Coupling>
void NormalEquations::fill_coupling(const std::vector<double>& weight, std::size_t step,
                                    Coupling& coupling) const {
    const Layout& l = programme_.layout;
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t states = size.states();
    const double* w = &weight[step * l.variables];
    for (std::size_t i = 0; i < size.rows() * states; ++i) coupling[i] = 0;
    if (size.has_peak()) {
        coupling[2 * states] = -w[l.peak];
        coupling[states] = -programme_.in_window[step] * w[l.peak];
    }
    const std::size_t batteries = size.batteries();
#pragma GCC unroll 16
    for (std::size_t b = 0; b < batteries; ++b) {
        double held = w[l.energy + b];
        for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) held += w[i];
        const std::size_t state = states - batteries + b;
        coupling[(size.first_state() + state) * states + state] = -programme_.kept[b] * held;
    }
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::factor_steps(const std::vector<double>& weight, StepRange range) {
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t rows = size.rows();
    const std::size_t states = size.states();
    const std::size_t first = size.first_state();
    Room<Rows * Rows> block(rows * rows);
    Room<Rows * States> coupling(rows * states);
    Room<Rows> whole(rows);
    Room<Rows> scaled(rows);
    Room<Rows> inverse(rows);
    for (std::size_t t = range.begin; t < range.end; ++t) {
        assemble<Rows, States>(weight, t, block);
        if (t > 0) subtract_taken<Rows, States>(block);
        double* factor = &factor_[t * rows * rows];
        double* pivots = &inverse_pivot_[t * rows];
#pragma GCC unroll 16
        for (std::size_t j = 0; j < rows; ++j) whole[j] = block[j * rows + j];
#pragma GCC unroll 16
        for (std::size_t j = 0; j < rows; ++j) {
            const double pivot = block[j * rows + j];
            const bool lost = !(pivot > least_pivot && pivot > rounding * whole[j]);
            inverse[j] = lost ? 0 : 1 / pivot;
#pragma GCC unroll 16
            for (std::size_t i = j + 1; i < rows; ++i) scaled[i] = block[j * rows + i] * inverse[j];
#pragma GCC unroll 16
            for (std::size_t k = j + 1; k < rows; ++k) {
#pragma GCC unroll 16
                for (std::size_t i = k; i < rows; ++i) {
                    block[k * rows + i] -= scaled[k] * block[j * rows + i];
                }
            }
#pragma GCC unroll 16
            for (std::size_t i = j + 1; i < rows; ++i) {
                factor[j * rows + i] = block[j * rows + i] = scaled[i];
            }
        }
#pragma GCC unroll 16
        for (std::size_t j = 0; j < rows; ++j) pivots[j] = inverse[j];
        if (t + 1 == programme_.steps) break;
        fill_coupling<Rows, States>(weight, t, coupling);
        if (size.has_peak()) {
#pragma GCC unroll 16
            for (std::size_t i = 2; i < rows; ++i) coupling[i * states] -= block[rows + i] * coupling[states];
        }
#pragma GCC unroll 16
        for (std::size_t k = first; k < rows; ++k) {
#pragma GCC unroll 16
            for (std::size_t i = k + 1; i < rows; ++i) {
#pragma GCC unroll 16
                for (std::size_t s = 0; s <= k - first; ++s) {
                    coupling[i * states + s] -= block[k * rows + i] * coupling[k * states + s];
                }
            }
        }
        take<Rows, States>(t, coupling, inverse);
    }
}

template <std::size_t Rows, std::size_t States, class Block>
void NormalEquations::subtract_taken(Block& block) const {
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t states = size.states();
#pragma GCC unroll 16
    for (std::size_t j = 0; j < states; ++j) {
#pragma GCC unroll 16
        for (std::size_t s = j; s < states; ++s) {
            block[(size.first_state() + j) * size.rows() + size.first_state() + s] -= taken_[j * states + s];
        }
    }
}

// What the next step's block loses by the elimination of this one.
template <std::size_t Rows, std::size_t States, class Coupling, class Inverse>
void NormalEquations::take(std::size_t step, Coupling& coupling, Inverse& inverse) {
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t rows = size.rows();
    const std::size_t states = size.states();
    const std::size_t first = size.first_state();
    double* shares = &coupling_[step * rows * states];
    Room<States * States> taken(states * states);
    for (std::size_t i = 0; i < states * states; ++i) taken[i] = 0;
    if (size.has_peak()) {
        shares[states] = coupling[states] * inverse[1];
        taken[0] = coupling[states] * shares[states];
    }
#pragma GCC unroll 16
    for (std::size_t k = first; k < rows; ++k) {
#pragma GCC unroll 16
        for (std::size_t s = 0; s <= k - first; ++s) {
            const double share = coupling[k * states + s] * inverse[k];
            shares[k * states + s] = share;
#pragma GCC unroll 16
            for (std::size_t j = 0; j <= s; ++j) taken[j * states + s] += coupling[k * states + j] * share;
        }
    }
    for (std::size_t i = 0; i < states * states; ++i) taken_[i] = taken[i];
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
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t rows = size.rows();
    const std::size_t states = size.states();
    const std::size_t first = size.first_state();
    Room<Rows> x(rows);
    for (std::size_t t = range.begin; t < range.end; ++t) {
        const double* factor = &factor_[t * rows * rows];
        double* now = r + t * rows;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) x[i] = now[i];
        if (t > 0) {
            const double* coupling = &coupling_[(t - 1) * rows * states];
            const double* before = now - rows;
            if (size.has_peak()) x[first] -= coupling[states] * before[1];
#pragma GCC unroll 16
            for (std::size_t k = first; k < rows; ++k) {
#pragma GCC unroll 16
                for (std::size_t s = 0; s <= k - first; ++s) {
                    x[first + s] -= coupling[k * states + s] * before[k];
                }
            }
        }
#pragma GCC unroll 16
        for (std::size_t k = 0; k < rows; ++k) {
#pragma GCC unroll 16
            for (std::size_t i = k + 1; i < rows; ++i) x[i] -= factor[k * rows + i] * x[k];
        }
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) now[i] = x[i];
    }
}

template <std::size_t Rows, std::size_t States>
void NormalEquations::backward_steps(double* r, StepRange range) const {
    const Sizes<Rows, States> size{rows_, states_};
    const std::size_t rows = size.rows();
    const std::size_t states = size.states();
    const std::size_t first = size.first_state();
    Room<Rows> x(rows);
    for (std::size_t left = range.end - range.begin; left > 0; --left) {
        const std::size_t t = range.begin + left - 1;
        const double* factor = &factor_[t * rows * rows];
        const double* pivots = &inverse_pivot_[t * rows];
        double* now = r + t * rows;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) x[i] = now[i] * pivots[i];
        if (t + 1 < programme_.steps) {
            const double* coupling = &coupling_[t * rows * states];
            const double* after = now + rows;
            if (size.has_peak()) x[1] -= coupling[states] * after[first];
#pragma GCC unroll 16
            for (std::size_t k = first; k < rows; ++k) {
#pragma GCC unroll 16
                for (std::size_t s = 0; s <= k - first; ++s) {
                    x[k] -= coupling[k * states + s] * after[first + s];
                }
            }
        }
        // Column after column: row after row, each sum would wait for the newest number first.
#pragma GCC unroll 16
        for (std::size_t n = 1; n < rows; ++n) {
            const std::size_t i = rows - n;
#pragma GCC unroll 16
            for (std::size_t k = 0; k < i; ++k) x[k] -= factor[k * rows + i] * x[i];
        }
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) now[i] = x[i];
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
