// What RTU frames travel over: a serial line, or a TCP connection to a serial server. Opened and closed by
// RtuLink on the bus's thread; the bytes go through the file descriptor.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "drivers/modbus/link.hpp"
#include "drivers/modbus/socket.hpp"

struct _modbus;  // NOLINT(bugprone-reserved-identifier): as the library calls it

namespace sitepower::modbus {

// What libmodbus can set a serial line to; it takes 9600 for any other number, without a word.
inline constexpr std::array serial_speeds{300,   600,    1200,   2400,   4800,   9600,   19200, 38400,
                                          57600, 115200, 230400, 460800, 500000, 576000, 921600};
bool is_serial_speed(int baud);

class RtuPort {
  public:
    virtual ~RtuPort() = default;
    virtual Status open(SteadySpan timeout, const StopSignal& stop) = 0;
    virtual void close() = 0;
    virtual int fd() const = 0;  // -1 while closed; never blocks
    // Time that one byte takes on the wire; zero where that is not ours to know.
    virtual SteadySpan byte_time() const { return {}; }
};

// Set up by libmodbus, which knows the odd cases of termios; its frames are not used (see link.hpp). One
// process at a time: it holds a lock on the line.
class SerialPort final : public RtuPort {
  public:
    explicit SerialPort(SerialEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

    Status open(SteadySpan timeout, const StopSignal& stop) override;
    void close() override;
    int fd() const override { return fd_; }
    SteadySpan byte_time() const override;

  private:
    struct ContextDeleter {
        void operator()(_modbus* context) const;
    };

    SerialEndpoint endpoint_;
    Descriptor lock_;                                   // held while open, and before the line is touched
    std::unique_ptr<_modbus, ContextDeleter> context_;  // set while open
    int fd_ = -1;
};

class RtuSocket final : public RtuPort {
  public:
    explicit RtuSocket(RtuOverTcpEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

    Status open(SteadySpan timeout, const StopSignal& stop) override;
    void close() override { fd_.reset(); }
    int fd() const override { return fd_.get(); }

  private:
    RtuOverTcpEndpoint endpoint_;
    Descriptor fd_;
};

}  // namespace sitepower::modbus
