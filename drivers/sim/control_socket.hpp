// How a running sitepower-sim is told things: a datagram socket in its directory. One command, one reply.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "drivers/sim/descriptor.hpp"

namespace sitepower::sim {

// Longest command and longest reply; what is longer is cut.
inline constexpr std::size_t max_control_bytes = 4096;

class ControlSocket {
  public:
    using Handler = std::function<Result<std::string>(const std::string& command)>;

    // Binds DIR/control. Throws std::system_error, also when another simulation answers there.
    ControlSocket(const std::string& directory, Handler handler);
    ~ControlSocket();  // removes it
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    int fd() const { return socket_.get(); }
    // Answers every command that waits. Never blocks: a caller that does not take its reply goes without.
    void answer();

  private:
    std::string path_;
    Descriptor socket_;
    Handler handler_;
};

// Sends a command to the simulation in `directory` and waits up to 3 s for its reply. validation_error and
// not_found come from the simulation; service_unavailable means that none runs there.
Result<std::string> tell(const std::string& directory, const std::string& command);

}  // namespace sitepower::sim
