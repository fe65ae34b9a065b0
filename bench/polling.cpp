// Does the daemon slow polling down? The same devices are read by a bare loop and by the daemon in turn; the
// daemon also stores and publishes every frame.
#include <fmt/format.h>

#include <algorithm>

#include "bench/benches.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/statistics.hpp"

namespace sitepower::bench {
namespace {

struct Case {
    std::chrono::milliseconds delay;
    double goal_pct;
};

class Nothing final : public Receiver {
    void receive(const Delivery& /*delivery*/) override {}
};

void measure_case(const Case& entry, const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = 8, .answer_delay = entry.delay}});
    Nothing nothing;
    const Subscriber subscriber(rig.subscriber(), nothing);
    const auto span = options.seconds_or(4);
    Paired round_trips;
    double answers = 0;
    double messages = 0;
    for (int round = 1; round <= options.rounds_or(5); ++round) {
        report.progress(fmt::format("{} ms, round {}", entry.delay.count(), round));
        const auto bare = rig.measure(*rig.start_bare_polling(), subscriber, span);
        const auto ours = rig.measure(*rig.start_daemon(), subscriber, span);
        round_trips.bare.push_back(bare.answers / bare.seconds);
        round_trips.ours.push_back(ours.answers / ours.seconds);
        answers += ours.answers;
        messages += ours.messages;
    }
    const auto name = fmt::format("polling.{}ms.", entry.delay.count());
    report.add({name + "bare", std::ranges::max(round_trips.bare), "round trips/s"});
    report.add({name + "sitepowerd", std::ranges::max(round_trips.ours), "round trips/s"});
    report.add({name + "ratio", 100 * median_ratio(round_trips), "% of bare", at_least(entry.goal_pct)});
    report.add({name + "delivered", 100 * messages / answers, "% of round trips", at_least(99)});
}

}  // namespace

void measure_polling(const Options& options, Report& report) {
    measure_case({.delay = std::chrono::milliseconds{2}, .goal_pct = 97}, options, report);
    measure_case({.delay = std::chrono::milliseconds{20}, .goal_pct = 99}, options, report);
}

}  // namespace sitepower::bench
