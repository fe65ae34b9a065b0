#include "drivers/modbus/rtu_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <modbus/modbus.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sitepower::modbus {
namespace {

// The C library takes a line's settings for refused when the kernel leaves one out and nothing else changes:
// so parity on a pseudo-terminal that a killed process has left with all the rest. Another speed is a change.
void unsettle(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    termios line{};
    if (tcgetattr(fd, &line) == 0) {
        cfsetspeed(&line, cfgetospeed(&line) == B1200 ? B2400 : B1200);
        tcsetattr(fd, TCSANOW, &line);
    }
    ::close(fd);
}

}  // namespace

void SerialPort::ContextDeleter::operator()(_modbus* context) const {
    modbus_close(context);
    modbus_free(context);
}

Status SerialPort::open(SteadySpan /*timeout*/, const StopSignal& /*stop*/) {
    close();
    context_.reset(modbus_new_rtu(endpoint_.path.c_str(), endpoint_.baud, static_cast<char>(endpoint_.parity),
                                  endpoint_.data_bits, endpoint_.stop_bits));
    const auto failed = [&](const std::string& cause) {
        close();
        return Error{ErrorCode::service_unavailable,
                     fmt::format("cannot open serial port {}: {}", endpoint_.path, cause), ""};
    };
    if (!context_) return failed(std::generic_category().message(errno));
    // Two programs on one line would take each other's answers. Locked before libmodbus opens it, which sets
    // speed and parity at once, under whoever has the line.
    lock_ = Descriptor(::open(endpoint_.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!lock_.is_open()) return failed(std::generic_category().message(errno));
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return failed("another process or bus uses it, such as sitepowerd; end that first");
    }
    int connected = modbus_connect(context_.get());
    if (connected < 0 && errno == EINVAL) {
        unsettle(endpoint_.path);
        connected = modbus_connect(context_.get());
    }
    if (connected < 0) return failed(std::generic_category().message(errno));
    fd_ = modbus_get_socket(context_.get());
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
    fcntl(fd_, F_SETFD, FD_CLOEXEC);
    // libmodbus sets VMIN to 0, and then a port that is gone reads like one that is silent.
    termios line{};
    if (tcgetattr(fd_, &line) == 0) {
        line.c_cc[VMIN] = 1;
        tcsetattr(fd_, TCSANOW, &line);
    }
    return Done{};
}

void SerialPort::close() {
    context_.reset();
    lock_.reset();
    fd_ = -1;
}

bool is_serial_speed(int baud) {
    return std::ranges::find(serial_speeds, baud) != serial_speeds.end();
}

SteadySpan SerialPort::byte_time() const {
    const int parity = endpoint_.parity == Parity::none ? 0 : 1;
    const int bits = 1 + endpoint_.data_bits + parity + endpoint_.stop_bits;
    return std::chrono::nanoseconds(std::chrono::seconds(bits)) / std::max(endpoint_.baud, 1);
}

Status RtuSocket::open(SteadySpan timeout, const StopSignal& stop) {
    fd_.reset();
    auto fd = connect_tcp(endpoint_.host, endpoint_.port, timeout, stop);
    if (!fd) return fd.error();
    fd_ = std::move(*fd);
    return Done{};
}

}  // namespace sitepower::modbus
