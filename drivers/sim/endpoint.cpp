#include "drivers/sim/endpoint.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace sitepower::sim {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void make_link(const std::string& target, const std::string& link) {
    struct stat present {};
    if (lstat(link.c_str(), &present) == 0) {
        if (!S_ISLNK(present.st_mode)) {
            errno = EEXIST;
            fail(link + " is in the way of the serial line");
        }
        if (unlink(link.c_str()) != 0) fail("remove " + link);
    }
    if (symlink(target.c_str(), link.c_str()) != 0) fail("link " + link);
}

}  // namespace

Descriptor listen_on_loopback(std::uint16_t& port) {
    const std::string what = "listen on 127.0.0.1:" + std::to_string(port);
    Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) fail(what);
    const int on = 1;
    if (setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) fail(what);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), SOMAXCONN) != 0 ||
        getsockname(listener.get(), generic, &size) != 0) {
        fail(what);
    }
    port = ntohs(address.sin_port);
    return listener;
}

Descriptor accept_from(const Descriptor& listener) {
    Descriptor accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const int on = 1;
    // Without it answers are merely slower; a client that has gone again is noticed at the first read.
    if (accepted) setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return accepted;
}

SerialLine open_serial_line(const std::string& link) {
    const std::string what = "open a pseudo-terminal for " + link;
    SerialLine line;
    line.device_side = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    std::array<char, 64> name{};
    if (!line.device_side || grantpt(line.device_side.get()) != 0 || unlockpt(line.device_side.get()) != 0 ||
        ptsname_r(line.device_side.get(), name.data(), name.size()) != 0) {
        fail(what);
    }
    line.client_side = Descriptor(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    if (!line.client_side || tcgetattr(line.client_side.get(), &settings) != 0) fail(what);
    cfmakeraw(&settings);
    if (tcsetattr(line.client_side.get(), TCSANOW, &settings) != 0) fail(what);
    make_link(name.data(), link);
    return line;
}

}  // namespace sitepower::sim
