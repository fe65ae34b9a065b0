#include "tests/support/broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace sitepower::support {
namespace {

constexpr auto start_limit = std::chrono::seconds(10);
constexpr auto stop_limit = std::chrono::seconds(10);
constexpr auto probe_interval = std::chrono::milliseconds(5);

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool accepts(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const sockaddr_in address = loopback(port);
    const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return connected;
}

}  // namespace

Broker::Broker(BrokerOptions options) : options_(std::move(options)), port_(free_port()) {
    write_configuration();
}

Broker::~Broker() = default;

void Broker::write_configuration() const {
    std::ostringstream text;
    text << "listener " << port_ << " 127.0.0.1\n"
         << "max_queued_messages " << options_.max_queued_messages << "\n"
         << "max_inflight_messages " << options_.max_inflight_messages << "\n"
         << "persistence " << (options_.persistence ? "true" : "false") << "\n"
         << "persistence_location " << directory_.path().string() << "/\n"
         << "allow_anonymous " << (options_.user.empty() ? "true" : "false") << "\n";
    // Started by root it would become a user that cannot read keys of the test.
    if (geteuid() == 0) text << "user root\n";
    if (options_.tls != nullptr) {
        text << "cafile " << options_.tls->authority() << "\ncertfile " << options_.tls->server()
             << "\nkeyfile " << options_.tls->server_key() << "\nrequire_certificate "
             << (options_.require_client_certificate ? "true" : "false") << "\n";
    }
    if (!options_.user.empty()) {
        Process passwd({"mosquitto_passwd", "-b", "-c", file("passwords"), options_.user, options_.password},
                       file("log"));
        if (passwd.wait(start_limit) != 0) throw std::runtime_error("mosquitto_passwd: " + log());
        text << "password_file " << file("passwords") << "\n";
    }
    if (!options_.acl.empty()) {
        write_file(file("acl"), options_.acl);
        text << "acl_file " << file("acl") << "\n";
    }
    text << options_.more_lines;
    write_file(file("mosquitto.conf"), text.str());
}

void Broker::start() {
    const std::string program =
        access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
    process_ = std::make_unique<Process>(std::vector<std::string>{program, "-c", file("mosquitto.conf")},
                                         file("log"));
    if (!wait_until_it_accepts()) {
        process_.reset();
        throw std::runtime_error("mosquitto does not start: " + log());
    }
}

bool Broker::wait_until_it_accepts() {
    const auto deadline = std::chrono::steady_clock::now() + start_limit;
    while (std::chrono::steady_clock::now() < deadline) {
        if (accepts(port_)) return true;
        if (process_->wait(probe_interval)) return false;  // it has ended
    }
    return false;
}

void Broker::stop() {
    if (!process_) return;
    process_->stop(stop_limit);
    process_.reset();
}

void Broker::kill() {
    process_.reset();
}

void Broker::freeze() {
    if (process_) process_->signal(SIGSTOP);
}

void Broker::thaw() {
    if (process_) process_->signal(SIGCONT);
}

std::string Broker::log() const {
    return read_file(file("log"));
}

}  // namespace sitepower::support
