#include "drivers/modbus/socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/net/name_lookup.hpp"

namespace sitepower::modbus {
namespace {

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

Result<Descriptor> connect_one(const SocketAddress& address, SteadyTime deadline, const StopSignal& stop) {
    Descriptor fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = fd.is_open() ? 0 : errno;
    if (error == 0) {
        tune(fd.get());
        if (connect(fd.get(), address.get(), address.size) < 0) error = errno;
        if (error == EINPROGRESS || error == EINTR) error = finish_connect(fd.get(), deadline, stop);
    }
    if (error != 0) return Error{ErrorCode::service_unavailable, words_for(error), ""};
    return fd;
}

// Where to connect to, or why that is not known.
Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port, SteadyTime deadline,
                                           const StopSignal& stop) {
    if (const auto numeric = numeric_address(host, port)) return std::vector{*numeric};
    const NameLookup lookup(host, port);
    auto answer = lookup.answer();
    if (!answer) {
        switch (stop.wait_for(lookup.fd(), POLLIN, deadline)) {
            case Ready::timed_out:
                return unreachable(host, port, "the name servers do not answer");
            case Ready::stopped:
                return unreachable(host, port, words_for(ECANCELED));
            case Ready::yes:
                break;
        }
        answer = lookup.answer();
    }
    if (!answer || answer->addresses.empty())
        return unreachable(host, port, answer ? answer->reason : "no answer");
    return std::move(answer->addresses);
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
    const auto deadline = steady_now() + timeout;
    const auto addresses = resolve(host, port, deadline, stop);
    if (!addresses) return addresses.error();
    std::string cause = "no address";
    for (std::size_t i = 0; i < addresses->size() && !stop.requested(); ++i) {
        const auto now = steady_now();
        // Each in its turn gets an equal share of what is left: a first one that is silent, as IPv6 often is,
        // must not keep the next from ever being tried.
        const auto share = (deadline - now) / static_cast<std::int64_t>(addresses->size() - i);
        auto fd = connect_one((*addresses)[i], now + share, stop);
        if (fd) return fd;
        cause = fd.error().message;
    }
    return unreachable(host, port, cause);
}

}  // namespace sitepower::modbus
