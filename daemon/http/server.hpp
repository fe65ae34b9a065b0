// The local API: HTTP over a Unix socket, inside the loop. No thread and no timer of its own: the loop calls
// run() whenever fd() is readable, and that is all. Owned by the app; loop thread only.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "daemon/http/peer.hpp"
#include "daemon/operation/dispatcher.hpp"

namespace sitepower {

struct HttpLimits {
    std::size_t connections = 64;                     // further ones wait in the kernel
    std::size_t connections_per_user = 32;            // further ones are closed at once
    std::size_t body_bytes = 1 << 20;                 // 413 above
    std::size_t head_bytes = std::size_t{16} * 1024;  // request line and headers; 414 or 431 above
    // How long a client may take to send one request whole, to take its reply, or to stay idle between two.
    Duration patience{15'000};
    double requests_per_second = 50;  // of one user; 429 above
    double request_burst = 200;
};

struct HttpSettings {
    RoleGroups groups;
    HttpLimits limits;
};

class HttpServer {
  public:
    // Takes over `listen_fd`, a listening Unix socket. `dispatcher` must outlive the server.
    static Result<std::unique_ptr<HttpServer>> start(int listen_fd, const HttpSettings& settings,
                                                     Dispatcher& dispatcher);
    // Requests under way are answered with SERVICE_UNAVAILABLE as far as their clients take it at once.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Readable when there is something to accept, to read, to write, an answer to send or a client to give
    // up: an epoll descriptor over libmicrohttpd's own and a timer.
    int fd() const;
    // Accepts, reads, executes, writes: all that is possible without waiting.
    void run();

    std::size_t connections() const;

  private:
    class Engine;
    explicit HttpServer(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> engine_;
};

}  // namespace sitepower
