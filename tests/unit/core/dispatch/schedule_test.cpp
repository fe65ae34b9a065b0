#include "core/dispatch/schedule.hpp"

#include <cmath>

#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::schedule_test {
namespace {

struct Replayed : testing::Test {
    Problem problem = small_problem();
    std::vector<Window> windows = windows_of(problem);
    Schedule schedule = settle(problem, {{9.5, 19, 0, 0, -20, -30, 0, 0}});

    Replay replayed(Allowed allowed = Allowed::nothing) const {
        return replay(problem, windows, schedule, allowed);
    }
};

TEST_F(Replayed, CostsWhatIsBoughtWornAndLeft) {
    EXPECT_NEAR(schedule.batteries[0].charge_kw[0], 10, 1e-12);
    EXPECT_NEAR(schedule.batteries[0].discharge_kw[4], 19, 1e-12);
    const double bought =
        0.1 * 70 + 0.05 * 75 + 0.08 * 50 + 0.2 * 70 + 0.3 * 61 + 0.4 * 61.5 + 0.35 * 85 + 0.15 * 65;
    EXPECT_NEAR(replayed().cost, bought + 0.01 * (28.5 + 50) - 0.1 * 28.5, 1e-9);
    EXPECT_EQ(replayed().power_violation_kw, 0);
    EXPECT_NEAR(replayed().energy_violation_kwh, 0, 1e-12);
}

TEST_F(Replayed, NoticesABrokenBalance) {
    schedule.import_kw[3] -= 0.5;
    EXPECT_NEAR(replayed().power_violation_kw, 0.5, 1e-9);
}

TEST_F(Replayed, NoticesEnergyFromNowhere) {
    for (double& stored : schedule.batteries[0].stored_kwh) stored += 2;
    EXPECT_NEAR(replayed().energy_violation_kwh, 2, 1e-9);
}

TEST_F(Replayed, NoticesAReserveThatIsNotKept) {
    problem.batteries[0].reserve_kwh.assign(8, 40);
    windows = windows_of(problem);
    EXPECT_NEAR(replayed().energy_violation_kwh, 40 - 28.5, 1e-9);
    EXPECT_NEAR(replayed(Allowed::relaxation).energy_violation_kwh, 0, 1e-9);
    EXPECT_NEAR(replayed(Allowed::relaxation).reserve_shortfall_kwh_h, 3 * 11.5, 1e-9);
}

TEST_F(Replayed, NoticesChargeAndDischargeAtOnce) {
    schedule.batteries[0].charge_kw[2] += 3;
    schedule.batteries[0].discharge_kw[2] += 3 * 0.95 * 0.95;
    EXPECT_NEAR(replayed().simultaneous_kw, 3 * 0.95 * 0.95, 1e-9);
}

TEST_F(Replayed, ANotANumberIsAViolationAndNeverPasses) {
    schedule.batteries[0].charge_kw[2] = NAN;
    EXPECT_TRUE(std::isinf(replayed().power_violation_kw));
}

TEST_F(Replayed, BillsThePeakInTheWindowOnly) {
    problem.demand =
        DemandCharge{.price_per_kw = 10, .peak_so_far_kw = 20, .window = {0, 0, 1, 1, 0, 0, 0, 0}};
    const double without = replay(small_problem(), windows, schedule, Allowed::nothing).cost;
    schedule = settle(problem, {{9.5, 19, 0, 0, -20, -30, 0, 0}});
    EXPECT_EQ(schedule.peak_kw, 70);
    EXPECT_NEAR(replayed().cost - without, 10 * (70 - 20), 1e-9);
    schedule.peak_kw = 60;
    EXPECT_NEAR(replayed().power_violation_kw, 10, 1e-9) << "a peak below an import of the window";
}

TEST_F(Replayed, PvIsCurtailedWhereSellingCosts) {
    problem.pv_kw.assign(8, 100.0);
    problem.export_price_per_kwh[1] = -0.01;
    schedule = settle(problem, {std::vector<double>(8)});
    EXPECT_NEAR(schedule.curtailed_kw[1], 45, 1e-12) << "selling would cost";
    EXPECT_EQ(schedule.curtailed_kw[0], 0) << "selling pays";
    EXPECT_EQ(schedule.export_kw[0], 40);
}

TEST(DispatchRisk, TheTailIsTheMeanOfTheWorst) {
    Problem problem = small_problem();
    problem.risk = PriceRisk{.level = 0.5, .aversion = 1};
    for (const double price : {0.1, 0.2, 0.3, 0.4}) {
        problem.risk->import_price_per_kwh.emplace_back(8, price);
        problem.risk->export_price_per_kwh.emplace_back(8, price);
    }
    const Schedule idle = settle(problem, {std::vector<double>(8)});
    EXPECT_NEAR(energy_cost(problem, idle), 0.35 * 555, 1e-9);
    problem.risk->aversion = 0;
    EXPECT_NEAR(energy_cost(problem, idle), 0.25 * 555, 1e-9);
}

}  // namespace
}  // namespace sitepower::dispatch::schedule_test
