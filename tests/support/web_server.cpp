#include "tests/support/web_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace sitepower::support {
namespace {

constexpr int patience_ms = 50;  // between two looks at stopping_

bool readable(int descriptor) {
    pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&wanted, 1, patience_ms) == 1;
}

}  // namespace

WebServer::WebServer() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof place;
    if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0 ||
        listen(listener_, 8) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &length) != 0) {
        throw std::runtime_error("no port for a web server");
    }
    port_ = ntohs(place.sin_port);
    thread_ = std::thread([this] { run(); });
}

WebServer::~WebServer() {
    stopping_ = true;
    thread_.join();
    close(listener_);
}

void WebServer::answer(std::string reply) {
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
}

void WebServer::answer_body(const std::string& body) {
    answer("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body);
}

std::string WebServer::address() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> WebServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void WebServer::run() {
    while (!stopping_) {
        if (!readable(listener_)) continue;
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        std::string request;
        std::array<char, 4096> buffer{};
        while (!stopping_ && request.find("\r\n\r\n") == std::string::npos) {
            if (!readable(connection)) continue;
            const auto count = recv(connection, buffer.data(), buffer.size(), 0);
            if (count <= 0) break;
            request.append(buffer.data(), static_cast<std::size_t>(count));
        }
        std::string reply;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            reply = reply_;
        }
        // Silent: until the client gives up, which shows as the end of the connection.
        while (reply.empty() && !stopping_) {
            if (readable(connection) && recv(connection, buffer.data(), buffer.size(), 0) <= 0) break;
        }
        for (std::size_t sent = 0; sent < reply.size();) {
            const auto count = send(connection, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) break;
            sent += static_cast<std::size_t>(count);
        }
        close(connection);
    }
}

}  // namespace sitepower::support
