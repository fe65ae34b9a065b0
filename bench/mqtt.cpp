// What the publisher costs beside plain libmosquitto: the same number of the same bytes, QoS 1, until the
// last one is acknowledged. The publisher also turns each frame into its JSON and keeps track of every
// message.
#include <algorithm>
#include <atomic>
#include <ctime>
#include <memory>

#include "bench/bare/mqtt_loop.hpp"
#include "bench/benches.hpp"
#include "bench/harness/broker.hpp"
#include "bench/harness/frames.hpp"
#include "bench/harness/statistics.hpp"
#include "bench/harness/workspace.hpp"
#include "daemon/message/payload.hpp"
#include "daemon/publish/publisher.hpp"

namespace sitepower::bench {
namespace {

constexpr std::size_t messages = 20'000;
constexpr std::size_t window = 1000;  // sent and not yet acknowledged
constexpr std::uint64_t epoch_bits = 0x0123456789abcdef;
constexpr Seconds limit{60};

class Acknowledged final : public PublisherObserver {
  public:
    std::size_t count() const { return count_.load(std::memory_order_relaxed); }

    void delivered(std::span<const MessageKey> keys) override {
        count_.fetch_add(keys.size(), std::memory_order_relaxed);
    }
    void refused(MessageKey /*key*/, int /*reason_code*/) override {}
    void connection_changed(const ConnectionState& /*state*/) override {}
    void backlog_wanted() override {}
    void request(MqttRequest /*request*/) override {}

  private:
    std::atomic<std::size_t> count_{0};
};

struct Cost {
    double per_s = 0;
    double cpu_us = 0;  // of a message
};

template <class Work>
Cost cost_of(Work work) {
    const auto begun = SteadyClock::now();
    const auto cpu = std::clock();
    work();
    const double used = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    return {.per_s = messages / Seconds(SteadyClock::now() - begun).count(), .cpu_us = used * 1e6 / messages};
}

Cost publish_bare(std::uint16_t port) {
    FrameSource source;
    std::string payload;
    append_readings_json(
        {.site = "bench", .epoch_bits = epoch_bits, .key = MessageKey{1}, .seq = 1, .time = {}},
        *source.next(), payload);
    BareMqtt client(port);
    return cost_of([&] {
        for (std::size_t i = 0; i < messages; ++i) {
            client.publish("sitepower/v1/bench/device/DEV-1-01/readings", payload);
            // The broker takes many with one read when it is left to it.
            if (client.unacknowledged() >= window) {
                client.run_loop(std::chrono::milliseconds{10});
            }
        }
        while (client.unacknowledged() > 0) {
            client.run_loop(std::chrono::milliseconds{10});
        }
    });
}

Cost publish_ours(std::uint16_t port) {
    FrameSource source;
    std::vector<std::shared_ptr<const Message>> all;
    for (std::size_t i = 1; i <= messages; ++i) {
        all.push_back(source.next_message(MessageKey{static_cast<std::int64_t>(i)}, epoch_bits));
    }
    Acknowledged acknowledged;
    Publisher publisher(
        {.brokers = {{.host = "localhost", .port = port}}, .window = window, .queue = messages + 1}, "bench",
        epoch_bits, acknowledged);
    publisher.start();
    wait_until("the publisher is connected", limit, [&] { return publisher.connection().connected; });
    const auto cost = cost_of([&] {
        for (const auto& message : all) {
            wait_until("the publisher has room", limit, [&] { return publisher.publish(message); });
        }
        wait_until("everything is acknowledged", limit, [&] { return acknowledged.count() >= messages; });
    });
    publisher.stop(Duration{1000});
    return cost;
}

}  // namespace

void measure_mqtt(const Options& options, Report& report) {
    const Workspace workspace(options.build_directory);
    const Broker broker(workspace.path() / "broker");
    Paired rate;
    Paired cpu;
    for (int round = 1; round <= options.rounds_or(5); ++round) {
        const auto bare = publish_bare(broker.port());
        const auto ours = publish_ours(broker.port());
        rate.bare.push_back(bare.per_s);
        rate.ours.push_back(ours.per_s);
        cpu.bare.push_back(bare.cpu_us);
        cpu.ours.push_back(ours.cpu_us);
    }
    report.add({.measure = "mqtt.bare.rate", .value = std::ranges::max(rate.bare), .unit = "messages/s"});
    report.add(
        {.measure = "mqtt.publisher.rate", .value = std::ranges::max(rate.ours), .unit = "messages/s"});
    report.add({.measure = "mqtt.bare.cpu", .value = std::ranges::min(cpu.bare), .unit = "us/message"});
    report.add({.measure = "mqtt.publisher.cpu", .value = std::ranges::min(cpu.ours), .unit = "us/message"});
    report.add({.measure = "mqtt.cpu_ratio", .value = median_ratio(cpu), .unit = "x bare"});
}

}  // namespace sitepower::bench
