// Asks on links that do not tie answers to questions, by the rule of quarantine.hpp: keeps what is in doubt
// for each unit id on the line, chooses the length of each read accordingly, and takes note of every answer
// and every stray byte. Owned by a bus's worker.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>

#include "drivers/modbus/group_reader.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/quarantine.hpp"

namespace sitepower::modbus {

class CarefulAsker {
  public:
    // One request over the line; fills the words that the asker was given.
    using Exchange = std::function<Answer(const Question&)>;

    // Several devices may share a unit id: the longest late window and any `repeats_answers` count.
    void add_unit(int unit, const UnitTiming& timing);

    // words: where `exchange` puts the answer. strays: asked for after each exchange.
    Asker::Reply ask(ReadPlan& plan, Link& link, const Exchange& exchange,
                     std::span<const std::uint16_t> words);

    // Takes note of what came unasked during a write.
    void note_strays(std::span<const Stray> strays, SteadyTime now);

    // How often a unit was put into quarantine.
    std::uint64_t quarantines() const { return quarantines_; }

  private:
    struct LineUnit {
        Quarantine quarantine;
        SteadySpan late_window{};
        bool repeats = false;        // the profile says so
        SteadyTime repeats_until{};  // it was seen to
        std::optional<AnswerShape> last_asked;
        std::optional<AnswerShape> last_answered;
    };

    static bool may_repeat(const LineUnit& unit, SteadyTime now) {
        return unit.repeats || now < unit.repeats_until;
    }
    void suspect(LineUnit& unit, AnswerShape shape, SteadyTime now);
    void note(LineUnit& unit, const Question& question, const Answer& answer, SteadyTime now);
    void note_stray(LineUnit& unit, std::optional<AnswerShape> shape, SteadyTime now);

    std::map<int, LineUnit> units_;
    std::uint64_t quarantines_ = 0;
};

}  // namespace sitepower::modbus
