#include "bench/harness/rig.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <mutex>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {
namespace {

constexpr Seconds start_limit{20};
constexpr Seconds warm_up{1};

class FirstPayload final : public Receiver {
  public:
    void receive(const Delivery& delivery) override {
        const std::lock_guard lock(mutex_);
        if (payload_.empty()) {
            payload_ = delivery.payload;
        }
    }
    std::string get() const {
        const std::lock_guard lock(mutex_);
        return payload_;
    }

  private:
    mutable std::mutex mutex_;
    std::string payload_;
};

}  // namespace

Rig::Rig(RigSettings settings)
    : settings_(std::move(settings)),
      workspace_(settings_.build_directory),
      devices_(settings_.devices),
      broker_(workspace_.path() / "broker") {}

std::unique_ptr<Process> Rig::start_daemon() {
    const bool tls = settings_.encryption == Encryption::tls;
    const auto directory = next_directory();
    const auto file = write_site({.ports = devices_.ports(),
                                  .units_per_bus = settings_.devices.units_per_gateway,
                                  .image = settings_.devices.image,
                                  .period = settings_.period,
                                  .response_timeout = settings_.response_timeout,
                                  .broker_port = tls ? broker_.tls_port() : broker_.port(),
                                  .ca_file = tls ? broker_.certificate() : std::filesystem::path(),
                                  .more_points = settings_.more_points,
                                  .more = settings_.more},
                                 directory);
    configuration_ = file;
    return start_daemon_again();
}

std::unique_ptr<Process> Rig::start_daemon_again() {
    return std::make_unique<Process>(
        std::vector<std::string>{program("sitepowerd"), "--config", configuration_.string()},
        run_directory() / "sitepowerd.log");
}

std::unique_ptr<Process> Rig::start_bare_polling() {
    return std::make_unique<Process>(
        std::vector<std::string>{program("bench/bare-polling"), "--devices", device_ports(), "--registers",
                                 fmt::to_string(stamped_registers)},
        next_directory() / "bare-polling.log");
}

std::unique_ptr<Process> Rig::start_bare_chain(const std::string& payload) {
    const auto directory = next_directory();
    std::ofstream(directory / "payload.json") << payload;
    const int registers = settings_.devices.image == ImageKind::jar ? jar_registers : stamped_registers;
    return std::make_unique<Process>(
        std::vector<std::string>{program("bench/bare-chain"), "--devices", device_ports(), "--registers",
                                 fmt::to_string(registers), "--period-us",
                                 fmt::to_string(std::chrono::microseconds(settings_.period).count()),
                                 "--broker", fmt::to_string(broker_.port()), "--database",
                                 (directory / "rows.db").string(), "--payload",
                                 (directory / "payload.json").string()},
        directory / "bare-chain.log");
}

std::string Rig::catch_payload() {
    FirstPayload first;
    const Subscriber listening(subscriber(), first);
    const auto daemon = start_daemon();
    wait_until("the first readings arrive at the subscriber", start_limit, [&] {
        daemon->expect_running();
        return !first.get().empty();
    });
    return first.get();
}

SubscriberSettings Rig::lasting_subscriber() const {
    auto settings = subscriber();
    settings.connect.clean_session = false;
    settings.filters.emplace_back("sitepower/v1/+/backlog/device/+/readings");
    return settings;
}

Window Rig::measure(Process& program, const Subscriber& subscriber, Seconds time) {
    const auto enough =
        devices_.answers() + 3U * devices_.ports().size() * settings_.devices.units_per_gateway;
    wait_until("the devices are polled", start_limit, [&] {
        program.expect_running();
        return devices_.answers() >= enough;
    });
    wait_for(warm_up);
    const auto look = [&] {
        return Window{.seconds = Seconds(SteadyClock::now().time_since_epoch()).count(),
                      .answers = static_cast<double>(devices_.answers()),
                      .messages = static_cast<double>(subscriber.received()),
                      .cpu_s = cpu_seconds(program.id())};
    };
    const auto before = look();
    wait_for(time);
    program.expect_running();
    const auto after = look();
    return {.seconds = after.seconds - before.seconds,
            .answers = after.answers - before.answers,
            .messages = after.messages - before.messages,
            .cpu_s = after.cpu_s - before.cpu_s};
}

std::filesystem::path Rig::run_directory() const {
    return workspace_.path() / fmt::format("run-{}", started_);
}

std::filesystem::path Rig::next_directory() {
    ++started_;
    std::filesystem::create_directories(run_directory());
    return run_directory();
}

std::string Rig::device_ports() const {
    return fmt::format("{}", fmt::join(devices_.ports(), ","));
}

std::string Rig::program(const char* name) const {
    auto path = settings_.build_directory / name;
    if (!std::filesystem::exists(path)) {
        throw Failure(path.string() + " is not built");
    }
    return path.string();
}

}  // namespace sitepower::bench
