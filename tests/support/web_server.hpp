// A small web server that says what a test wants, on the loopback: one connection after another, on a thread
// of its own. Owned by the test.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sitepower::support {

class WebServer {
  public:
    WebServer();
    ~WebServer();
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    // What it answers from now on: the whole text, "HTTP/1.1 200 OK\r\n...". Empty: it takes requests and
    // stays silent.
    void answer(std::string reply);
    // A complete 200 with that body.
    void answer_body(const std::string& body);

    std::string address() const;  // "http://127.0.0.1:PORT"
    std::vector<std::string> requests() const;

  private:
    void run();

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::string reply_;                  // guarded by mutex_
    std::vector<std::string> requests_;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace sitepower::support
