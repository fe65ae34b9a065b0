// How long a value is on its way: from the device's answer, which carries its time, to the subscriber.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "bench/benches.hpp"
#include "bench/harness/failure.hpp"
#include "bench/harness/payload.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/statistics.hpp"

namespace sitepower::bench {
namespace {

constexpr std::chrono::milliseconds period{10};

class Delays final : public Receiver {
  public:
    void receive(const Delivery& delivery) override {
        const auto stamped = number_member(delivery.payload, "stamp");
        if (stamped) {
            const std::lock_guard lock(mutex_);
            delays_us_.push_back(static_cast<double>(
                since_stamp(static_cast<std::uint32_t>(*stamped), delivery.arrived).count()));
        }
    }
    std::vector<double> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(delays_us_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<double> delays_us_;
};

// From the middle of a run: what the start did is not counted.
std::vector<double> delays_of(Rig& rig, Process& program, const Subscriber& subscriber, Delays& delays,
                              Seconds span) {
    rig.measure(program, subscriber, Seconds::zero());
    delays.take();
    wait_for(span);
    program.expect_running();
    auto result = delays.take();
    if (result.empty()) {
        throw Failure("no stamped readings arrived");
    }
    return result;
}

}  // namespace

void measure_latency(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory, .devices = {.gateways = 8}, .period = period});
    Delays delays;
    const auto payload = rig.catch_payload();
    const Subscriber subscriber(rig.subscriber(), delays);
    Paired p50;
    Paired p99;
    for (int round = 1; round <= options.rounds_or(5); ++round) {
        report.progress(fmt::format("round {}", round));
        const auto bare =
            delays_of(rig, *rig.start_bare_chain(payload), subscriber, delays, options.seconds_or(10));
        const auto ours = delays_of(rig, *rig.start_daemon(), subscriber, delays, options.seconds_or(10));
        p50.bare.push_back(percentile(bare, 0.50));
        p50.ours.push_back(percentile(ours, 0.50));
        p99.bare.push_back(percentile(bare, 0.99));
        p99.ours.push_back(percentile(ours, 0.99));
    }
    report.add({"latency.bare.p50", std::ranges::min(p50.bare), "us"});
    report.add({"latency.bare.p99", std::ranges::min(p99.bare), "us"});
    report.add({"latency.sitepowerd.p50", std::ranges::min(p50.ours), "us"});
    report.add({"latency.sitepowerd.p99", std::ranges::min(p99.ours), "us"});
    report.add({"latency.ratio.p50", median_ratio(p50), "x bare", at_most(1.3)});
    report.add({"latency.ratio.p99", median_ratio(p99), "x bare", at_most(1.3)});
}

}  // namespace sitepower::bench
