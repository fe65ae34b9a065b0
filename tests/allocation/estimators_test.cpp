// What must not allocate once it runs: estimators on the loop thread. In a program of its own, since counting
// replaces the allocation functions for all of it.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/battery/rul/particle/float_life.hpp"
#include "core/battery/rul/trajectory/predictor.hpp"
#include "core/battery/soc/methods.hpp"
#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

namespace sitepower::estimators_test {
namespace {

template <class Work>
std::size_t allocations_of(const Work& work) {
    const std::size_t before = allocations;
    work();
    return allocations - before;
}

// Kept where everybody may see it, or a compiler may leave it out.
std::unique_ptr<int> kept;

TEST(Allocations, AreCounted) {
    EXPECT_EQ(allocations_of([] { kept = std::make_unique<int>(7); }), 1U);
}

// A string of 40 on a cycle with gaps, wild readings and unknown temperatures, so that each way through the
// update is taken.
class EstimatorAllocations : public testing::TestWithParam<const char*> {};

TEST_P(EstimatorAllocations, AStepMakesNone) {
    constexpr std::size_t batteries = 40;
    const BatteryParameters parameters = some_cell();
    const GroupSetup setup{.chemistry = parameters.chemistry,
                           .nominal_voltage_v = parameters.nominal_voltage_v,
                           .nominal_capacity_ah = parameters.nominal_capacity_ah,
                           .float_voltage_v = parameters.nominal_voltage_v,
                           .batteries = batteries,
                           .has_current_sensor = true,
                           .stale_after = std::chrono::seconds(150),
                           .float_full_after = std::chrono::hours(24),
                           .model = std::make_shared<const CellModel>(parameters)};
    const auto estimator = make_soc_estimator(GetParam(), setup);
    for (std::size_t i = 0; i < batteries; ++i) {
        estimator->restore(i, {.charge_ah = 0.8 * parameters.nominal_capacity_ah, .sigma_ah = 0.1});
    }
    std::vector<std::optional<double>> voltages(batteries, parameters.nominal_voltage_v);
    std::vector<std::optional<double>> temperatures(batteries, 25.0);
    std::vector<Estimate> soc_pct(batteries);
    Time now = from_ms(1'795'328'000'000);
    std::size_t known = 0;
    const auto run = [&] {
        for (int i = 0; i < 2'000; ++i) {
            const Duration elapsed = std::chrono::seconds(i % 500 == 499 ? 1'000 : 1);
            now += elapsed;
            voltages[static_cast<std::size_t>(i) % batteries] =
                i % 7 == 0 ? std::nullopt
                           : std::optional(parameters.nominal_voltage_v + (i % 50 == 0 ? 9 : 0));
            temperatures[static_cast<std::size_t>(i) % batteries] =
                i % 11 == 0 ? std::nullopt : std::optional(20.0 + i % 10);
            const double current_a = parameters.nominal_capacity_ah * std::sin(0.01 * i);
            estimator->step({.time = now,
                             .elapsed = elapsed,
                             .current_a = i % 97 == 0 ? std::nullopt : std::optional(current_a),
                             .voltages_v = voltages,
                             .temperatures_c = temperatures,
                             .ambient_c = 22},
                            soc_pct);
            known += soc_pct.front().value.has_value() ? 1 : 0;
        }
    };
    EXPECT_EQ(allocations_of(run), 0U);
    EXPECT_GT(known, 200U) << "it did estimate";
}

INSTANTIATE_TEST_SUITE_P(Methods, EstimatorAllocations, testing::Values("kalman", "counting"),
                         [](const auto& method) { return std::string(method.param); });

TEST(LifeAllocations, AnUpdateMakesNone) {
    FadeShape shape{.name = "1"};
    for (double age = 1; age <= 500; age += 10) {
        shape.age.push_back(age);
        shape.health.push_back(1 - 0.2 * std::pow(age / 450, 1.5));
    }
    auto library = FadeLibrary::make(std::array{shape}, {});
    ASSERT_TRUE(library);
    TrajectoryPredictor predictor(std::make_shared<const FadeLibrary>(std::move(*library)));
    FloatLife life({}, 1);
    ThermalAge thermal;
    thermal.add(std::chrono::hours(24 * 300), 27);
    double days = 0;
    const auto run = [&] {
        for (int i = 0; i < 20; ++i) {
            const auto predicted = predictor.predict(
                {.history = {std::span(shape.age).first(20), std::span(shape.health).first(20)},
                 .horizon = 1e4});
            const BatteryAge age{thermal.age_days(300 + 50 * i), thermal.rate()};
            life.learn_health(1 - 0.005 * i, 0.03, age);
            days += predicted.left->p50 + life.remaining(age, 5'475).left->p50;
        }
    };
    EXPECT_EQ(allocations_of(run), 0U);
    EXPECT_GT(days, 0);
}

}  // namespace
}  // namespace sitepower::estimators_test
