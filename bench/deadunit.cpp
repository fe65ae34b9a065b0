// A unit dies behind a gateway that serves 37: what do the other 36 notice?
#include <algorithm>
#include <map>
#include <mutex>

#include "bench/benches.hpp"
#include "bench/harness/rig.hpp"

namespace sitepower::bench {
namespace {

constexpr int units = 37;  // the last one dies
constexpr double periods_allowed = 2;
constexpr std::chrono::milliseconds period{1000};

// The longest time without a message, by topic.
class Silences final : public Receiver {
  public:
    void receive(const Delivery& delivery) override {
        const std::lock_guard lock(mutex_);
        auto& entry =
            by_topic_.try_emplace(std::string(delivery.topic), Entry{delivery.arrived, {}}).first->second;
        entry.longest = std::max(entry.longest, Seconds(delivery.arrived - entry.last));
        entry.last = delivery.arrived;
    }
    // Forgets the silences so far, not when each was heard last.
    void begin() {
        const std::lock_guard lock(mutex_);
        for (auto& [topic, entry] : by_topic_) {
            entry.longest = {};
        }
    }
    std::size_t topics() const {
        const std::lock_guard lock(mutex_);
        return by_topic_.size();
    }
    // Of all but `dead`; a silence that has not ended counts too.
    Seconds longest(const std::string& dead) const {
        const std::lock_guard lock(mutex_);
        Seconds result{};
        for (const auto& [topic, entry] : by_topic_) {
            if (topic.find(dead) == std::string::npos) {
                result = std::max({result, entry.longest, Seconds(SteadyClock::now() - entry.last)});
            }
        }
        return result;
    }

  private:
    struct Entry {
        SteadyTime last;
        Seconds longest{};
    };
    mutable std::mutex mutex_;
    std::map<std::string, Entry> by_topic_;
};

}  // namespace

void measure_dead_unit(const Options& options, Report& report) {
    Rig rig({.build_directory = options.build_directory,
             .devices = {.gateways = 1,
                         .units_per_gateway = units,
                         .answer_delay = std::chrono::milliseconds{5},
                         .image = ImageKind::jar},
             .period = period,
             .response_timeout = std::chrono::milliseconds{300}});
    Silences silences;
    const Subscriber subscriber(rig.subscriber(), silences);
    const auto daemon = rig.start_daemon();
    wait_until("all units are heard", Seconds{30}, [&] {
        daemon->expect_running();
        return silences.topics() == units;
    });
    rig.devices().silence_unit(units);
    silences.begin();
    const auto window = rig.measure(*daemon, subscriber, options.seconds_or(30));
    const double due = (units - 1) * window.seconds / Seconds(period).count();
    report.add({"deadunit.rate", 100 * window.messages / due, "% of due", at_least(95)});
    report.add({"deadunit.silence", silences.longest(device_id(1, units)) / Seconds(period), "periods",
                at_most(periods_allowed)});
}

}  // namespace sitepower::bench
