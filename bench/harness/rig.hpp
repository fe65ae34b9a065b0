// A measured site: simulated devices, a broker, and the programs that are set against each other on them. One
// program polls at a time; each starts in an empty directory. Main thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/harness/broker.hpp"
#include "bench/harness/devices.hpp"
#include "bench/harness/process.hpp"
#include "bench/harness/site_files.hpp"
#include "bench/harness/subscriber.hpp"
#include "bench/harness/workspace.hpp"

namespace sitepower::bench {

enum class Encryption { off, tls };

struct RigSettings {
    std::filesystem::path build_directory;
    DeviceSettings devices;
    std::chrono::milliseconds period{0};
    std::chrono::milliseconds response_timeout{1000};
    Encryption encryption = Encryption::off;
    std::string more_points;  // of every device, as text of its profile
    std::string more;         // of the daemon's configuration
};

// What a program did in a span of time.
struct Window {
    double seconds = 0;
    double answers = 0;   // given by the devices
    double messages = 0;  // arrived at the subscriber
    double cpu_s = 0;     // of the program, all threads
};

class Rig {
  public:
    explicit Rig(RigSettings settings);

    Devices& devices() { return devices_; }
    Broker& broker() { return broker_; }

    std::unique_ptr<Process> start_daemon();
    // With the configuration and the database of the one that was started last, and has ended.
    std::unique_ptr<Process> start_daemon_again();
    // Where the daemon that was started last keeps its database.
    std::filesystem::path state_directory() const { return run_directory() / "state"; }
    std::filesystem::path socket() const { return run_directory() / "api.sock"; }
    // One thread per device that reads and does nothing else.
    std::unique_ptr<Process> start_bare_polling();
    // One thread: read, one packed row, one publish of `payload` (empty: of the packed row).
    std::unique_ptr<Process> start_bare_chain(const std::string& payload);

    // One payload of readings as the daemon publishes it, so that the bare chain can send the same bytes.
    std::string catch_payload();

    SubscriberSettings subscriber() const {
        return {.port = broker_.port(),
                .connect = {.client_id = "bench"},
                .filters = {"sitepower/v1/+/device/+/readings"}};
    }
    // With a session that outlives its connection, and what comes as backlog, too.
    SubscriberSettings lasting_subscriber() const;

    // After the program has polled for a while, what it does in `time`.
    Window measure(Process& program, const Subscriber& subscriber, Seconds time);

  private:
    std::filesystem::path run_directory() const;
    std::filesystem::path next_directory();
    std::string device_ports() const;
    std::string program(const char* name) const;

    RigSettings settings_;
    Workspace workspace_;
    Devices devices_;
    Broker broker_;
    int started_ = 0;
    std::filesystem::path configuration_;  // of the daemon that was started last
};

}  // namespace sitepower::bench
