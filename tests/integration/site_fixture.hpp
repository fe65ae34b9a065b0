// A whole site for integration tests: a real Mosquitto, the real sitepower-sim and the real sitepowerd, each
// a process on private ports, and a subscriber with a persistent session that records what arrives.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/process.hpp"
#include "tests/support/subscriber.hpp"

namespace sitepower::integration {

using nlohmann::json;

// What a command-line program printed, and how it ended.
struct Ran {
    int status = -1;
    std::string output;
};

class SiteFixture {
  public:
    // The broker keeps what it has acknowledged over its own restart, as operators must set it up.
    explicit SiteFixture(support::BrokerOptions broker = {.persistence = true});
    ~SiteFixture();

    // A subscriber of everything below the root, with a persistent session; start it before the daemon.
    void subscribe();

    void start_simulation(int speed = 1);
    void start_daemon();
    void stop_daemon();  // SIGTERM; fails the test when it takes more than 5 s or does not exit with 0
    void kill_daemon();  // SIGKILL

    // Tells the simulated site, e.g. "mains fail".
    void tell(const std::string& command);
    Ran ctl(std::vector<std::string> arguments) const;
    // The data of `sitepowerctl --json ARGUMENTS`.
    json query(std::vector<std::string> arguments) const;

    // Everything that arrived live or as backlog, JSON payloads only.
    struct Arrival {
        std::string topic;  // below the root, without "backlog/"
        bool backlog = false;
        std::string payload;
        json value;
    };
    const std::vector<Arrival>& arrivals();
    bool wait_until_arrived(const std::function<bool(const std::vector<Arrival>&)>& condition,
                            std::chrono::milliseconds at_most);

    // What is in sitepower.toml beside the site itself; change it before start_daemon().
    std::string broker_table;  // [broker] and below; default: this fixture's broker
    std::string more;          // further tables
    int commit_interval_ms = 1000;
    std::filesystem::path profiles = SITEPOWER_SOURCE_DIR "/config/devices";
    std::vector<std::string> daemon_environment;

    support::Broker broker;
    std::unique_ptr<support::Process> simulation;
    std::unique_ptr<support::Process> daemon;
    std::unique_ptr<support::Subscriber> subscriber;

    void write_configuration() const;
    std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
    std::uint16_t modbus_port() const { return modbus_port_; }  // of the first simulated device
    std::string daemon_log() const { return support::read_file(path("sitepowerd.log")); }

  private:
    std::string simulated_site() const;

    support::TemporaryDirectory directory_;
    std::uint16_t modbus_port_ = 0;
    std::vector<Arrival> arrivals_;
    std::size_t read_ = 0;  // messages of the subscriber's record that are in arrivals_
};

std::string program(const std::string& name);

// Lines of a log that name an error of the system, and nothing that it happened to. Every daemon of a
// SiteFixture is judged by this when its test ends.
std::vector<std::string> lines_with_a_bare_errno(const std::string& log);

// Asserts what must hold of everything a subscriber got: each id with one content, and per topic and epoch a
// sequence without gaps once live and backlog are put together. `may_miss`: how many messages of one topic
// may be missing in each epoch but the last: those of the one commit interval that a kill takes.
void expect_nothing_missing(const std::vector<SiteFixture::Arrival>& arrivals, std::size_t may_miss = 0);

}  // namespace sitepower::integration
