#include "core/dispatch/check.hpp"

#include <cmath>

#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::check_test {
namespace {

using testing::HasSubstr;

struct Broken {
    const char* place;
    void (*bend)(Problem&);
};

class DispatchCheckRefuses : public testing::TestWithParam<Broken> {};

TEST_P(DispatchCheckRefuses, WithThePlace) {
    Problem problem = small_problem();
    ASSERT_TRUE(check(problem));
    GetParam().bend(problem);
    const auto status = check(problem);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, testing::StartsWith(GetParam().place));
    EXPECT_FALSE(make_plan(problem)) << "what is refused is not solved";
}

INSTANTIATE_TEST_SUITE_P(
    All, DispatchCheckRefuses,
    testing::Values(
        Broken{"load_kw", [](Problem& p) { p.load_kw.clear(); }},
        Broken{"load_kw", [](Problem& p) { p.load_kw.assign(max_steps + 1, 1.0); }},
        Broken{"load_kw[2]", [](Problem& p) { p.load_kw[2] = NAN; }},
        Broken{"load_kw[0]", [](Problem& p) { p.load_kw[0] = -1; }},
        Broken{"import_price_per_kwh[7]", [](Problem& p) { p.import_price_per_kwh[7] = INFINITY; }},
        Broken{"import_price_per_kwh", [](Problem& p) { p.import_price_per_kwh.pop_back(); }},
        Broken{"export_price_per_kwh", [](Problem& p) { p.export_price_per_kwh.push_back(0); }},
        Broken{"export_price_per_kwh[3]", [](Problem& p) { p.export_price_per_kwh[3] = 0.21; }},
        Broken{"pv_kw", [](Problem& p) { p.pv_kw = {1.0}; }},
        Broken{"step_h", [](Problem& p) { p.step_h = 0; }},
        Broken{"step_h", [](Problem& p) { p.step_h = NAN; }},
        Broken{"import_limit_kw", [](Problem& p) { p.import_limit_kw = -1; }},
        Broken{"export_limit_kw", [](Problem& p) { p.export_limit_kw = NAN; }},
        Broken{"breaker_limit_kw", [](Problem& p) { p.breaker_limit_kw = 100; }},
        Broken{"demand.price_per_kw", [](Problem& p) { p.demand = DemandCharge{.price_per_kw = -1}; }},
        Broken{"demand.window", [](Problem& p) { p.demand = DemandCharge{.window = {1}}; }},
        Broken{"risk.level", [](Problem& p) { p.risk = PriceRisk{.level = 1}; }},
        Broken{"risk.import_price_per_kwh", [](Problem& p) { p.risk = PriceRisk{}; }},
        Broken{"risk.export_price_per_kwh",
               [](Problem& p) { p.risk = PriceRisk{.import_price_per_kwh = {p.import_price_per_kwh}}; }},
        Broken{"risk.export_price_per_kwh[0][2]",
               [](Problem& p) {
                   p.risk = PriceRisk{.import_price_per_kwh = {p.import_price_per_kwh},
                                      .export_price_per_kwh = {p.import_price_per_kwh}};
                   p.risk->export_price_per_kwh[0][2] += 0.01;
               }},
        Broken{"batteries", [](Problem& p) { p.batteries.clear(); }},
        Broken{"batteries[0].charge_efficiency", [](Problem& p) { p.batteries[0].charge_efficiency = 0; }},
        Broken{"batteries[0].discharge_efficiency",
               [](Problem& p) { p.batteries[0].discharge_efficiency = 1.01; }},
        Broken{"batteries[0].stored_max_kwh", [](Problem& p) { p.batteries[0].stored_max_kwh = 5; }},
        Broken{"batteries[0].stored_kwh", [](Problem& p) { p.batteries[0].stored_kwh = NAN; }},
        Broken{"batteries[0].reserve_kwh",
               [](Problem& p) {
                   p.batteries[0].reserve_kwh = {1, 2};
               }},
        Broken{"batteries[0].self_discharge_per_h",
               [](Problem& p) { p.batteries[0].self_discharge_per_h = 1; }}));

TEST(DispatchCheck, SaysWhyATariffIsRefused) {
    Problem problem = small_problem();
    problem.export_price_per_kwh[1] = 0.06;
    const auto status = check(problem);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("above the import price"));
}

TEST(DispatchCheck, AnExportPriceEqualToTheImportPriceIsFine) {
    Problem problem = small_problem();
    problem.export_price_per_kwh = problem.import_price_per_kwh;
    EXPECT_TRUE(check(problem));
}

}  // namespace
}  // namespace sitepower::dispatch::check_test
