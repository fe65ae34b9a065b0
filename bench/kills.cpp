// SIGKILL at twenty random moments, ten with the broker there and ten without it: does what was committed
// arrive, with one content under one id, and how much of what was not is missing?
#include <fmt/format.h>

#include <random>
#include <utility>

#include "bench/benches.hpp"
#include "bench/harness/ledger.hpp"
#include "bench/harness/rig.hpp"

namespace sitepower::bench {
namespace {

constexpr int devices = 8;
constexpr std::chrono::milliseconds period{100};
constexpr int kills_with_a_broker = 10;
constexpr int kills_without = 10;
constexpr double commit_interval_s = 5;  // the default of store.commit_interval_ms
constexpr Seconds start_limit{20};
constexpr Seconds drain_limit{60};

// A daemon's life of one to two commit intervals, and its end.
class Lives {
  public:
    explicit Lives(Rig& rig) : rig_(rig), daemon_(rig.start_daemon()) {}

    void live_and_die() {
        const auto before = rig_.devices().answers();
        wait_until("the devices are polled", start_limit, [&] {
            daemon_->expect_running();
            return rig_.devices().answers() > before;
        });
        // Longer than a commit interval: what two deaths cost is then never in a row.
        wait_for(Seconds{std::uniform_real_distribution<>(1.1, 2.1)(random_) * commit_interval_s});
        daemon_->expect_running();
        daemon_->kill();
        daemon_ = rig_.start_daemon_again();
    }
    Process& daemon() { return *daemon_; }

  private:
    Rig& rig_;
    std::unique_ptr<Process> daemon_;
    std::mt19937 random_{20261126};
};

}  // namespace

void measure_kills(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory, .devices = {.gateways = devices}, .period = period});
    Ledger ledger;
    const Subscriber subscriber(rig.lasting_subscriber(), ledger);
    Lives lives(rig);
    wait_until("all devices are heard", start_limit, [&] {
        lives.daemon().expect_running();
        return ledger.heard() == devices;
    });
    for (int i = 0; i < kills_with_a_broker; ++i) lives.live_and_die();
    const double period_s = Seconds(period).count();
    report.add({"kills.gap_with_broker", static_cast<double>(ledger.longest_gap()) * period_s, "s",
                at_most(commit_interval_s + period_s)});

    rig.broker().stop();
    ledger.begin_outage();
    for (int i = 0; i < kills_without; ++i) lives.live_and_die();
    rig.broker().start();
    std::size_t seen = 0;
    wait_until("the backlog is drained", drain_limit, [&] {
        wait_for(Seconds{3});
        return ledger.drain().frames > 0 &&
               std::exchange(seen, ledger.drain().frames) == ledger.drain().frames;
    });
    report.add({"kills.frames", static_cast<double>(ledger.frames()), "frames"});
    report.add({"kills.changed", static_cast<double>(ledger.changed()), "messages", at_most(0)});
    report.add({"kills.repeated", static_cast<double>(ledger.repeated()), "messages"});
    report.add({"kills.never_committed", static_cast<double>(ledger.lost()), "frames"});
    report.add({"kills.longest_gap", static_cast<double>(ledger.longest_gap()) * period_s, "s",
                at_most(commit_interval_s + period_s)});
}

}  // namespace sitepower::bench
