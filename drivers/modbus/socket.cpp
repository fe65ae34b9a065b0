#include "drivers/modbus/socket.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace sitepower::modbus {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Error unreachable(const std::string& host, std::uint16_t port, const std::string& cause) {
    return {ErrorCode::service_unavailable, fmt::format("cannot connect to {}:{}: {}", host, port, cause),
            ""};
}

std::string words_for(int error) {
    return std::generic_category().message(error);
}

void set_option(int fd, int level, int option, int value) {
    // A peer that refuses one of these works less well, but it works.
    setsockopt(fd, level, option, &value, sizeof value);
}

// A dead peer behind an idle connection shows within a minute.
void tune(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// 0 when connected, else the errno that says why not.
int finish_connect(int fd, SteadyTime deadline, const StopSignal& stop) {
    switch (stop.wait_for(fd, POLLOUT, deadline)) {
        case Ready::timed_out:
            return ETIMEDOUT;
        case Ready::stopped:
            return ECANCELED;
        case Ready::yes:
            break;
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
    return error;
}

Result<Descriptor> connect_one(const addrinfo& address, SteadyTime deadline, const StopSignal& stop) {
    Descriptor fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    int error = fd.is_open() ? 0 : errno;
    if (error == 0) {
        tune(fd.get());
        if (connect(fd.get(), address.ai_addr, address.ai_addrlen) < 0) error = errno;
        if (error == EINPROGRESS || error == EINTR) error = finish_connect(fd.get(), deadline, stop);
    }
    if (error != 0) return Error{ErrorCode::service_unavailable, words_for(error), ""};
    return fd;
}

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) return unreachable(host, port, gai_strerror(failure));
    return Addresses(found, &freeaddrinfo);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Descriptor::reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
}

Result<Descriptor> connect_tcp(const std::string& host, std::uint16_t port, SteadySpan timeout,
                               const StopSignal& stop) {
    auto addresses = resolve(host, port);
    if (!addresses) return addresses.error();
    const auto deadline = steady_now() + timeout;
    std::string cause = "no address";
    for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
        auto fd = connect_one(*address, deadline, stop);
        if (fd) return fd;
        cause = fd.error().message;
        if (stop.requested() || steady_now() >= deadline) break;
    }
    return unreachable(host, port, cause);
}

}  // namespace sitepower::modbus
