#include "core/battery/soc/kalman/cell_filter.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <random>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::cell_filter_test {
namespace {

using Matrix = Eigen::Matrix<double, 5, 5>;
using Vector = Eigen::Vector<double, 5>;

Matrix matrix_of(const CellFilter& f) {
    Matrix p;
    p << f.ss, f.s1, f.s2, f.sb, f.se,     //
        f.s1, f.p11, f.p12, f.p1b, f.p1e,  //
        f.s2, f.p12, f.p22, f.p2b, f.p2e,  //
        f.sb, f.p1b, f.p2b, f.bb, f.be,    //
        f.se, f.p1e, f.p2e, f.be, f.ee;
    return p;
}

Vector vector_of(const CellFilter& f) {
    Vector x;
    x << f.soc, f.v1_v, f.v2_v, f.offset_a, f.error;
    return x;
}

// Any state with a covariance that can be one: A A'.
CellFilter random_filter(std::mt19937& random) {
    std::normal_distribution<double> normal;
    Matrix a;
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 5; ++j) a(i, j) = 0.05 * normal(random);
    }
    const Matrix p = a * a.transpose();
    CellFilter f{.soc = 0.5 + 0.1 * normal(random),
                 .v1_v = 0.02 * normal(random),
                 .v2_v = 0.02 * normal(random),
                 .offset_a = 0.1 * normal(random),
                 .error = normal(random)};
    f.ss = p(0, 0), f.s1 = p(0, 1), f.s2 = p(0, 2), f.sb = p(0, 3);
    f.p11 = p(1, 1), f.p12 = p(1, 2), f.p1b = p(1, 3);
    f.p22 = p(2, 2), f.p2b = p(2, 3), f.bb = p(3, 3);
    f.se = p(0, 4), f.p1e = p(1, 4), f.p2e = p(2, 4), f.be = p(3, 4), f.ee = p(4, 4);
    return f;
}

class CellFilterTest : public testing::Test {
  protected:
    CellSetting setting() const { return {&model_, {.voltage = 2, .resistance = 1.5}, 12}; }
    StepInterval interval(double dt_s, double flow_a) const {
        return {dt_s, std::exp(-dt_s / 10), std::exp(-dt_s / 200), flow_a, flow_a};
    }

    CellModel model_{some_cell()};
    std::mt19937 random_{7};
};

// The hand-written formulas against the ones of the book, by matrices.
TEST_F(CellFilterTest, PredictsAsTheMatricesDo) {
    for (int round = 0; round < 200; ++round) {
        const CellFilter before = random_filter(random_);
        const double dt_s = 1 + round;
        const double flow_a = round % 2 == 0 ? -15 : 6;
        const StepInterval step = interval(dt_s, flow_a);
        const CellPoint here = model_.at(before.soc, 25);

        Matrix f = Matrix::Identity();
        f(0, 3) = -dt_s / (3600 * 12);
        f(1, 1) = step.decay1;
        f(2, 2) = step.decay2;
        f(1, 3) = -(1 - step.decay1) * here.r1_ohm * 1.5;
        f(2, 3) = -(1 - step.decay2) * here.r2_ohm * 1.5;
        const NoiseParameters& noise = model_.parameters().noise;
        Vector by_current = Vector::Zero();
        by_current.head(3) = f.col(3).head(3);
        Vector moved = f * vector_of(before) - by_current * flow_a;
        const double flowed = std::abs(moved(0) - before.soc);
        f(4, 4) = noise.error_soc / (noise.error_soc + flowed);
        moved(4) = f(4, 4) * before.error;
        Matrix w = Matrix::Zero();
        w(0, 0) = std::pow(noise.soc_per_root_s, 2) * dt_s + std::pow(noise.gain, 2) * flowed;
        const double v = std::pow(2 * noise.voltage_per_root_s, 2);
        w(1, 1) = v * std::min(dt_s, model_.parameters().tau1_s / 2);
        w(2, 2) = v * std::min(dt_s, model_.parameters().tau2_s / 2);
        w(3, 3) = std::pow(12 * noise.offset_c_per_root_s, 2) * dt_s;
        w(4, 4) = 1 - f(4, 4) * f(4, 4);

        CellFilter after = before;
        predict(after, setting(), here, step);
        EXPECT_TRUE(vector_of(after).isApprox(moved, 1e-9));
        EXPECT_TRUE(matrix_of(after).isApprox(f * matrix_of(before) * f.transpose() + w, 1e-9)) << round;
    }
}

TEST_F(CellFilterTest, CorrectsAsTheMatricesDo) {
    for (int round = 0; round < 200; ++round) {
        const CellFilter before = random_filter(random_);
        const CellPoint here = model_.at(before.soc, 25);
        const MeasurementNoise noise{.lasting_v2 = 0.01 * (1 + round), .error_v = 0.01 * (round % 5)};
        const double current_a = -5;
        const double voltage_v = 7 + 0.01 * round;

        Eigen::RowVector<double, 5> h;
        h << here.ocv_slope_v * 2, 1, 1, -here.r0_ohm * 1.5, noise.error_v;
        const double expected_v = here.ocv_v * 2 + before.v1_v + before.v2_v +
                                  here.r0_ohm * 1.5 * (current_a - before.offset_a) +
                                  noise.error_v * before.error;
        const Matrix p = matrix_of(before);
        const double s = h * p * h.transpose() + noise.lasting_v2;
        const Vector k = p * h.transpose() / s;

        CellFilter after = before;
        const Innovation by = innovation(after, setting(), here, current_a, voltage_v, noise);
        EXPECT_NEAR(by.residual_v, voltage_v - expected_v, 1e-12);
        EXPECT_NEAR(by.variance_v2, s, 1e-12);
        EXPECT_NEAR(by.state_v2, s - noise.lasting_v2, 1e-12);
        correct(after, by);
        const Vector x = vector_of(before) + k * by.residual_v;
        if (x(0) < -0.05 || x(0) > 1.02) continue;  // kept in bounds
        EXPECT_TRUE(vector_of(after).isApprox(x, 1e-9));
        EXPECT_TRUE(matrix_of(after).isApprox(p - k * h * p, 1e-8)) << round;
    }
}

TEST_F(CellFilterTest, StaysACovarianceOverAMillionSteps) {
    CellFilter filter = random_filter(random_);
    const StepInterval step = interval(1, -2);
    const MeasurementNoise noise{.lasting_v2 = 1e-4, .error_v = 0.01};
    for (int i = 0; i < 1'000'000; ++i) {
        CellPoint here = model_.at(filter.soc, 25);
        predict(filter, setting(), here, step);
        here = model_.at(filter.soc, 25);
        correct(filter, innovation(filter, setting(), here, -2, 7.0, noise));
    }
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix_of(filter));
    EXPECT_GT(solver.eigenvalues().minCoeff(), -1e-12);
    EXPECT_TRUE(std::isfinite(filter.soc));
}

TEST_F(CellFilterTest, WhatIsChargedDoesNotAllStay) {
    BatteryParameters wasteful = some_cell();
    wasteful.charge_efficiency = 0.9;
    const CellModel model(wasteful);
    const CellSetting setting{&model, {}, 10};
    CellFilter up{.soc = 0.5};
    CellFilter down{.soc = 0.5};
    predict(up, setting, model.at(0.5, 25), interval(360, 10));
    predict(down, setting, model.at(0.5, 25), interval(360, -10));
    EXPECT_NEAR(up.soc, 0.59, 1e-9);
    EXPECT_NEAR(down.soc, 0.40, 1e-9);
}

TEST_F(CellFilterTest, AnErrorThatLastsCountsOnce) {
    const auto every_second = measurement_noise(setting(), 0.5, 0, 1);
    const auto every_minute = measurement_noise(setting(), 0.5, 0, 60);
    const auto every_hour = measurement_noise(setting(), 0.5, 0, 3600);
    EXPECT_NEAR(every_second.instant_v2, 0.02 * 0.02, 1e-12);
    EXPECT_NEAR(every_second.lasting_v2, 60 * 0.02 * 0.02, 1e-12);
    EXPECT_NEAR(every_minute.lasting_v2, 0.02 * 0.02, 1e-12);
    EXPECT_NEAR(every_hour.lasting_v2, 0.02 * 0.02, 1e-12);
}

// However often the voltage is read: as long as no charge flows it is the same error of the open circuit.
TEST_F(CellFilterTest, AnErrorOfTheOpenCircuitIsNotReadAway) {
    const MeasurementNoise noise{.lasting_v2 = 1e-6, .error_v = 0.02};
    const CellPoint here = model_.at(0.5, 25);
    const double slope_v = 2 * here.ocv_slope_v;
    const auto sigma_after = [&](int steps, double current_a) {
        CellFilter filter{.soc = 0.5, .ss = 0.04};
        for (int i = 0; i < steps; ++i) {
            predict(filter, setting(), here, interval(1, current_a));
            filter.soc = 0.5;
            correct(filter, innovation(filter, setting(), here, current_a, 2 * here.ocv_v, noise));
        }
        return std::sqrt(filter.ss);
    };
    EXPECT_NEAR(sigma_after(10'000, 0), 0.02 / slope_v, 0.001);
    EXPECT_LT(sigma_after(10'000, -12), 0.8 * 0.02 / slope_v) << "another charge, another error";
}

TEST_F(CellFilterTest, NoiseGrowsWithCurrentColdAndEmptiness) {
    BatteryParameters cell = some_cell();
    cell.noise = {.voltage_v = 0.01,
                  .current_ohm = 0.01,
                  .correlation_s = 0,
                  .cold_per_c = 0.04,
                  .low_soc = 0.2,
                  .low_soc_v = 0.1};
    const CellModel model(cell);
    const auto at = [&](double soc, double temperature_c, double current_a) {
        const CellSetting setting{&model, {}, 10, model.trust(temperature_c)};
        return measurement_noise(setting, soc, current_a, 1).instant_v2;
    };
    EXPECT_NEAR(at(0.5, 25, 0), 1e-4, 1e-12);
    EXPECT_NEAR(at(0.5, 25, -2), 1e-4 + 4e-4, 1e-12);
    EXPECT_NEAR(at(0.5, 0, 0), 1e-4 * std::exp(2.0), 1e-6);
    EXPECT_NEAR(at(0.1, 25, 0), 1e-4 + 0.05 * 0.05, 1e-12);
    EXPECT_NEAR(at(0.3, 0, 0), at(0.5, 0, 0) + std::pow(0.025 * std::exp(1.0), 2),
                1e-6);  // the cliff begins at 0.4 there
}

}  // namespace
}  // namespace sitepower::cell_filter_test
