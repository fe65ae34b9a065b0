// The rule that keeps a late or repeated answer from being taken as data on links that do not tie answers to
// questions (RTU, RTU over TCP). There an answer is only ambiguous with an earlier question to the same unit,
// function and byte count. So after a time-out, a bad frame or unasked bytes, what was asked is in doubt and
// is not asked again with the same byte count until a read of another byte count has been answered AND the
// late window has passed; meanwhile the same registers are read with a few more behind them. Holds for
// answers that come late or twice by at most the window; nothing can be promised beyond. Pure: time comes in
// as an argument. One per unit, owned by the bus's worker.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/modbus/link.hpp"

namespace sitepower::modbus {

// What an answer on RTU shows of its question, beside the unit.
struct AnswerShape {
    std::uint8_t function = 0;
    std::uint16_t byte_count = 0;  // of an identification: its first object

    bool operator==(const AnswerShape&) const = default;
};

AnswerShape shape_of(const Question& question);

class Quarantine {
  public:
    // late_window: how much later than its time-out, or than its first copy, an answer may come.
    explicit Quarantine(SteadySpan late_window) : late_window_(late_window) {}

    // An answer of this shape may come from now on until the window has passed.
    void suspect_late(AnswerShape shape, SteadyTime now);
    // The answer that just came may come a second time; a matter of course for some devices.
    void suspect_repeat(AnswerShape shape, SteadyTime now);
    // A question of this shape, allowed by choose(), was answered with data.
    void answered(AnswerShape shape, SteadyTime now);

    // Whether the answer to an earlier question is missing and may still come.
    bool expects_late(SteadyTime now) const;

    // How the question may be asked now. `longest` bounds the count; `covers` is false for a read that only
    // serves to end the quarantine: its data is not what the question wants.
    struct Choice {
        std::uint16_t count = 0;
        bool covers = true;
    };
    // nullopt: not at all before allowed_at().
    std::optional<Choice> choose(const Question& question, std::uint16_t longest, SteadyTime now) const;
    SteadyTime allowed_at(const Question& question, std::uint16_t longest, SteadyTime now) const;

    // Shapes in doubt are at most this many; at the limit the whole unit rests until the window has passed.
    static constexpr std::size_t capacity = 64;
    // By how many registers (bits: bytes) a read is lengthened at most.
    static constexpr int steps_more = 7;

  private:
    struct Doubt {
        AnswerShape shape;
        SteadyTime until{};
        bool late = true;             // as opposed to a repeat; not forgotten with a repeat on top
        bool other_answered = false;  // a read of another byte count has been answered since
    };

    void suspect(AnswerShape shape, SteadyTime now, bool late);
    const Doubt* find(AnswerShape shape) const;
    bool is_clear(const Question& question, std::uint16_t count, SteadyTime now) const;

    SteadySpan late_window_;
    SteadyTime rest_until_{};
    std::vector<Doubt> doubts_;
};

}  // namespace sitepower::modbus
