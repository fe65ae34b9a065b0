// A real Mosquitto on a private port and directory, started, stopped and restarted by a test. It listens on
// 127.0.0.1 only and dies with the test.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/certificates.hpp"
#include "tests/support/process.hpp"

namespace sitepower::support {

struct BrokerOptions {
    bool persistence = false;  // saved on stop(), not on kill()
    // What operators must set, too: the default of 1000 drops messages for an absent subscriber. 0: no limit.
    int max_queued_messages = 0;
    // What an MQTT 5 client is told as Receive Maximum; Mosquitto's own default.
    int max_inflight_messages = 20;
    const Certificates* tls = nullptr;  // must outlive the broker
    bool require_client_certificate = false;
    std::string user = {};  // not empty: nobody else may connect
    std::string password = {};
    std::string acl = {};         // text of the access control file; empty: everything is allowed
    std::string more_lines = {};  // of mosquitto.conf
};

class Broker {
  public:
    explicit Broker(BrokerOptions options = {});  // does not start it
    ~Broker();

    // Returns when it accepts connections; throws with its log when it does not within 10 s.
    void start();
    // Ends it in order, with its database saved.
    void stop();
    // Ends it like a power cut.
    void kill();
    // Stops it from reading and answering while its sockets stay open, and back.
    void freeze();
    void thaw();

    std::uint16_t port() const { return port_; }
    bool running() const { return process_ != nullptr; }
    std::string log() const;

  private:
    void write_configuration() const;
    bool wait_until_it_accepts();
    std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

    BrokerOptions options_;
    TemporaryDirectory directory_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace sitepower::support
