#include "drivers/sim/control_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

namespace sitepower::sim {
namespace {

constexpr int reply_timeout_ms = 3000;

// A reply begins with one of these, then the text.
constexpr char reply_fine = '+';
constexpr char reply_refused = '-';

std::string path_in(const std::string& directory) {
    return directory + "/control";
}

// Throws std::system_error when the path is too long for a socket.
sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

Descriptor datagram_socket() {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw std::system_error(errno, std::generic_category(), "socket");
    return socket;
}

bool somebody_listens(const sockaddr_un& address) {
    const Descriptor probe = datagram_socket();
    return connect(probe.get(), generic(address), sizeof address) == 0;
}

Error unavailable(const std::string& directory, const std::string& why) {
    return {.code = ErrorCode::service_unavailable,
            .message = "no sitepower-sim answers in " + directory + ": " + why,
            .detail = {}};
}

}  // namespace

ControlSocket::ControlSocket(const std::string& directory, Handler handler)
    : path_(path_in(directory)), socket_(datagram_socket()), handler_(std::move(handler)) {
    const sockaddr_un address = address_of(path_);
    if (somebody_listens(address)) {
        throw std::system_error(EADDRINUSE, std::generic_category(),
                                "another sitepower-sim runs in " + directory);
    }
    unlink(path_.c_str());  // left behind by one that was killed; bind tells when it is something else
    if (bind(socket_.get(), generic(address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), path_);
    }
}

ControlSocket::~ControlSocket() {
    unlink(path_.c_str());
}

void ControlSocket::answer() {
    std::array<char, max_control_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    while (true) {
        sockaddr_un from{};
        socklen_t size = sizeof from;
        const ssize_t count = recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                                       reinterpret_cast<sockaddr*>(&from), &size);
        if (count < 0) return;
        const auto result = handler_(std::string(buffer.data(), static_cast<std::size_t>(count)));
        std::string reply = result ? reply_fine + *result : reply_refused + result.error().message;
        if (reply.size() > max_control_bytes) reply.resize(max_control_bytes);
        // A caller without an address, or one that has gone, gets nothing.
        if (size > offsetof(sockaddr_un, sun_path)) {
            sendto(socket_.get(), reply.data(), reply.size(), 0, generic(from), size);
        }
    }
}

Result<std::string> tell(const std::string& directory, const std::string& command) try {
    const sockaddr_un address = address_of(path_in(directory));
    const Descriptor socket = datagram_socket();
    // Only the family: the kernel gives a free name, so that the reply finds its way back.
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    if (bind(socket.get(), generic(own), sizeof own.sun_family) != 0 ||
        connect(socket.get(), generic(address), sizeof address) != 0 ||
        send(socket.get(), command.data(), command.size(), 0) < 0) {
        return unavailable(directory, std::generic_category().message(errno));
    }
    pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, reply_timeout_ms) != 1) return unavailable(directory, "no reply within 3 s");
    std::string reply(max_control_bytes, '\0');
    const ssize_t count = recv(socket.get(), reply.data(), reply.size(), 0);
    if (count < 1) return unavailable(directory, "empty reply");
    reply.resize(static_cast<std::size_t>(count));
    const bool fine = reply.front() == reply_fine;
    reply.erase(0, 1);
    if (fine) return reply;
    return Error{.code = ErrorCode::validation_error, .message = reply, .detail = {}};
} catch (const std::system_error& error) {
    return unavailable(directory, error.what());
}

}  // namespace sitepower::sim
