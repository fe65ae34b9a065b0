// RTU frames over a serial line or a socket. Throws away what lies in the buffer before each request, ends a
// frame by its byte count, passes over whole frames that answer something else, and reports all of those, so
// that the rule of quarantine.hpp can be kept. It never takes a frame for the answer whose unit, function,
// byte count or CRC is not the expected one.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "drivers/modbus/link.hpp"
#include "drivers/modbus/rtu_frame.hpp"
#include "drivers/modbus/rtu_port.hpp"

namespace sitepower::modbus {

class RtuLink final : public Link {
  public:
    RtuLink(std::unique_ptr<RtuPort> port, const StopSignal& stop);

    Status open(SteadySpan timeout) override;
    bool is_open() const override { return port_->fd() >= 0; }
    void close() override { port_->close(); }
    Answer read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) override;
    Answer write(const WriteRequest& request, SteadySpan timeout) override;
    std::span<const Stray> strays() const override { return strays_; }
    // 3.5 byte times between frames, at least 1.75 ms above 19200 baud (Modbus over serial line, 2.5.1.1).
    SteadySpan line_gap() const override;

    // More strays than this in one read are not listed: by then every unit is in quarantine.
    static constexpr std::size_t strays_limit = 32;

  private:
    enum class Received : std::uint8_t { bytes, nothing, closed };

    Received receive();
    bool discard_waiting();
    void discard_until_silent(SteadyTime deadline);
    bool send(std::span<const std::uint8_t> request, SteadyTime deadline);
    // Sends and waits. look: what stands at the front of the bytes received; take: gets the whole answer.
    template <class Look, class Take>
    Answer converse(std::span<const std::uint8_t> request, std::size_t answer_size, SteadySpan timeout,
                    const Look& look, const Take& take);
    template <class Look, class Take>
    std::optional<Answer> judge(const Look& look, const Take& take);
    Answer lost();
    void note_stray(Stray stray);
    void note_discarded();
    void drop_front(std::size_t size);

    std::unique_ptr<RtuPort> port_;
    const StopSignal& stop_;
    std::array<std::uint8_t, 2 * rtu_longest_frame> buffer_{};
    std::size_t filled_ = 0;
    std::vector<Stray> strays_;
};

}  // namespace sitepower::modbus
