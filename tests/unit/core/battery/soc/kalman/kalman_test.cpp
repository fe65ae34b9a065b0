#include "core/battery/soc/kalman/kalman.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::kalman_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

GroupSetup setup_for(const BatteryParameters& parameters) {
    GroupSetup setup;
    setup.chemistry = parameters.chemistry;
    setup.nominal_voltage_v = parameters.nominal_voltage_v;
    setup.nominal_capacity_ah = parameters.nominal_capacity_ah;
    setup.float_voltage_v = parameters.chemistry == Chemistry::vrla ? 13.65 : parameters.nominal_voltage_v;
    setup.batteries = 1;
    setup.has_current_sensor = true;
    setup.stale_after = seconds(150);
    setup.float_full_after = hours(24);
    setup.model = std::make_shared<const CellModel>(parameters);
    return setup;
}

// A battery that behaves exactly as its model says, and the estimator that watches it.
class Bench {
  public:
    explicit Bench(const BatteryParameters& parameters) : Bench(setup_for(parameters)) {}
    explicit Bench(const GroupSetup& setup) : setup_(setup), estimator_(setup), result_(setup.batteries) {}

    const Estimate& step(double current_a, double dt_s = 1) {
        const BatteryParameters& of = setup_.model->parameters();
        CellPoint here = setup_.model->at(soc, temperature_c.value_or(25));
        soc = std::min(soc + current_a * dt_s / 3600 / (true_share * setup_.nominal_capacity_ah), 1.0);
        v1_v += (1 - std::exp(-dt_s / of.tau1_s)) * (here.r1_ohm * current_a - v1_v);
        v2_v += (1 - std::exp(-dt_s / of.tau2_s)) * (here.r2_ohm * current_a - v2_v);
        here = setup_.model->at(soc, temperature_c.value_or(25));
        return feed(current_a + offset_a, here.ocv_v + v1_v + v2_v + here.r0_ohm * current_a, dt_s);
    }
    const Estimate& feed(std::optional<double> current_a, std::optional<double> voltage_v, double dt_s = 1) {
        const Duration elapsed(std::llround(dt_s * 1000));
        now_ += elapsed;
        const std::vector<std::optional<double>> voltages(setup_.batteries, voltage_v);
        const std::vector<std::optional<double>> temperatures(setup_.batteries, temperature_c);
        estimator_.step({.time = now_,
                         .elapsed = elapsed,
                         .current_a = current_a,
                         .current_is_mean = true,
                         .voltages_v = voltages,
                         .voltages_are_new = are_new,
                         .temperatures_c = temperatures,
                         .capacities = capacities},
                        result_);
        return result_.front();
    }
    const Estimate& hold(double current_a, int count, double dt_s = 1) {
        for (int i = 0; i < count; ++i) step(current_a, dt_s);
        return result_.front();
    }

    double soc = 0.8;
    double v1_v = 0;
    double v2_v = 0;
    double offset_a = 0;    // of the sensor
    double true_share = 1;  // of the nominal capacity
    std::vector<CapacityShare> capacities;
    std::vector<char> are_new;
    std::optional<double> temperature_c = 25;
    KalmanEstimator& estimator() { return estimator_; }
    void restart() {
        const ChargeMemory memory = estimator_.memory(0);
        estimator_ = KalmanEstimator(setup_);
        estimator_.restore(0, memory);
    }
    const Estimate& result(std::size_t battery = 0) const { return result_[battery]; }

  private:
    GroupSetup setup_;
    KalmanEstimator estimator_;
    std::vector<Estimate> result_;
    Time now_ = from_ms(1'795'328'000'000);
};

void expect_unknown(const Estimate& estimate, std::string_view reason) {
    EXPECT_FALSE(estimate.value);
    EXPECT_EQ(estimate.status, EstimateStatus::unknown);
    EXPECT_EQ(estimate.reason, reason);
}

TEST(KalmanTest, FindsTheChargeFromTheFirstVoltages) {
    for (const double soc : {0.05, 0.3, 0.6, 0.95}) {
        Bench bench(some_cell());
        bench.soc = soc;
        const Estimate& estimate = bench.hold(0, 30);
        ASSERT_TRUE(estimate.value);
        EXPECT_NEAR(*estimate.value, 100 * soc, 3);
        EXPECT_LT(estimate.sigma, 6);
    }
}

TEST(KalmanTest, FollowsADischargeAndKeepsItsPromises) {
    Bench bench(some_cell());
    bench.estimator().restore(0, {.charge_ah = 8, .sigma_ah = 0.1});
    int inside = 0;
    const int steps = 3000;
    for (int i = 0; i < steps; ++i) {
        const Estimate& estimate = bench.step(i % 20 < 10 ? -12 : -2);
        inside += std::abs(*estimate.value - 100 * bench.soc) < 1.28 * estimate.sigma ? 1 : 0;
    }
    EXPECT_NEAR(*bench.result().value, 100 * bench.soc, 0.5);
    EXPECT_EQ(bench.result().status, EstimateStatus::ok);
    EXPECT_GT(inside, steps * 0.8);
}

// Of a flat battery, where the voltage cannot make up for a wrong count.
TEST(KalmanTest, AWornBatteryIsCountedWithWhatItHolds) {
    for (const bool is_told : {true, false}) {
        Bench bench(some_flat_cell());
        bench.soc = 0.9;
        bench.true_share = 0.7;
        if (is_told) bench.capacities = {{0.7, 0.03}};
        bench.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 0.5});
        bench.hold(-100, 1200);
        const double error = std::abs(*bench.result().value - 100 * bench.soc);
        if (is_told) {
            EXPECT_LT(error, 1.3 * bench.result().sigma);
            EXPECT_LT(error, 1);
            EXPECT_GT(bench.result().sigma, 100 * 0.03 * 0.4) << "the test's doubt of half the charge";
        } else {
            EXPECT_GT(error, 5) << "else this test shows nothing";
        }
    }
}

// Every new voltage tells as much as before, an old one nothing.
TEST(KalmanTest, AVoltageIsUsedOnce) {
    Bench often(some_cell());
    Bench seldom(some_cell());
    seldom.are_new = {1};
    often.soc = seldom.soc = 0.6;
    for (int i = 0; i < 1200; ++i) {
        const double current_a = i % 2 == 0 ? -9 : -5;
        often.step(current_a);
        seldom.are_new = {static_cast<char>(i % 30 == 0 ? 1 : 0)};
        seldom.step(current_a);
        if (i > 60) {
            ASSERT_TRUE(seldom.result().value) << seldom.result().reason << " after " << i;
        }
    }
    EXPECT_NEAR(*seldom.result().value, 100 * seldom.soc, 3 * seldom.result().sigma);
    EXPECT_NEAR(seldom.result().sigma, often.result().sigma, 0.5 * often.result().sigma);
    const double before = *seldom.result().value;
    seldom.are_new = {0};
    EXPECT_NEAR(*seldom.feed(-5, 3.0).value, before, 0.05) << "an old voltage";
}

TEST(KalmanTest, LearnsTheOffsetOfTheSensor) {
    Bench bench(some_cell());
    bench.offset_a = 0.2;  // 2 % of C: alone it would be 3.3 % after 100 minutes
    bench.estimator().restore(0, {.charge_ah = 5, .sigma_ah = 2});
    bench.hold(-4, 6000);
    EXPECT_NEAR(*bench.result().value, 100 * bench.soc, 0.7);
    EXPECT_NEAR(bench.estimator().memory(0).offset_a, 0.2, 0.06);
}

TEST(KalmanTest, BatteriesOfAStringShareTheOffset) {
    GroupSetup setup = setup_for(some_cell());
    setup.batteries = 3;
    Bench bench(setup);
    bench.offset_a = 0.2;
    bench.hold(-4, 3000);
    const double shared_a = bench.estimator().memory(0).offset_a;
    EXPECT_GT(shared_a, 0.05);
    EXPECT_EQ(bench.estimator().memory(1).offset_a, shared_a);
    EXPECT_EQ(bench.estimator().memory(2).offset_a, shared_a);
}

// 20 A through 10 mohm: 4 W, 8 K warmer inside than outside, where the resistance is half.
TEST(KalmanTest, KnowsThatItIsWarmerInside) {
    BatteryParameters cell = some_cell();
    cell.resistances = {{17, {0.010, 0.010}, {0, 0}, {0, 0}}, {25, {0.005, 0.005}, {0, 0}, {0, 0}}};
    const auto error_after = [](const BatteryParameters& parameters) {
        KalmanEstimator estimator(setup_for(parameters));
        estimator.restore(0, {.charge_ah = 8, .sigma_ah = 0.3});
        std::vector<Estimate> result(1);
        const std::optional<double> temperature_c = 17;
        double soc = 0.8;
        for (int i = 0; i < 900; ++i) {
            soc -= 20.0 / 3600 / 10;
            const std::optional<double> voltage_v = 3 + soc - 20 * 0.005;
            estimator.step({.elapsed = seconds(1),
                            .current_a = -20,
                            .current_is_mean = true,
                            .voltages_v = {&voltage_v, 1},
                            .temperatures_c = {&temperature_c, 1}},
                           result);
        }
        return std::abs(*result[0].value - 100 * soc);
    };
    const double outside = error_after(cell);
    cell.core_k_per_w = 4;
    cell.core_tau_s = 60;
    EXPECT_LT(error_after(cell), 0.4 * outside);
}

TEST(KalmanTest, AFastDischargeTakesMoreOfTheCharge) {
    BatteryParameters block = some_block();
    block.noise.voltage_v = 10;  // counting alone
    const auto counted = [](const BatteryParameters& parameters) {
        Bench bench(parameters);
        bench.soc = 0.9;
        bench.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 0.1});
        return *bench.hold(-20, 7200).value;
    };
    const double plain = counted(block);
    EXPECT_NEAR(plain, 50, 0.5);
    block.peukert = 1.1;
    EXPECT_NEAR(90 - counted(block), 40 * std::pow(4, 0.1), 1);
}

TEST(KalmanTest, ScalesTheModelToTheBatteryAtHand) {
    GroupSetup setup = setup_for(some_cell());
    setup.nominal_voltage_v = 51.1;  // 14 cells
    setup.nominal_capacity_ah = 100;
    KalmanEstimator estimator(setup);
    Estimate result;
    const std::optional<double> voltage_v = 14 * 3.6;
    const std::optional<double> temperature_c = 25;
    for (int i = 0; i < 60; ++i) {
        estimator.step({.elapsed = seconds(i > 0 ? 1 : 0),
                        .current_a = 0,
                        .voltages_v = {&voltage_v, 1},
                        .temperatures_c = {&temperature_c, 1}},
                       {&result, 1});
    }
    ASSERT_TRUE(result.value);
    EXPECT_NEAR(*result.value, 60, 3);
}

TEST(KalmanTest, SaysNoCurrentSensor) {
    GroupSetup setup = setup_for(some_cell());
    setup.has_current_sensor = false;
    Bench bench(setup);
    expect_unknown(bench.feed(std::nullopt, 3.8), "no_current_sensor");
}

TEST(KalmanTest, SaysNoNominalCapacity) {
    GroupSetup setup = setup_for(some_cell());
    setup.nominal_capacity_ah = 0;
    Bench bench(setup);
    expect_unknown(bench.feed(-1, 3.8), "no_nominal_capacity");
}

TEST(KalmanTest, SaysStaleInputAndGoesOnWiderAfterwards) {
    Bench bench(some_cell());
    bench.hold(-2, 600);
    const double before = bench.result().sigma;
    expect_unknown(bench.feed(std::nullopt, std::nullopt, 600), "stale_input");
    const Estimate& after = bench.feed(-2, std::nullopt);
    ASSERT_TRUE(after.value);
    EXPECT_GT(after.sigma, before);
    EXPECT_EQ(after.status, EstimateStatus::degraded);
    EXPECT_EQ(after.reason, "stale_input");
    bench.soc -= 2.0 * 601 / 36000;
    bench.hold(-2, 900);
    EXPECT_EQ(bench.result().status, EstimateStatus::ok);
    EXPECT_NEAR(*bench.result().value, 100 * bench.soc, 3);
}

// What flowed before is supposed to have gone on.
TEST(KalmanTest, AGapIsNotCountedWithTheLastValue) {
    Bench bench(some_cell());
    bench.estimator().restore(0, {.charge_ah = 8, .sigma_ah = 0.1});
    bench.hold(-4, 3000);
    bench.step(-30);
    const double before = *bench.result().value;
    const Estimate& after = bench.feed(-4, std::nullopt, 600);
    ASSERT_TRUE(after.value);
    EXPECT_NEAR(before - *after.value, 100 * 4.0 * 600 / 36000, 0.5);
}

TEST(KalmanTest, AMemoryWithoutAChargeStartsAnew) {
    Bench bench(some_cell());
    bench.estimator().restore(0, {.charge_ah = 8, .sigma_ah = 0.1});
    bench.hold(-4, 600);
    ASSERT_TRUE(bench.result().value);
    bench.estimator().restore(0, {});
    const ChargeMemory anew = bench.estimator().memory(0);
    Bench fresh(some_cell());
    const ChargeMemory first = fresh.estimator().memory(0);
    EXPECT_EQ(anew.charge_ah, first.charge_ah);
    EXPECT_EQ(anew.sigma_ah, first.sigma_ah);
    EXPECT_EQ(anew.v1_v, first.v1_v);
    EXPECT_EQ(anew.offset_sigma_a, first.offset_sigma_a);
    expect_unknown(bench.feed(-1, std::nullopt), "no_full_charge_reference");
}

TEST(KalmanTest, SaysNoFullChargeReferenceWhileNothingIsKnown) {
    Bench bench(some_cell());
    expect_unknown(bench.feed(-1, std::nullopt), "no_full_charge_reference");
}

TEST(KalmanTest, SaysFloatUnobservableUntilTheFloatAnchor) {
    Bench bench(some_block());
    bench.feed(0.1, 13.65, 0);
    for (int minute = 0; minute < 24 * 60 - 1; ++minute) bench.feed(0.1, 13.65, 60);
    expect_unknown(bench.result(), "float_unobservable");
    const Estimate& full = bench.feed(0.1, 13.65, 60);
    EXPECT_EQ(full.value, 100);
    EXPECT_NEAR(full.sigma, 1, 1e-9);
    EXPECT_EQ(full.status, EstimateStatus::ok);
    EXPECT_EQ(full.reason, "float_anchor");
}

TEST(KalmanTest, AChargersVoltageIsNotTheBatterys) {
    Bench bench(some_block());
    bench.estimator().restore(0, {.charge_ah = 50, .sigma_ah = 2});
    bench.feed(10, 14.4, 0);
    for (int i = 0; i < 60; ++i) bench.feed(10, 14.4, 60);
    EXPECT_NEAR(*bench.result().value, 60, 0.5);
}

// The jars are polled less often than the current.
TEST(KalmanTest, InADischargeTheFloatIsNotToBlame) {
    Bench bench(some_block());
    bench.feed(0.05, 13.65, 0);
    bench.feed(0.05, 13.65, 60);
    expect_unknown(bench.result(), "float_unobservable");
    for (int i = 0; i < 30; ++i) expect_unknown(bench.feed(-29, 13.65, 1), "no_full_charge_reference");
}

TEST(KalmanTest, SaysPlateauUnobservable) {
    Bench bench(some_flat_cell());
    bench.estimator().restore(0, {.charge_ah = 60, .sigma_ah = 30});
    expect_unknown(bench.feed(-1, std::nullopt, 0), "plateau_unobservable");
}

TEST(KalmanTest, OnThePlateauChargeIsCountedAndDoubtGrows) {
    Bench bench(some_flat_cell());
    bench.soc = 0.9;
    bench.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 1});
    bench.hold(-50, 600);
    const double early = bench.result().sigma;
    bench.hold(-50, 3000);
    EXPECT_GT(bench.result().sigma, early);
    EXPECT_NEAR(*bench.result().value, 100 * bench.soc, 1);
    // 30 mV of error in the model are a fifth of the plateau and must not pull the charge there.
    bench.v1_v += 0.03;
    const double before = *bench.result().value;
    for (int i = 0; i < 600; ++i) {
        bench.v1_v = 0.03 + 50 * -0.004;
        bench.step(-50);
    }
    EXPECT_NEAR(*bench.result().value, before - 100 * 50.0 * 600 / 360'000, 2);
}

TEST(KalmanTest, LithiumIsFullAtTheEndOfCharge) {
    Bench bench(some_cell());
    for (int i = 0; i <= 60; ++i) bench.feed(0.3, 4.2);
    EXPECT_EQ(bench.result().value, 100);
    EXPECT_EQ(bench.result().reason, "full_charge_anchor");
}

TEST(KalmanTest, SaysOutOfModelRange) {
    Bench bench(some_cell());
    bench.hold(-1, 10);
    ASSERT_TRUE(bench.result().value);
    bench.temperature_c = -21;
    expect_unknown(bench.step(-1), "out_of_model_range");
    bench.temperature_c = 61;
    expect_unknown(bench.step(-1), "out_of_model_range");
    bench.temperature_c = 25;
    EXPECT_TRUE(bench.step(-1).value);
}

TEST(KalmanTest, SaysSensorFaultAfterTenVoltagesThatCannotBe) {
    Bench bench(some_cell());
    bench.hold(-1, 600);
    const double before = *bench.result().value;
    for (int i = 0; i < 9; ++i) bench.feed(-1, 0.0);
    ASSERT_TRUE(bench.result().value);
    EXPECT_NEAR(*bench.result().value, before, 0.1);
    expect_unknown(bench.feed(-1, 0.0), "sensor_fault");
    bench.hold(-1, 9);
    EXPECT_FALSE(bench.result().value);
    bench.hold(-1, 1);
    ASSERT_TRUE(bench.result().value);
    EXPECT_NEAR(*bench.result().value, 100 * bench.soc, 3);
}

TEST(KalmanTest, SaysSensorFaultForACurrentThatCannotBe) {
    Bench bench(some_cell());
    bench.hold(-1, 600);
    const double before = *bench.result().value;
    expect_unknown(bench.feed(1e30, 3.79), "sensor_fault");
    EXPECT_NEAR(*bench.step(-1).value, before, 0.5);
}

TEST(KalmanTest, OneWildVoltageIsNotBelieved) {
    Bench bench(some_cell());
    bench.hold(-1, 600);
    const double before = *bench.result().value;
    EXPECT_NEAR(*bench.feed(-1, 3.2).value, before, 0.05);
}

TEST(KalmanTest, SaysSensorFaultForAFrozenVoltage) {
    Bench bench(some_cell());
    bench.hold(-1, 60);
    for (int i = 0; i < 11; ++i) bench.feed(i % 2 == 0 ? -8 : -1, 3.79);
    expect_unknown(bench.result(), "sensor_fault");
    EXPECT_TRUE(bench.step(-1).value);
}

TEST(KalmanTest, RemembersOverARestart) {
    Bench before(some_cell());
    before.estimator().restore(0, {.charge_ah = 8, .sigma_ah = 0.1});
    before.offset_a = 0.1;
    before.hold(-4, 3000);
    const ChargeMemory memory = before.estimator().memory(0);
    Bench after(some_cell());
    after.soc = before.soc;
    after.estimator().restore(0, memory);
    const Estimate& estimate = after.feed(-4, std::nullopt, 0);
    EXPECT_NEAR(*estimate.value, *before.result().value, 1e-9);
    EXPECT_NEAR(estimate.sigma, before.result().sigma, 1e-9);
    const ChargeMemory again = after.estimator().memory(0);
    EXPECT_EQ(again.offset_a, memory.offset_a);
    EXPECT_NEAR(again.v2_v, memory.v2_v, 1e-9);
}

TEST(KalmanTest, ALongAbsenceWidensWhatIsRemembered) {
    Bench bench(some_cell());
    bench.estimator().restore(0, {.charge_ah = 8, .sigma_ah = 0.1, .v2_v = -0.05});
    const Estimate& estimate = bench.feed(0, std::nullopt, 3600);
    EXPECT_GT(estimate.sigma, 5);
    EXPECT_NEAR(bench.estimator().memory(0).v2_v, 0, 1e-6);  // the polarisation is gone
}

// The daemon was away for three minutes of a discharge.
TEST(KalmanTest, ARestartInADischargeGoesOnWithTheCurrentBefore) {
    Bench before(some_flat_cell());
    before.soc = 0.9;
    before.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 0.5});
    before.hold(-50, 900);
    Bench after(some_flat_cell());
    after.soc = before.soc - 50.0 * 180 / 360'000;
    after.estimator().restore(0, before.estimator().memory(0));
    after.feed(-50, std::nullopt, 180);
    const Estimate& estimate = after.hold(-50, 60);
    ASSERT_TRUE(estimate.value) << estimate.reason;
    EXPECT_LT(std::abs(*estimate.value - 100 * after.soc), 1.3 * estimate.sigma);
    EXPECT_EQ(estimate.status, EstimateStatus::degraded) << "on the plateau no voltage makes up for it";
    EXPECT_EQ(estimate.reason, "stale_input");
}

// What the discharge has shown of the block's capacity is not to be learnt again.
TEST(KalmanTest, ARestartInADischargeKeepsWhatItHasShown) {
    BatteryParameters block = some_block();
    block.noise.capacity = 0.1;
    Bench before(block);
    before.true_share = 0.9;
    before.soc = 1;
    before.estimator().restore(0, {.charge_ah = 100, .sigma_ah = 1});
    before.hold(-20, 120, 60);
    const ChargeMemory memory = before.estimator().memory(0);
    ASSERT_GT(std::abs(memory.offset_a), 0.5) << "else this test shows nothing";
    for (const double away_s : {1.0, 600.0, 7200.0}) {
        Bench after(block);
        after.estimator().restore(0, memory);
        after.feed(-20, std::nullopt, away_s);
        if (away_s > 3600) {
            after.feed(-20, std::nullopt);
            EXPECT_EQ(after.estimator().memory(0).discharging_s, 1) << "another discharge";
            EXPECT_EQ(after.estimator().memory(0).offset_a, 0);
            continue;
        }
        const ChargeMemory then = after.estimator().memory(0);
        EXPECT_NEAR(then.offset_a, memory.offset_a, 0.01) << away_s;
        EXPECT_NEAR(*then.offset_sigma_a, *memory.offset_sigma_a, 0.05) << away_s;
        EXPECT_EQ(then.discharging_s, memory.discharging_s + away_s);
    }
}

TEST(KalmanTest, TheDoubtOfACapacityGoesOnGrowingOverARestart) {
    const auto sigma_after = [](bool restarts) {
        Bench before(some_flat_cell());
        Bench after(some_flat_cell());
        before.capacities = after.capacities = {{1, 0.05}};
        before.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 0.5});
        for (int i = 0; i < 1000; ++i) before.feed(-100, std::nullopt);
        after.estimator().restore(0, before.estimator().memory(0));
        Bench& bench = restarts ? after : before;
        for (int i = 0; i < 1000; ++i) bench.feed(-100, std::nullopt);
        return bench.result().sigma;
    };
    EXPECT_NEAR(sigma_after(true), sigma_after(false), 0.1);
}

// A device may answer all the time, and yet have no current to tell.
TEST(KalmanTest, AGapInManyStepsIsAsWideAsInOne) {
    double sigma_of_one = 0;
    for (const int steps : {1, 360}) {
        Bench bench(some_flat_cell());
        bench.estimator().restore(0, {.charge_ah = 60, .sigma_ah = 0.5});
        bench.soc = 0.6;
        bench.hold(-20, 600);
        for (int i = 0; i < steps; ++i) bench.feed(std::nullopt, std::nullopt, 1800.0 / steps);
        const Estimate& estimate = bench.feed(-20, std::nullopt);
        ASSERT_TRUE(estimate.value);
        EXPECT_EQ(estimate.status, EstimateStatus::degraded);
        EXPECT_GT(estimate.sigma, 8);
        if (steps == 1) sigma_of_one = estimate.sigma;
        EXPECT_NEAR(estimate.sigma, sigma_of_one, 0.1 * sigma_of_one);
    }
}

TEST(KalmanTest, AFloatThatNobodySawForHoursIsNone) {
    Bench bench(some_block());
    const auto on_float = [&](Duration time) {
        for (Duration passed{}; passed < time; passed += seconds(60)) bench.feed(0.05, 13.65, 60);
    };
    on_float(hours(25));
    ASSERT_EQ(bench.result().reason, "float_anchor");
    for (int i = 0; i < 30; ++i) bench.feed(std::nullopt, 13.65, 10);
    on_float(seconds(60));
    EXPECT_EQ(bench.result().reason, "float_anchor") << "five minutes";
    for (int i = 0; i < 1800; ++i) bench.feed(std::nullopt, 11.5, 10);
    on_float(seconds(120));
    EXPECT_NE(bench.result().reason, "float_anchor") << "five hours";
    EXPECT_NE(bench.result().status, EstimateStatus::ok);
}

// Once nothing is known of the charge any more, a voltage tells nothing of what led there.
TEST(KalmanTest, ALongBlindCountTeachesNoOffset) {
    Bench bench(some_flat_cell());
    bench.estimator().restore(0, {.charge_ah = 60, .sigma_ah = 0.5});
    bench.capacities = {{1, 0.05}};
    for (int i = 0; i < 400 * 60; ++i) bench.feed(i % 120 < 60 ? -3 : 3, std::nullopt, 60);
    const double sigma_a = *bench.estimator().memory(0).offset_sigma_a;
    bench.soc = 0.1;
    bench.hold(0, 5);
    EXPECT_GT(*bench.estimator().memory(0).offset_sigma_a, 0.9 * sigma_a);
    EXPECT_LT(std::abs(bench.estimator().memory(0).offset_a), 0.1 * sigma_a);
}

TEST(KalmanTest, ARestartCountsTheGapAsTheDischargeBeforeIt) {
    const auto counted = [](bool restarts) {
        auto parameters = some_block();
        parameters.peukert = 1.1;
        Bench before(parameters);
        before.capacities = {{0.6, 0.03}};
        before.estimator().restore(0, {.charge_ah = 90, .sigma_ah = 1});
        for (int i = 0; i < 3000; ++i) before.feed(-30, std::nullopt);
        Bench after(parameters);
        after.capacities = before.capacities;
        after.estimator().restore(0, before.estimator().memory(0));
        Bench& bench = restarts ? after : before;
        const double charge_ah = *before.estimator().memory(0).charge_ah;
        bench.feed(-30, std::nullopt, 300);
        return charge_ah - *bench.estimator().memory(0).charge_ah;
    };
    EXPECT_NEAR(counted(true), counted(false), 0.1 * counted(false));
}

TEST(KalmanTest, AShortGapLeavesNoDoubt) {
    Bench bench(some_flat_cell());
    bench.estimator().restore(0, {.charge_ah = 60, .sigma_ah = 0.5});
    bench.soc = 0.6;
    bench.hold(0, 60);
    expect_unknown(bench.feed(std::nullopt, std::nullopt, 5), "stale_input");
    EXPECT_EQ(bench.step(0).status, EstimateStatus::ok);
}

// What hangs together with a charge of which nothing is known any more does so no longer.
TEST(KalmanTest, TheOffsetSurvivesAnAbsenceOfDays) {
    for (const int days : {1, 4, 10}) {
        Bench bench(some_flat_cell());
        bench.estimator().restore(0, {.charge_ah = 60, .sigma_ah = 0.5});
        bench.hold(0, 60);
        const double sigma_a = *bench.estimator().memory(0).offset_sigma_a;
        bench.feed(0, std::nullopt, days * 86'400.0);
        bench.soc = 0.05;
        const Estimate& estimate = bench.hold(-1, 600);
        ASSERT_TRUE(estimate.value) << estimate.reason;
        EXPECT_LT(std::abs(*estimate.value - 100 * bench.soc), 3 * estimate.sigma) << days;
        const ChargeMemory memory = bench.estimator().memory(0);
        EXPECT_GT(*memory.offset_sigma_a, 0.2 * sigma_a) << days;
        EXPECT_LT(std::abs(memory.offset_a), 3 * *memory.offset_sigma_a) << days;
    }
}

TEST(KalmanTest, TakesNoGarbageForAMemory) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const ChargeMemory& memory :
         {ChargeMemory{.charge_ah = nan, .sigma_ah = 1}, ChargeMemory{.charge_ah = 5, .sigma_ah = nan},
          ChargeMemory{.charge_ah = 5, .sigma_ah = -1}, ChargeMemory{}}) {
        Bench bench(some_cell());
        bench.estimator().restore(0, memory);
        expect_unknown(bench.feed(0, std::nullopt, 0), "no_full_charge_reference");
    }
    Bench bench(some_cell());
    bench.estimator().restore(
        0, {.charge_ah = 5, .sigma_ah = 0.1, .v1_v = nan, .offset_a = nan, .offset_sigma_a = 1});
    EXPECT_EQ(bench.feed(0, std::nullopt, 0).value, 50);
}

// Numbers of any size: the answer is a number or none, never NaN.
TEST(KalmanTest, SurvivesAnyNumbers) {
    Bench bench(some_cell());
    const double huge = 1e300;
    const std::vector<double> currents{0, -1e6, huge, -huge, 1e-300, 5};
    const std::vector<double> voltages{0, 3.7, -huge, huge, 1e-300};
    for (const double current_a : currents) {
        for (const double voltage_v : voltages) {
            for (const double dt_s : {0.0, 0.001, 1.0, 1e9}) {
                const Estimate& estimate = bench.feed(current_a, voltage_v, dt_s);
                if (!estimate.value) continue;
                EXPECT_GE(*estimate.value, 0);
                EXPECT_LE(*estimate.value, 100);
                EXPECT_TRUE(std::isfinite(estimate.sigma));
            }
        }
    }
}

TEST(KalmanTest, TheCoupDeFouetDoesNotPullTheCharge) {
    BatteryParameters block = some_block();
    const auto error_after_dip = [&](double start, bool restarts = false) {
        Bench bench(block);
        bench.soc = start;
        bench.estimator().restore(0, {.charge_ah = 100 * start, .sigma_ah = 1});
        bench.hold(0, 5, 10);
        for (int i = 0; i < 30; ++i) {
            bench.v1_v = -0.2;  // a dip that no model knows
            bench.step(-10, 10);
            if (restarts) bench.restart();
        }
        return std::abs(*bench.result().value - 100 * bench.soc);
    };
    EXPECT_LT(error_after_dip(1.0), 0.3 * error_after_dip(0.6));
    EXPECT_LT(error_after_dip(0.953, true), 1.5 * error_after_dip(0.953)) << "and over restarts";
}

}  // namespace
}  // namespace sitepower::kalman_test
