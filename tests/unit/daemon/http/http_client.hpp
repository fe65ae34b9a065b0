// A server over a real Unix socket, driven by a poll loop as the daemon's loop drives it, and clients that
// speak raw HTTP to it from the same thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/http/local_socket.hpp"
#include "daemon/http/server.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/process.hpp"

namespace sitepower {

// One connection, non-blocking.
class Client {
  public:
    explicit Client(const std::string& path)
        : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~Client() { close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // As much as the socket takes.
    std::size_t send(std::string_view text) {
        const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

    void receive() {
        std::array<char, 65'536> buffer{};
        while (true) {
            const auto n = recv(fd_, buffer.data(), buffer.size(), 0);
            if (n > 0) text_.append(buffer.data(), static_cast<std::size_t>(n));
            if (n == 0 || (n < 0 && errno != EAGAIN)) closed_ = true;
            if (n <= 0) return;
        }
    }

    bool closed() const { return closed_; }
    const std::string& text() const { return text_; }
    void forget() { text_.clear(); }

    // One whole response is there: headers and as much body as they announce.
    bool complete() const {
        const auto head_end = text_.find("\r\n\r\n");
        if (head_end == std::string::npos) return false;
        const auto length = header("Content-Length");
        return text_.size() >= head_end + 4 + (length.empty() ? 0 : std::stoul(length));
    }
    int status() const { return text_.size() > 12 ? std::stoi(text_.substr(9, 3)) : 0; }
    std::string header(const std::string& name) const {
        const auto begin = text_.find("\r\n" + name + ": ");
        if (begin == std::string::npos) return {};
        const auto value = begin + name.size() + 4;
        return text_.substr(value, text_.find("\r\n", value) - value);
    }
    Json json() const { return Json::parse(text_.substr(text_.find("\r\n\r\n") + 4)); }

  private:
    int fd_;
    std::string text_;
    bool closed_ = false;
};

class HttpTest : public testing::Test {
  protected:
    void start(const HttpSettings& settings = {}) {
        auto listening = open_local_socket(path_);
        ASSERT_TRUE(listening);
        auto server = HttpServer::start(*listening, settings, dispatcher_);
        ASSERT_TRUE(server);
        server_ = std::move(*server);
    }

    // Turns the loop until `done`; false after ten seconds.
    bool turn_until(const std::function<bool()>& done) {
        return support::eventually(std::chrono::seconds{10}, [&] {
            turn();
            return done();
        });
    }

    // Turns of the loop as the daemon makes them, until there is nothing to do.
    void turn() {
        pollfd waiting{server_->fd(), POLLIN, 0};
        for (int turns = 0; turns < 100 && poll(&waiting, 1, turns == 0 ? 1 : 0) == 1; ++turns)
            server_->run();
    }

    // Waits for the response to what was sent.
    void finish(Client& client) {
        EXPECT_TRUE(turn_until([&] {
            client.receive();
            return client.complete() || client.closed();
        })) << client.text();
    }

    // Sends all of `request` and waits for the response.
    void exchange(Client& client, std::string_view request) {
        client.forget();
        EXPECT_TRUE(turn_until([&] {
            request.remove_prefix(client.send(request));
            client.receive();
            return request.empty() || client.complete() || client.closed();
        }));
        finish(client);
    }

    static std::string get(std::string_view target) {
        return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    static std::string post(std::string_view target, std::string_view body,
                            std::string_view type = "application/json") {
        return "POST " + std::string(target) +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + std::string(type) +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    }

    support::TemporaryDirectory directory_;
    std::string path_ = (directory_.path() / "sitepower.sock").string();
    support::FakeContext context_;
    Dispatcher dispatcher_{context_, 1};
    std::unique_ptr<HttpServer> server_;
};

}  // namespace sitepower
