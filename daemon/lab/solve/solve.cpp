#include "daemon/lab/solve/solve.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "core/dispatch/plan.hpp"
#include "daemon/lab/solve/instance.hpp"

namespace sitepower::lab {
namespace {

struct Options {
    std::vector<std::string> files;
    int repeat = 1;
};

double relative(double value, double reference) {
    return std::abs(value - reference) / (1 + std::abs(reference));
}

// The shortest of several runs, microseconds.
template <class Function>
double time_us(int repeat, const Function& run) {
    double shortest = INFINITY;
    for (int i = 0; i < repeat; ++i) {
        const auto start = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
        shortest = std::min(shortest, elapsed.count());
    }
    return shortest;
}

void add_relaxation(const std::string& name, const dispatch::Plan& plan, const RelaxationReference& reference,
                    Report& report) {
    const auto& shortfall = plan.shortfall;
    const auto error = [&](const char* what, double value, double expected) {
        report.add({name + "." + what, value, "", std::nullopt});
        report.add({name + "." + what + "_error", relative(value, expected), "of 1 + value", at_most(1e-8)});
    };
    error("reserve_shortfall_kwh_h", shortfall.reserve_kwh_h, reference.reserve_kwh_h);
    error("import_excess_kwh", shortfall.import_excess_kwh, reference.import_excess_kwh);
    error("terminal_shortfall_kwh", shortfall.terminal_kwh, reference.terminal_kwh);
    error("objective", plan.certificate.primal_cost, reference.cost);
}

void add_certificate(const std::string& name, const dispatch::Plan& plan, Report& report) {
    const auto& certificate = plan.certificate;
    report.add({name + ".bound", certificate.dual_cost, "currency", std::nullopt});
    report.add(
        {name + ".relative_gap", certificate.relative_gap, "of 1 + value", at_most(dispatch::optimal_gap)});
    report.add({name + ".power_violation", certificate.power_violation_kw, "kW", at_most(1e-6)});
    report.add({name + ".energy_violation", certificate.energy_violation_kwh, "kWh", at_most(1e-6)});
    report.add({name + ".simultaneous", certificate.simultaneous_kw, "kW", at_most(1e-6)});
}

void solve(const DispatchInstance& instance, int repeat, Report& report) {
    dispatch::Plan plan;
    const double us = time_us(repeat, [&] {
        auto made = dispatch::make_plan(instance.problem);
        if (made) plan = std::move(*made);
    });
    const std::string& name = instance.name;
    report.progress(fmt::format("{}: {}{}{}", name, dispatch::name_of(plan.status),
                                plan.reason.empty() ? "" : ", ", plan.reason));
    report.add({name + ".objective", plan.certificate.primal_cost, "currency", std::nullopt});
    if (instance.relaxation) add_relaxation(name, plan, *instance.relaxation, report);
    if (instance.reference_cost) {
        const bool one = instance.problem.batteries.size() == 1 && !instance.problem.risk;
        report.add({name + ".reference", *instance.reference_cost, "currency", std::nullopt});
        const double error = plan.status == dispatch::PlanStatus::failed
                                 ? INFINITY
                                 : relative(plan.certificate.primal_cost, *instance.reference_cost);
        report.add({name + ".objective_error", error, "of 1 + value", at_most(one ? 1e-9 : 1e-8)});
    }
    if (!instance.relaxation) add_certificate(name, plan, report);
    report.add({name + ".optimal", plan.status == dispatch::PlanStatus::optimal ? 1.0 : 0.0, "proven",
                instance.relaxation ? std::nullopt : std::optional<Goal>(at_least(1))});
    report.add({name + ".time", us, "us", std::nullopt});
}

void solve(const AuctionInstance& instance, int repeat, Report& report) {
    dispatch::Auctioneer auctioneer;
    dispatch::Allocation allocation;
    const double us = time_us(repeat, [&] { auctioneer.run(instance.auction, allocation); });
    const std::string& name = instance.name;
    report.add({name + ".welfare", allocation.welfare_per_h, "currency/h", std::nullopt});
    if (instance.reference_welfare_per_h) {
        report.add({name + ".welfare_error",
                    relative(allocation.welfare_per_h, *instance.reference_welfare_per_h), "of 1 + value",
                    at_most(1e-9)});
    }
    double worst = 0;
    for (std::size_t i = 0; i < allocation.awards.size(); ++i) {
        const auto& award = allocation.awards[i];
        if (i < instance.reference_payments_per_h.size()) {
            worst = std::max(worst, relative(award.payment_per_h, instance.reference_payments_per_h[i]));
        }
        if (i < instance.welfare_without_per_h.size()) {
            const double externality =
                instance.welfare_without_per_h[i] - (allocation.welfare_per_h - award.value_per_h);
            worst = std::max(worst, relative(award.payment_per_h, externality));
        }
    }
    report.add({name + ".payment_error", worst, "of 1 + value", at_most(1e-9)});
    report.add({name + ".marginal_price", allocation.marginal_price_per_kwh.value_or(NAN), "currency/kWh",
                std::nullopt});
    report.add({name + ".time", us, "us", std::nullopt});
}

Result<std::vector<Instance>> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return Error{ErrorCode::not_found, "cannot be read", ""};
    return read_instances(text.view());
}

ExitCode run(const Options& options, Report& report) {
    bool used = true;
    for (const std::string& path : options.files) {
        const auto instances = read_file(path);
        if (!instances) {
            fmt::print(stderr, "sitepower-lab: {}: {}\n", path, instances.error().message);
            used = false;
            continue;
        }
        for (const Instance& instance : *instances) {
            std::visit([&](const auto& each) { solve(each, options.repeat, report); }, instance);
        }
    }
    return used && report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace

Run describe_solve(CLI::App& command) {
    auto options = std::make_shared<Options>();
    command.add_option("files", options->files, "instance files (dispatch-instance-1, vcg-instance-1)")
        ->required();
    command.add_option("--repeat", options->repeat, "solve so often; the shortest time is told")
        ->check(CLI::Range(1, 100'000));
    return [options](Report& report) { return run(*options, report); };
}

}  // namespace sitepower::lab
