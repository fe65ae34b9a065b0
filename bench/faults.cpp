// Whatever goes wrong on the line: is a wrong value ever published, how soon is all read again, and what do
// healthy units notice of a dead one behind the same link?
#include <array>
#include <future>
#include <string>
#include <vector>

#include "bench/benches.hpp"
#include "tests/support/fault_recovery.hpp"
#include "tests/support/fault_run.hpp"

namespace sitepower::bench {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::Wire;
using Kind = Behaviour::Kind;

constexpr std::uint64_t reads_per_wire = 1'000'000;
constexpr std::array wires{std::pair{Wire::tcp, "tcp"}, std::pair{Wire::rtu_over_tcp, "rtu_over_tcp"},
                           std::pair{Wire::serial, "rtu"}};

void measure_wrong_values(Report& report) {
    std::vector<std::future<support::FaultRunResult>> runs;
    for (const auto& [wire, name] : wires) {
        // A serial line rests 1.75 ms between frames: what it lacks in speed it gets in lines.
        const int lines = wire == Wire::serial ? 48 : 8;
        support::FaultRunPlan plan{
            .wire = wire, .reads = reads_per_wire, .lines = lines, .units = 80, .one_in = 30, .seed = 4711};
        runs.push_back(std::async(std::launch::async, [plan] { return support::run_faults(plan, 900s); }));
    }
    for (std::size_t i = 0; i < wires.size(); ++i) {
        const auto result = runs[i].get();
        const auto measure = std::string("faults.") + wires[i].second;
        report.add({measure + ".reads", static_cast<double>(result.reads), "reads",
                    at_least(static_cast<double>(reads_per_wire))});
        report.add({measure + ".faults", static_cast<double>(result.faults), "faults"});
        report.add({measure + ".values", static_cast<double>(result.values), "values"});
        report.add({measure + ".wrong", static_cast<double>(result.wrong), "frames", at_most(0)});
        report.add({measure + ".overdue", static_cast<double>(result.overdue.count()), "ms"});
        if (result.wrong > 0) report.progress(result.example);
        report.add({measure + ".time", result.seconds, "s"});
    }
}

struct Case {
    Behaviour fault;
    int only_unit = 0;
    bool refuse = false;
    std::chrono::milliseconds fault_for{3300};
};

std::vector<Case> cases_on(Wire wire) {
    std::vector<Case> cases;
    for (const auto kind : {Kind::silent, Kind::truncated, Kind::wrong_unit, Kind::wrong_function,
                            Kind::wrong_count, Kind::bad_checksum, Kind::noise, Kind::close}) {
        cases.push_back({.fault = {.kind = kind}});
    }
    for (const auto& [kind, delay] : {std::pair{Kind::late, 350ms},
                                      {Kind::late, 800ms},
                                      {Kind::split, 150ms},
                                      {Kind::duplicate, 500ms}}) {
        cases.push_back({.fault = {.kind = kind, .delay = delay}});
    }
    for (const auto code : std::array<std::uint8_t, 2>{0x0B, 0x06}) {
        cases.push_back({.fault = {.kind = Kind::exception, .exception = code}});
    }
    // One unit dead for so long that it is probed rarely while the line is busy.
    cases.push_back({.fault = {.kind = Kind::silent}, .only_unit = 2, .fault_for = 15'700ms});
    if (wire != Wire::serial) cases.push_back({.fault = {}, .refuse = true});
    return cases;
}

void measure_recovery(Report& report) {
    const support::RecoveryPlan usual;
    for (const auto& [wire, name] : wires) {
        std::vector<std::future<std::chrono::duration<double>>> runs;
        for (const auto& [fault, only_unit, refuse, fault_for] : cases_on(wire)) {
            // Twice, so that the fault ends at two moments of the cycle.
            for (const auto more : {0ms, 430ms}) {
                support::RecoveryPlan plan = usual;
                plan.wire = wire;
                plan.fault = fault;
                plan.only_unit = only_unit;
                plan.refuse_connections = refuse;
                plan.fault_for = fault_for + more;
                runs.push_back(
                    std::async(std::launch::async, [plan] { return support::time_to_recover(plan); }));
            }
        }
        double longest = 0;
        for (auto& run : runs) longest = std::max(longest, run.get().count());
        report.add({std::string("faults.") + name + ".recovery", longest, "s",
                    at_most(std::chrono::duration<double>(usual.allowed()).count())});
    }
}

void measure_neighbours(const Options& options, Report& report) {
    std::vector<std::future<support::DeadUnitResult>> runs;
    for (const auto& [wire, name] : wires) {
        for (const bool gateway_tells : {false, true}) {
            support::DeadUnitPlan plan{.wire = wire, .gateway_tells = gateway_tells};
            plan.measured = std::chrono::duration_cast<std::chrono::seconds>(options.seconds_or(30));
            runs.push_back(
                std::async(std::launch::async, [plan] { return support::poll_beside_dead_unit(plan); }));
        }
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto result = runs[i].get();
        const auto measure =
            std::string("faults.") + wires[i / 2].second + (i % 2 == 0 ? ".dead_unit" : ".gateway_0x0b");
        report.add({measure + ".rate", result.worst_rate_pct, "% of due", at_least(99)});
        report.add({measure + ".probes", static_cast<double>(result.probes), "probes"});
    }
}

}  // namespace

void measure_faults(const Options& options, Report& report) {
    measure_neighbours(options, report);
    measure_recovery(report);
    measure_wrong_values(report);
}

}  // namespace sitepower::bench
