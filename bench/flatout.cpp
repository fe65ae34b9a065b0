// How much goes through when nothing waits, and whether memory stays bounded while it does.
#include <algorithm>

#include "bench/benches.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/stored.hpp"

namespace sitepower::bench {
namespace {

constexpr double mebibyte = 1024.0 * 1024.0;

class Nothing final : public Receiver {
    void receive(const Delivery& /*delivery*/) override {}
};

double private_mib(const Process& program) {
    return static_cast<double>(memory(program.id()).private_dirty_bytes) / mebibyte;
}

// What found no room on the live way comes as backlog: delivered is delivered.
SubscriberSettings live_and_backlog(const Rig& rig) {
    auto settings = rig.subscriber();
    settings.filters.emplace_back("sitepower/v1/+/backlog/device/+/readings");
    return settings;
}

}  // namespace

void measure_flatout(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory, .devices = {.gateways = 8}});
    Nothing nothing;
    const Subscriber subscriber(live_and_backlog(rig), nothing);
    const auto span = options.seconds_or(10);
    const double answers_before = static_cast<double>(rig.devices().answers());
    const auto daemon = rig.start_daemon();
    const auto first_half = rig.measure(*daemon, subscriber, span / 2);
    const double memory_between = private_mib(*daemon);
    const auto second_half = rig.measure(*daemon, subscriber, span / 2);
    const double memory_after = private_mib(*daemon);
    daemon->stop();
    const double all_answers = static_cast<double>(rig.devices().answers()) - answers_before;
    const double stored = static_cast<double>(stored_frames(rig.state_directory()));

    const double seconds = first_half.seconds + second_half.seconds;
    const double answers = first_half.answers + second_half.answers;
    const double messages = first_half.messages + second_half.messages;
    report.add({"flatout.read", stamped_registers * answers / seconds / 1e6, "million/s"});
    report.add({"flatout.delivered", stamped_registers * messages / seconds / 1e6, "million/s", at_least(2)});
    report.add({"flatout.stored", 100 * stored / all_answers, "% of round trips", at_least(99)});
    report.add({"flatout.cpu", (first_half.cpu_s + second_half.cpu_s) / seconds, "cores"});
    report.add({"flatout.memory", memory_after, "MiB private", at_most(256)});
    report.add({"flatout.memory_growth", memory_after - memory_between, "MiB in half", at_most(64)});
}

}  // namespace sitepower::bench
