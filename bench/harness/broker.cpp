#include "bench/harness/broker.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <fstream>

#include "bench/harness/socket.hpp"

namespace sitepower::bench {

Broker::Broker(std::filesystem::path directory)
    : directory_(std::move(directory)), port_(free_port()), tls_port_(free_port()) {
    std::filesystem::create_directories(directory_);
    make_certificate();
    write_configuration();
    start();
}

void Broker::start() {
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"mosquitto", "-c", (directory_ / "mosquitto.conf").string()},
        directory_ / "broker.log");
    wait_until("the broker answers", Seconds{10}, [this] {
        process_->expect_running();
        return static_cast<bool>(connect_to_loopback(port_)) &&
               static_cast<bool>(connect_to_loopback(tls_port_));
    });
}

void Broker::make_certificate() {
    Process openssl(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", (directory_ / "key.pem").string(), "-out", certificate().string()},
        directory_ / "openssl.log");
    wait_until("openssl makes a certificate", Seconds{20}, [&] { return !openssl.running(); });
}

// Acknowledged is delivered: by default Mosquitto drops what it acknowledged beyond 1000 messages that wait
// for one subscriber.
void Broker::write_configuration() {
    std::ofstream out(directory_ / "mosquitto.conf");
    out << fmt::format(
        "listener {} 127.0.0.1\n"
        "listener {} 127.0.0.1\ncertfile {}\nkeyfile {}\n"
        "allow_anonymous true\nset_tcp_nodelay true\nlog_type error\nlog_type warning\n"
        "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\n"
        "persistence true\npersistence_location {}/\nautosave_interval 86400\n",
        port_, tls_port_, certificate().string(), (directory_ / "key.pem").string(), directory_.string());
    if (geteuid() == 0) {
        out << "user root\n";
    }
}

}  // namespace sitepower::bench
