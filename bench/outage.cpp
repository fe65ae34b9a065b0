// A broker that goes away and comes back: is a poll skipped, is a reading lost, what arrives first, how fast
// is the rest made up? Each answer of a device carries its number and its time, so that the subscriber can
// tell.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "bench/benches.hpp"
#include "bench/harness/payload.hpp"
#include "bench/harness/rig.hpp"
#include "bench/harness/statistics.hpp"

namespace sitepower::bench {
namespace {

constexpr int devices = 8;
constexpr std::chrono::milliseconds period{100};
constexpr Seconds before_and_after{5};
constexpr Seconds drain_limit{60};

// What arrived, by device and by number of the answer, and by message id.
class Ledger final : public Receiver {
  public:
    struct Drain {
        std::size_t frames = 0;
        SteadyTime first;
        SteadyTime last;
    };

    void receive(const Delivery& delivery) override {
        const auto counter = number_member(delivery.payload, "counter");
        const std::lock_guard lock(mutex_);
        const auto [entry, fresh] = content_.emplace(text_member(delivery.payload, "id"),
                                                     std::hash<std::string_view>{}(delivery.payload));
        repeated_ += fresh ? 0 : 1;
        changed_ += entry->second == std::hash<std::string_view>{}(delivery.payload) ? 0 : 1;
        if (counter) {
            numbers_[std::string(text_member(delivery.payload, "device"))].insert(*counter);
        }
        if (delivery.topic.find("/backlog/") == std::string_view::npos) {
            take_live(delivery);
        } else if (in_outage_) {
            take_backlog(delivery);
        }
    }
    // From now on what comes as backlog is the outage's.
    void begin_outage() {
        const std::lock_guard lock(mutex_);
        in_outage_ = true;
    }

    // The answers missing between the first and the last that arrived of each device.
    std::size_t lost() const {
        const std::lock_guard lock(mutex_);
        std::size_t missing = 0;
        for (const auto& [device, numbers] : numbers_) {
            missing += *numbers.rbegin() - *numbers.begin() + 1 - numbers.size();
        }
        return missing;
    }
    std::size_t frames() const { return count(content_); }
    std::size_t heard() const { return count(numbers_); }
    std::size_t repeated() const { return locked(repeated_); }
    std::size_t changed() const { return locked(changed_); }
    Drain drain() const { return locked(drain_); }
    // Of live messages that arrived after `since`, in microseconds.
    std::vector<double> live_delays(SteadyTime since, SteadyTime until) const;
    // Frames read after `time` that came as backlog all the same.
    std::size_t late_backlog(SteadyTime time) const;

  private:
    struct Arrival {
        SteadyTime arrived;
        SteadyTime answered;
    };

    static Arrival arrival(const Delivery& delivery) {
        const auto stamped = static_cast<std::uint32_t>(number_member(delivery.payload, "stamp").value_or(0));
        return {.arrived = delivery.arrived,
                .answered = delivery.arrived - since_stamp(stamped, delivery.arrived)};
    }
    void take_live(const Delivery& delivery) { live_.push_back(arrival(delivery)); }
    void take_backlog(const Delivery& delivery) {
        drain_.first = drain_.frames == 0 ? delivery.arrived : drain_.first;
        drain_.last = delivery.arrived;
        ++drain_.frames;
        backlog_.push_back(arrival(delivery));
    }
    template <class Container>
    std::size_t count(const Container& container) const {
        const std::lock_guard lock(mutex_);
        return container.size();
    }
    template <class Value>
    Value locked(const Value& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::size_t> content_;  // id -> hash of the payload
    std::map<std::string, std::set<std::uint64_t>> numbers_;
    std::vector<Arrival> live_;
    std::vector<Arrival> backlog_;
    Drain drain_;
    bool in_outage_ = false;
    std::size_t repeated_ = 0;
    std::size_t changed_ = 0;
};

std::vector<double> Ledger::live_delays(SteadyTime since, SteadyTime until) const {
    const std::lock_guard lock(mutex_);
    std::vector<double> delays;
    for (const auto& entry : live_) {
        if (entry.arrived >= since && entry.arrived <= until) {
            delays.push_back(
                std::chrono::duration<double, std::micro>(entry.arrived - entry.answered).count());
        }
    }
    return delays;
}

std::size_t Ledger::late_backlog(SteadyTime time) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(backlog_, [time](const Arrival& entry) { return entry.answered > time; }));
}

SubscriberSettings lasting_subscriber(const Rig& rig) {
    auto settings = rig.subscriber();
    settings.connect.clean_session = false;
    settings.filters.emplace_back("sitepower/v1/+/backlog/device/+/readings");
    return settings;
}

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
    const Subscriber subscriber(lasting_subscriber(rig), ledger);
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
