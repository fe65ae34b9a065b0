// Battery schedules and power auctions: how long they take, beside COIN-OR CLP on the same problems in the
// same run; how often a random problem is answered wrongly; what a false report gains in the auction.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "bench/benches.hpp"
#include "core/dispatch/auction/auction.hpp"
#include "core/dispatch/plan.hpp"
#include "tests/dispatch_reference/linear_programme.hpp"
#include "tests/dispatch_reference/random_problem.hpp"

namespace sitepower::bench {
namespace {

using namespace sitepower::dispatch;

template <class Work>
double median_us(int runs, const Work& work) {
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        times.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::ranges::nth_element(times, times.begin() + runs / 2);
    return times[static_cast<std::size_t>(runs / 2)];
}

struct Case {
    const char* name;
    std::size_t steps;
    double step_h;
    std::size_t batteries;
    bool demand;
    bool negative;
    double goal_us;
    int runs;
};

// Days of a data centre with a morning and an evening peak of the price, a little noise from a fixed seed.
Problem typical_problem(const Case& shape) {
    std::mt19937 random(1);
    const auto noise = [&] { return static_cast<double>(random()) / 4294967296.0 - 0.5; };
    Problem problem{.step_h = shape.step_h, .import_limit_kw = 4500, .export_limit_kw = 400};
    for (std::size_t t = 0; t < shape.steps; ++t) {
        const double hour = std::fmod(static_cast<double>(t) * shape.step_h, 24.0);
        const double day = std::sin((hour - 6) * 3.14159265 / 12);
        const double midday = shape.negative && hour > 9 && hour < 16 ? -0.45 : 0;
        const double price = 0.12 + 0.06 * std::sin((hour - 4) * 3.14159265 / 6) + 0.02 * noise() + midday;
        problem.import_price_per_kwh.push_back(price);
        problem.export_price_per_kwh.push_back(price - 0.04);
        problem.load_kw.push_back(1900 + 250 * day + 120 * noise());
    }
    for (std::size_t b = 0; b < shape.batteries; ++b) {
        const double size =
            2400.0 / static_cast<double>(shape.batteries) * (1 + 0.2 * static_cast<double>(b % 3));
        problem.batteries.push_back(
            {.id = fmt::format("B{}", b),
             .stored_kwh = size / 2,
             .stored_min_kwh = size / 10,
             .stored_max_kwh = size * 0.95,
             .charge_max_kw = size / 2,
             .discharge_max_kw = size / 2,
             .charge_efficiency = 0.95,
             .discharge_efficiency = 0.95 - 0.01 * static_cast<double>(b % 4),
             .wear_per_kwh = shape.negative ? 0 : 0.012 + 0.004 * static_cast<double>(b % 3),
             .reserve_kwh = std::vector<double>(shape.steps, size * 0.12),
             .terminal_value_per_kwh = 0.06});
    }
    if (shape.demand) problem.demand = DemandCharge{.price_per_kw = 8, .peak_so_far_kw = 1500};
    return problem;
}

void measure_case(const Case& shape, Report& report) {
    const Problem problem = typical_problem(shape);
    Plan plan;
    const double us = median_us(shape.runs, [&] {
        auto made = make_plan(problem);
        if (made) plan = std::move(*made);
    });
    const std::string name = fmt::format("dispatch.{}", shape.name);
    report.add({name + ".time", us, "us", at_most(shape.goal_us)});
    report.add({name + ".gap", plan.certificate.relative_gap, "of 1 + cost", at_most(1e-8)});
    if (!has_reference_solver()) return;
    const auto reference = solve_by_reference(problem);
    if (!reference) return;
    const double clp_us = median_us(3, [&] { (void)solve_by_reference(problem); });
    report.add({name + ".clp_time", clp_us, "us", std::nullopt});
    // CLP may charge and discharge at once: at negative prices it only bounds.
    if (shape.negative) return;
    const double error =
        std::abs(plan.certificate.primal_cost - reference->cost) / (1 + std::abs(reference->cost));
    report.add({name + ".error", error, "of 1 + cost", at_most(shape.batteries == 1 ? 1e-9 : 1e-8)});
}

struct Tally {
    int problems = 0, wrong = 0, unproven = 0, gave_up = 0;
    double worst = 0;
};

// Wrong: optimal or feasible where CLP finds nothing, the other way round, or another optimum.
void judge(std::uint64_t seed, const ProblemKind& kind, double tolerance, Tally& tally) {
    const Problem problem = random_problem(seed, kind);
    const auto reference = solve_by_reference(problem);
    const auto plan = make_plan(problem);
    ++tally.problems;
    if (!reference || !plan) {
        ++tally.gave_up;
        return;
    }
    const bool kept = plan->status == PlanStatus::optimal || plan->status == PlanStatus::feasible;
    const double scale = 1 + std::abs(reference->cost);
    const double error = (plan->certificate.primal_cost - reference->cost) / scale;
    if (kept != reference->feasible) {
        ++(plan->status == PlanStatus::failed ? tally.unproven : tally.wrong);
    } else if (plan->status == PlanStatus::feasible) {
        ++tally.unproven;
    } else if (kept) {
        const bool off = kind.may_be_negative ? error < -tolerance : std::abs(error) > tolerance;
        tally.wrong +=
            off || (plan->certificate.dual_cost - plan->certificate.primal_cost) / scale > tolerance ? 1 : 0;
        if (!kind.may_be_negative) tally.worst = std::max(tally.worst, std::abs(error));
    }
}

void measure_random(const char* name, int problems, const ProblemKind& kind, double tolerance,
                    Report& report) {
    Tally tally;
    for (int i = 0; i < problems; ++i) judge(static_cast<std::uint64_t>(i) + 100'000, kind, tolerance, tally);
    const std::string prefix = fmt::format("dispatch.random.{}", name);
    report.add({prefix + ".problems", static_cast<double>(tally.problems), "", std::nullopt});
    report.add({prefix + ".wrong", static_cast<double>(tally.wrong), "answers", at_most(0)});
    report.add({prefix + ".unproven", static_cast<double>(tally.unproven), "answers", at_most(0)});
    report.add({prefix + ".clp_gave_up", static_cast<double>(tally.gave_up), "problems", std::nullopt});
    report.add({prefix + ".worst_error", tally.worst, "of 1 + cost", std::nullopt});
}

class Auctions {
  public:
    explicit Auctions(unsigned seed) : random_(seed) {}

    double uniform(double least, double most) {
        return least + (most - least) * (static_cast<double>(random_()) / 4294967296.0);
    }
    std::vector<ValueSegment> segments() {
        std::vector<ValueSegment> result;
        double value = uniform(0.1, 2);
        for (auto count = 1 + random_() % 3; count > 0; --count) {
            result.push_back({value, uniform(5, 80)});
            value *= uniform(0.3, 1);
        }
        return result;
    }
    Auction auction(std::size_t bidders) {
        Auction result;
        for (std::size_t i = 0; i < bidders; ++i) {
            result.bidders.push_back({.id = fmt::format("{:08}", i),
                                      .overhead_factor = uniform(1.1, 1.5),
                                      .segments = segments()});
        }
        const double width_kw = 40.0 * static_cast<double>(bidders);
        result.supply = {{0.05, width_kw * 0.5}, {0.15, width_kw * 0.4}, {0.6, width_kw * 0.2}};
        return result;
    }

  private:
    std::mt19937 random_;
};

double value_of(const std::vector<ValueSegment>& segments, double load_kw) {
    double value = 0;
    for (const ValueSegment& segment : segments) {
        const double taken_kw = std::min(load_kw, segment.width_kw);
        value += taken_kw * segment.value_per_kwh;
        load_kw -= taken_kw;
    }
    return value;
}

void measure_auction_times(Report& report) {
    Auctions make(7);
    for (const auto& [bidders, goal_us, runs] :
         {std::tuple{4, 1.0, 20'001}, std::tuple{100, 15.0, 2'001}, std::tuple{10'000, 4'000.0, 51}}) {
        const Auction auction = make.auction(static_cast<std::size_t>(bidders));
        Auctioneer auctioneer;
        Allocation allocation;
        const double us = median_us(runs, [&] { auctioneer.run(auction, allocation); });
        report.add({fmt::format("dispatch.auction.{}.time", bidders), us, "us", at_most(goal_us)});
    }
}

// The best that a false report gains over the truth; payment tells the rule.
template <class Payment>
double best_gain(int reports, const Payment& payment) {
    Auctions make(11);
    Auctioneer auctioneer;
    Allocation allocation;
    double best = 0;
    for (int done = 0; done < reports;) {
        Auction auction = make.auction(2 + static_cast<std::size_t>(done % 7));
        const auto truth = auction.bidders[0].segments;
        const auto utility = [&] {
            auctioneer.run(auction, allocation);
            return value_of(truth, allocation.awards[0].auctioned_kw) - payment(allocation.awards[0]);
        };
        const double honest = utility();
        for (int lie = 0; lie < 50; ++lie, ++done) {
            auction.bidders[0].segments = make.segments();
            best = std::max(best, utility() - honest);
        }
    }
    return best;
}

}  // namespace

void measure_dispatch(const Options&, Report& report) {
    for (const Case& shape : {Case{"1x96", 96, 0.25, 1, false, false, 30, 501},
                              Case{"1x288", 288, 1.0 / 12, 1, false, false, 80, 201},
                              Case{"1x2016", 2016, 1.0 / 12, 1, false, false, 500, 51},
                              Case{"1x2016.demand", 2016, 1.0 / 12, 1, true, false, 4'000, 21},
                              Case{"3x96", 96, 0.25, 3, false, false, 400, 51},
                              Case{"8x288.demand", 288, 1.0 / 12, 8, true, false, 10'000, 11},
                              Case{"2x2016.demand", 2016, 1.0 / 12, 2, true, false, 15'000, 7},
                              Case{"1x96.negative", 96, 0.25, 1, false, true, 5'000, 21}}) {
        measure_case(shape, report);
    }
    measure_auction_times(report);
    if (has_reference_solver()) {
        measure_random("one", 6'000, {}, 1e-9, report);
        measure_random("several", 2'000, {.most_batteries = 3}, 1e-8, report);
        measure_random("negative", 2'000, {.may_be_negative = true}, 1e-9, report);
    } else {
        report.progress("random problems are skipped: CLP is not installed (coinor-libclp-dev)");
    }
    const double gain = best_gain(1'000'000, [](const Award& award) { return award.payment_per_h; });
    report.add({"dispatch.lies.best_gain", gain, "currency/h", at_most(1e-9)});
    const double control = best_gain(100'000, [](const Award& award) { return award.value_per_h; });
    report.add({"dispatch.lies.pay_as_bid_gain", control, "currency/h", at_least(1)});
}

}  // namespace sitepower::bench
