#include "drivers/modbus/rtu_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <modbus/modbus.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sitepower::modbus {

void SerialPort::ContextDeleter::operator()(_modbus* context) const {
    modbus_close(context);
    modbus_free(context);
}

Status SerialPort::open(SteadySpan /*timeout*/, const StopSignal& /*stop*/) {
    close();
    context_.reset(modbus_new_rtu(endpoint_.path.c_str(), endpoint_.baud, static_cast<char>(endpoint_.parity),
                                  endpoint_.data_bits, endpoint_.stop_bits));
    if (!context_ || modbus_connect(context_.get()) < 0) {
        const auto cause = std::generic_category().message(errno);
        context_.reset();
        return Error{ErrorCode::service_unavailable,
                     fmt::format("cannot open serial port {}: {}", endpoint_.path, cause), ""};
    }
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
    fd_ = -1;
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
