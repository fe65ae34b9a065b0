#include "drivers/modbus/careful_asker.hpp"

#include <utility>

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan repeats_for = 1h;  // a unit that was seen to repeat an answer is expected to do it again

Asker::Reply postponed(SteadyTime until) {
    return {.answer = {.kind = AnswerKind::postponed}, .words = {}, .postponed_to = until};
}

}  // namespace

void CarefulAsker::add_unit(int unit, const UnitTiming& timing) {
    const auto found =
        units_
            .try_emplace(unit,
                         LineUnit{Quarantine(timing.late_window), timing.late_window, false, {}, {}, {}})
            .first;
    auto& line_unit = found->second;
    line_unit.repeats = line_unit.repeats || timing.repeats_answers;
    if (timing.late_window > line_unit.late_window) {
        line_unit.late_window = timing.late_window;
        line_unit.quarantine = Quarantine(timing.late_window);
    }
}

Asker::Reply CarefulAsker::ask(ReadPlan& plan, Link& link, const Exchange& exchange,
                               std::span<const std::uint16_t> words) {
    if (plan.question.unit == 0) {
        return {
            .answer = {.kind = AnswerKind::refused, .detail = "unit 0 is the broadcast of a serial line"}};
    }
    auto& unit = units_.at(plan.question.unit);
    bool more_came = false;
    for (;;) {
        const auto now = steady_now();
        const auto choice = unit.quarantine.choose(plan.question, plan.longest, now);
        if (!choice) return postponed(unit.quarantine.allowed_at(plan.question, plan.longest, now));
        if (plan.moves_on && choice->count != plan.question.count) {
            return {.answer = {.kind = AnswerKind::refused,
                               .detail = "its answer could not be told from a late one"}};
        }
        auto question = plan.question;
        question.count = choice->count;
        const bool may_be_late = unit.quarantine.expects_late(now);
        const auto answer = exchange(question);
        const auto after = steady_now();
        note(unit, question, answer, after);
        note_strays(link.strays(), after);
        more_came = more_came || !link.strays().empty();
        if (answer.good() && !choice->covers) continue;
        if (answer.denies_registers() && question.count > plan.question.count) {
            plan.longest = static_cast<std::uint16_t>(question.count - 1);
            return postponed(after);
        }
        // The refusal may be the late answer to another question: it is believed when it comes again.
        const bool doubtful =
            answer.denies_registers() && (may_be_late || may_repeat(unit, after) || !choice->covers);
        if (doubtful && !plan.moves_on && !std::exchange(plan.refused_once, true)) {
            return postponed(unit.quarantine.allowed_at(plan.question, plan.longest, after));
        }
        plan.refused_once = false;
        return {.answer = answer, .words = words, .more_came = more_came};
    }
}

void CarefulAsker::suspect(LineUnit& unit, AnswerShape shape, SteadyTime now) {
    if (!unit.quarantine.expects_late(now)) ++quarantines_;
    unit.quarantine.suspect_late(shape, now);
}

void CarefulAsker::note(LineUnit& unit, const Question& question, const Answer& answer, SteadyTime now) {
    const auto shape = shape_of(question);
    unit.last_asked = shape;
    switch (answer.kind) {
        case AnswerKind::data:
            unit.last_answered = shape;
            unit.quarantine.answered(shape, now);
            if (may_repeat(unit, now)) unit.quarantine.suspect_repeat(shape, now);
            break;
        case AnswerKind::exception:
            // It may have been the answer to an earlier question, and then ours is still to come.
            if (may_repeat(unit, now) || unit.quarantine.expects_late(now)) suspect(unit, shape, now);
            break;
        case AnswerKind::timeout:
        case AnswerKind::bad_frame:
        case AnswerKind::lost:
            suspect(unit, shape, now);
            break;
        case AnswerKind::refused:
        case AnswerKind::postponed:
            break;
    }
}

void CarefulAsker::note_stray(LineUnit& unit, std::optional<AnswerShape> shape, SteadyTime now) {
    const bool again = shape && shape == unit.last_answered && !unit.quarantine.expects_late(now);
    if (again) unit.repeats_until = now + repeats_for;
    const auto in_doubt = shape ? shape : unit.last_asked;
    if (in_doubt) suspect(unit, *in_doubt, now);
}

void CarefulAsker::note_strays(std::span<const Stray> strays, SteadyTime now) {
    for (const auto& stray : strays) {
        const auto known = units_.find(stray.unit);
        if (known != units_.end()) {
            note_stray(known->second, AnswerShape{stray.function, stray.byte_count}, now);
            continue;
        }
        for (auto& [id, unit] : units_) note_stray(unit, std::nullopt, now);
    }
}

}  // namespace sitepower::modbus
