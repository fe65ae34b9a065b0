// What a whole room takes from the box: 216 jars of 6 values behind 6 gateways, every second, over TLS.
#include "bench/benches.hpp"
#include "bench/harness/rig.hpp"

namespace sitepower::bench {
namespace {

constexpr int gateways = 6;
constexpr int jars = 36;  // behind each gateway
constexpr double mebibyte = 1024.0 * 1024.0;
constexpr double seconds_per_day = 86'400;

class Bytes final : public Receiver {
  public:
    void receive(const Delivery& delivery) override {
        bytes_.fetch_add(delivery.payload.size(), std::memory_order_relaxed);
    }
    double count() const { return static_cast<double>(bytes_.load(std::memory_order_relaxed)); }

  private:
    std::atomic<std::uint64_t> bytes_{0};
};

void report_memory(pid_t process, Report& report) {
    const auto used = memory(process);
    report.add({"fleet.private_memory", static_cast<double>(used.private_dirty_bytes) / mebibyte, "MiB",
                at_most(12)});
    report.add({"fleet.resident", static_cast<double>(used.resident_bytes) / mebibyte, "MiB"});
    report.add({"fleet.threads", static_cast<double>(threads(process)), "threads", at_most(5 + gateways)});
}

// `payload`: what the devices sent, two bytes per register; the goal is set against it. The JSON that leaves
// is printed beside it.
void report_disk(const Window& window, double written, double json, Report& report) {
    const double days = window.seconds / seconds_per_day;
    const double payload = window.answers * jar_registers * 2;
    report.add({"fleet.disk_per_day", written / days / mebibyte, "MiB/day"});
    report.add({"fleet.payload_per_day", payload / days / mebibyte, "MiB/day"});
    report.add({"fleet.published_per_day", json / days / mebibyte, "MiB/day"});
    report.add({"fleet.disk_ratio", written / payload, "x payload", at_most(5)});
}

// The same frames, as many a second, through the bare chain: what the libraries take of this machine, without
// TLS.
double bare_cpu_pct(const Options& options) {
    constexpr std::chrono::milliseconds period{1000 / jars};
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = gateways, .image = ImageKind::jar},
             .period = period});
    const auto payload = rig.catch_payload();
    Bytes bytes;
    const Subscriber subscriber(rig.subscriber(), bytes);
    const auto window = rig.measure(*rig.start_bare_chain(payload), subscriber, options.seconds_or(20));
    return 100 * window.cpu_s / window.answers * gateways * jars;
}

}  // namespace

void measure_fleet(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = gateways, .units_per_gateway = jars, .image = ImageKind::jar},
             .period = std::chrono::milliseconds{1000},
             .encryption = Encryption::tls});
    Bytes bytes;
    const Subscriber subscriber(rig.subscriber(), bytes);
    const auto daemon = rig.start_daemon();
    rig.measure(*daemon, subscriber, Seconds{10});  // what starting costs is over
    const double written_before = static_cast<double>(written_bytes(daemon->id()));
    const double json_before = bytes.count();
    const auto window = rig.measure(*daemon, subscriber, options.seconds_or(60));
    const double written = static_cast<double>(written_bytes(daemon->id())) - written_before;
    report.add({"fleet.cpu", 100 * window.cpu_s / window.seconds, "% of one core", at_most(0.5)});
    report.add({"fleet.bare_cpu", bare_cpu_pct(options), "% of one core"});
    report_memory(daemon->id(), report);
    report_disk(window, written, bytes.count() - json_before, report);
    report.add({"fleet.due_polls", 100 * window.answers / (gateways * jars * window.seconds),
                "% of due polls", at_least(99)});
    report.add({"fleet.delivered", 100 * window.messages / window.answers, "% of round trips", at_least(99)});
}

}  // namespace sitepower::bench
