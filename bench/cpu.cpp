// What a reading costs: processor seconds of the daemon, all its threads, against the shortest program that
// reads, stores and publishes the same.
#include <fmt/format.h>

#include <algorithm>

#include "bench/benches.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/statistics.hpp"

namespace sitepower::bench {
namespace {

constexpr int devices = 8;
constexpr std::chrono::milliseconds period{1};

class Nothing final : public Receiver {
    void receive(const Delivery& /*delivery*/) override {}
};

// A reading is one register value.
double cpu_per_million(const Window& window) {
    return window.cpu_s / (window.answers * stamped_registers) * 1e6;
}

double share_of_due_polls(const Window& window) {
    const double due = devices * window.seconds * 1000 / static_cast<double>(period.count());
    return 100 * window.answers / due;
}

struct Rounds {
    Paired same_bytes;  // the bare chain publishes the daemon's JSON
    Paired packed;      // the bare chain publishes the row that it stores
    std::vector<double> due_polls_pct;
};

void measure_round(Rig& rig, const Subscriber& subscriber, const std::string& payload, Seconds span,
                   Rounds& rounds) {
    const auto same_bytes = rig.measure(*rig.start_bare_chain(payload), subscriber, span);
    const auto ours = rig.measure(*rig.start_daemon(), subscriber, span);
    const auto packed = rig.measure(*rig.start_bare_chain(""), subscriber, span);
    rounds.same_bytes.bare.push_back(cpu_per_million(same_bytes));
    rounds.same_bytes.ours.push_back(cpu_per_million(ours));
    rounds.packed.bare.push_back(cpu_per_million(packed));
    rounds.packed.ours.push_back(cpu_per_million(ours));
    rounds.due_polls_pct.push_back(share_of_due_polls(ours));
}

}  // namespace

void measure_cpu(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory, .devices = {.gateways = devices}, .period = period});
    Nothing nothing;
    const Subscriber subscriber(rig.subscriber(), nothing);
    const auto payload = rig.catch_payload();
    Rounds rounds;
    for (int round = 1; round <= options.rounds_or(5); ++round) {
        report.progress(fmt::format("round {}", round));
        measure_round(rig, subscriber, payload, options.seconds_or(10), rounds);
    }
    report.add({"cpu.payload", static_cast<double>(payload.size()), "bytes"});
    report.add({"cpu.bare", std::ranges::min(rounds.same_bytes.bare), "CPU s/million"});
    report.add({"cpu.bare_packed", std::ranges::min(rounds.packed.bare), "CPU s/million"});
    report.add({"cpu.sitepowerd", std::ranges::min(rounds.same_bytes.ours), "CPU s/million"});
    report.add({"cpu.ratio", median_ratio(rounds.same_bytes), "x bare", at_most(2)});
    report.add({"cpu.ratio_packed", median_ratio(rounds.packed), "x bare"});
    report.add({"cpu.due_polls", median(rounds.due_polls_pct), "% of due polls", at_least(99)});
}

}  // namespace sitepower::bench
