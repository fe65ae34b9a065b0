// Modbus TCP over libmodbus: its codec and its check of the transaction id, on a socket that we connect
// ourselves (libmodbus's own connect does not say which address failed, nor can it be stopped). Function 43,
// which it does not know, is framed here.
// Limits that come from libmodbus: descriptors above 1023 (it uses select) and units 248 to 254 are refused.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "drivers/modbus/link.hpp"
#include "drivers/modbus/socket.hpp"

struct _modbus;  // NOLINT(bugprone-reserved-identifier): as the library calls it

namespace sitepower::modbus {

class TcpLink final : public Link {
  public:
    TcpLink(TcpEndpoint endpoint, const StopSignal& stop);
    ~TcpLink() override;

    Status open(SteadySpan timeout) override;
    bool is_open() const override { return fd_.is_open(); }
    void close() override;
    Answer read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) override;
    Answer write(const WriteRequest& request, SteadySpan timeout) override;
    bool ties_answers() const override { return true; }
    void interrupt() override;

  private:
    struct ContextDeleter {
        void operator()(_modbus* context) const;
    };

    // Why the unit cannot be asked now; nullopt when it can.
    std::optional<Answer> prepare(int unit, SteadySpan timeout);
    // Throws away what has come since the last answer; gives the failure when it is not whole answers.
    std::optional<Answer> discard_old_answers();
    Answer identify(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words);
    int ask(const Question& question, std::span<std::uint16_t> words);
    int ask_bits(const Question& question, std::span<std::uint16_t> words);
    Answer failure(int error);

    TcpEndpoint endpoint_;
    const StopSignal& stop_;
    std::unique_ptr<_modbus, ContextDeleter> context_;
    std::mutex fd_mutex_;  // held to change fd_ on the worker's thread, and to use it on another
    Descriptor fd_;
    SteadySpan timeout_{};
    int unit_ = -1;
    SteadyTime look_first_until_{};  // before each request: at what lies there already
    std::uint16_t transaction_ = 0;  // of the last identification; libmodbus counts its own
    std::vector<std::uint8_t> bits_;
};

}  // namespace sitepower::modbus
