// The mailbox of a simulated unit: takes a request for an index, shows after a while that it is there, and
// hands out its words window by window. Owned by its unit; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/sim/register_bank.hpp"

namespace sitepower::sim {

class ServedMailbox {
  public:
    using Clock = std::chrono::steady_clock;

    // stuck: acknowledges each request and goes on showing what it showed. refuses: with exception 0x02.
    enum class Manner : std::uint8_t { obeys, stuck, refuses };

    // Makes its registers exist.
    ServedMailbox(const ProfileMailbox& mailbox, RegisterBank& bank);

    // Word of the mailbox, as points of a profile count them.
    void set_word(int word, std::uint16_t content) { words_.at(static_cast<std::size_t>(word)) = content; }
    void set_manner(Manner manner, RegisterBank& bank);
    // From the request until its words are there.
    void set_delay(Clock::duration delay) { delay_ = delay; }

    // Around the answer to each request of the unit.
    void before(std::span<const std::uint8_t> request, Clock::time_point now, RegisterBank& bank);
    void after(std::span<const std::uint8_t> request, std::span<const std::uint8_t> answer,
               Clock::time_point now, RegisterBank& bank);

  private:
    std::optional<std::size_t> turn_asked_for(const RegisterBank& bank) const;
    void show(std::size_t turn, RegisterBank& bank);
    void show_window(RegisterBank& bank) const;

    ProfileMailbox mailbox_;
    std::vector<std::uint16_t> words_;
    Manner manner_ = Manner::obeys;
    Clock::duration delay_{std::chrono::milliseconds(20)};
    std::optional<std::size_t> asked_;
    Clock::time_point asked_at_{};
    std::size_t shown_ = 0;
    int window_ = 0;
};

}  // namespace sitepower::sim
