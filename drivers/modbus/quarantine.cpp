#include "drivers/modbus/quarantine.hpp"

#include <algorithm>
#include <array>

#include "drivers/modbus/planner.hpp"

namespace sitepower::modbus {
namespace {

// The ways to ask a question: as it is, with some steps more, or one less. A step changes the byte count.
struct Alternatives {
    std::array<Quarantine::Choice, Quarantine::steps_more + 2> choices{};
    std::size_t count = 0;

    Alternatives(const Question& question, std::uint16_t longest) {
        const int step = is_bit_table(question.table) ? 8 : 1;
        add(question.count, true);
        if (question.identity) return;  // its answer is as long as the device likes
        for (int more = 1; more <= Quarantine::steps_more; ++more) {
            const int longer = question.count + more * step;
            if (longer <= longest) add(longer, true);
        }
        if (question.count > step) add(question.count - step, false);
    }

    void add(int registers, bool covers) {
        choices[count++] = {static_cast<std::uint16_t>(registers), covers};
    }
    auto begin() const { return choices.begin(); }
    auto end() const { return choices.begin() + static_cast<std::ptrdiff_t>(count); }
};

AnswerShape shape_with(const Question& question, std::uint16_t count) {
    if (question.identity) return {identification_function, question.identity->first};
    return {function_of(question.table), answer_bytes(question.table, count)};
}

}  // namespace

AnswerShape shape_of(const Question& question) {
    return shape_with(question, question.count);
}

const Quarantine::Doubt* Quarantine::find(AnswerShape shape) const {
    const auto found = std::ranges::find(doubts_, shape, &Doubt::shape);
    return found == doubts_.end() ? nullptr : &*found;
}

void Quarantine::suspect(AnswerShape shape, SteadyTime now, bool late) {
    if (const auto* known = find(shape)) {
        const auto at = doubts_.begin() + (known - doubts_.data());
        late = late || at->late;
        doubts_.erase(at);
    }
    if (doubts_.size() >= capacity) {
        rest_until_ = now + late_window_;
        return;
    }
    doubts_.push_back({shape, now + late_window_, late, false});
}

void Quarantine::suspect_late(AnswerShape shape, SteadyTime now) {
    suspect(shape, now, true);
}

void Quarantine::suspect_repeat(AnswerShape shape, SteadyTime now) {
    suspect(shape, now, false);
}

void Quarantine::answered(AnswerShape shape, SteadyTime now) {
    for (auto& doubt : doubts_) doubt.other_answered = doubt.other_answered || doubt.shape != shape;
    std::erase_if(doubts_, [&](const Doubt& doubt) {
        return doubt.shape == shape || (now >= doubt.until && doubt.other_answered);
    });
}

bool Quarantine::expects_late(SteadyTime now) const {
    return now < rest_until_ ||
           std::ranges::any_of(doubts_, [&](const Doubt& doubt) { return doubt.late && now < doubt.until; });
}

bool Quarantine::is_clear(const Question& question, std::uint16_t count, SteadyTime now) const {
    const auto* doubt = find(shape_with(question, count));
    if (doubt == nullptr) return true;
    return doubt->other_answered && now >= doubt->until;
}

std::optional<Quarantine::Choice> Quarantine::choose(const Question& question, std::uint16_t longest,
                                                     SteadyTime now) const {
    if (now < rest_until_) return std::nullopt;
    const auto* doubt = find(shape_of(question));
    if (doubt == nullptr) return Choice{question.count, true};
    const Alternatives alternatives(question, longest);
    for (const auto& choice : alternatives) {
        // A read that does not cover the question is worth its time only until one has been answered.
        const bool useful = choice.covers || !doubt->other_answered;
        if (useful && is_clear(question, choice.count, now)) return choice;
    }
    // No length tells the answers apart: what remains is the window.
    for (const auto& choice : alternatives) {
        const auto* other = find(shape_with(question, choice.count));
        if (choice.covers && (other == nullptr || now >= other->until)) return choice;
    }
    return std::nullopt;
}

SteadyTime Quarantine::allowed_at(const Question& question, std::uint16_t longest, SteadyTime now) const {
    if (choose(question, longest, now)) return now;
    auto earliest = SteadyTime::max();
    for (const auto& choice : Alternatives(question, longest)) {
        const auto* doubt = choice.covers ? find(shape_with(question, choice.count)) : nullptr;
        if (doubt != nullptr) earliest = std::min(earliest, doubt->until);
    }
    return std::max(earliest == SteadyTime::max() ? now : earliest, rest_until_);
}

}  // namespace sitepower::modbus
