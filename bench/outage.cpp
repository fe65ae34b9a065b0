// A broker that goes away and comes back: is a poll skipped, is a reading lost, what arrives first, how fast
// is the rest made up? Each answer of a device carries its number and its time, so that the subscriber can
// tell.
#include <fmt/format.h>

#include <algorithm>

#include "bench/benches.hpp"
#include "bench/harness/ledger.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/statistics.hpp"

namespace sitepower::bench {
namespace {

constexpr int devices = 8;
constexpr std::chrono::milliseconds period{100};
constexpr Seconds before_and_after{5};
constexpr Seconds drain_limit{60};

double collected_per_second() {
    return devices * 1000.0 / static_cast<double>(period.count());
}

// Until nothing is missing any more, or the limit is over: then the report says what is.
void wait_for_the_rest(const Ledger& ledger) {
    const auto end = SteadyClock::now() + drain_limit;
    while (SteadyClock::now() < end && (ledger.lost() > 0 || ledger.drain().frames == 0)) {
        wait_for(Seconds{0.2});
    }
    wait_for(before_and_after);
}

void report_drain(const Ledger& ledger, Report& report) {
    const auto drain = ledger.drain();
    const double rate =
        static_cast<double>(drain.frames) / std::max(1e-3, Seconds(drain.last - drain.first).count());
    report.add({"outage.backlog", static_cast<double>(drain.frames), "frames"});
    report.add({"outage.drain_rate", rate, "frames/s"});
    report.add({"outage.drain_ratio", rate / collected_per_second(), "x collected", at_least(100)});
    const auto delays = ledger.live_delays(drain.first, drain.last);
    if (!delays.empty()) {
        report.add({"outage.live_p99_draining", percentile(delays, 0.99) / 1000, "ms", at_most(100)});
    }
    // Half a second after the first of the backlog arrived everybody is connected: from then on all is live.
    report.add({"outage.not_live",
                static_cast<double>(ledger.late_backlog(drain.first + std::chrono::milliseconds{500})),
                "frames", at_most(0)});
}

}  // namespace

void measure_outage(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory, .devices = {.gateways = devices}, .period = period});
    Ledger ledger;
    const Subscriber subscriber(rig.lasting_subscriber(), ledger);
    const auto daemon = rig.start_daemon();
    wait_until("all devices are heard", Seconds{20}, [&] {
        daemon->expect_running();
        return ledger.heard() == devices;
    });
    wait_for(before_and_after);
    rig.broker().stop();
    ledger.begin_outage();
    const auto outage = rig.measure(*daemon, subscriber, options.seconds_or(60));
    rig.broker().start();
    wait_for_the_rest(ledger);

    const double due = collected_per_second() * outage.seconds;
    report.add({"outage.polls_skipped", std::max(0.0, due - outage.answers - devices), "polls", at_most(0)});
    report.add({"outage.lost", static_cast<double>(ledger.lost()), "frames", at_most(0)});
    report.add({"outage.changed", static_cast<double>(ledger.changed()), "messages", at_most(0)});
    report.add({"outage.repeated", static_cast<double>(ledger.repeated()), "messages"});
    report_drain(ledger, report);
}

}  // namespace sitepower::bench
