#include "drivers/modbus/mailbox_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan between_mailbox_looks = 100ms;
constexpr SteadySpan first_mailbox_rest = 10s;
constexpr SteadySpan last_mailbox_rest = 10min;
constexpr SteadySpan latest_step = 5s;  // of a poll that waits: what was asked for may be long gone

// Whether the device may have taken the request although it did not say so. A gateway's 0x0B says that the
// device behind it was silent; 0x05, that it is still at work.
bool may_be_taken(const Answer& answer) {
    if (answer.kind == AnswerKind::exception) return answer.exception == 0x05 || answer.exception == 0x0B;
    return answer.kind == AnswerKind::timeout || answer.kind == AnswerKind::bad_frame;
}

bool speaks_for_itself(const Answer& answer) {
    return answer.kind == AnswerKind::exception && answer.exception != 0x0A && answer.exception != 0x0B;
}

bool asks_for_patience(const Answer& answer) {
    return answer.kind == AnswerKind::exception && (answer.exception == 0x05 || answer.exception == 0x06);
}

std::uint16_t room_from(std::uint32_t address, const UnitLimits& limits) {
    auto end = std::min<std::uint32_t>(0x10000, address + static_cast<std::uint32_t>(limits.max_registers));
    for (const std::uint32_t barrier : limits.barriers) {
        if (barrier > address) end = std::min(end, barrier);
    }
    return static_cast<std::uint16_t>(end - address);
}

}  // namespace

MailboxReader::MailboxReader(const UnitPlan& unit, std::span<const PollGroup> groups)
    : limits_(unit.limits), unit_(static_cast<std::uint8_t>(unit.unit)) {
    for (const auto& group : groups) {
        auto& turn = turns_.emplace_back(Turn{.group = group, .decoders = {}});
        for (const auto& point : group.points) turn.decoders.emplace_back(point, std::uint16_t{0});
    }
    plan_reads();
}

void MailboxReader::plan_reads() {
    const auto& box = mailbox();
    std::uint32_t begin = 0x10000;
    std::uint32_t end = 0;
    for (const auto& sign : box.signs) {
        begin = std::min<std::uint32_t>(begin, sign.address);
        end = std::max(end, sign.address + 1U);
    }
    const std::uint32_t window = box.window_address;
    const std::uint32_t window_end = window + box.window_length;
    const auto hole = static_cast<std::uint32_t>(limits_.max_hole);
    const bool near = window <= end + hole && begin <= window_end + hole;
    const auto first = std::min(begin, window);
    in_one_ = box.windows == 1 && near &&
              std::max(end, window_end) - first <= static_cast<std::uint32_t>(room_from(first, limits_));
    if (in_one_) {
        begin = first;
        end = std::max(end, window_end);
    }
    auto longest = room_from(begin, limits_);
    // A look must not make the device go on.
    if (box.windows > 1 && window > begin) {
        longest = static_cast<std::uint16_t>(std::min<std::uint32_t>(longest, window - begin));
    }
    look_.question = {unit_, Table::holding, static_cast<std::uint16_t>(begin),
                      static_cast<std::uint16_t>(end - begin)};
    // Where answers are known by their length alone, one of a window must not pass for a look.
    const bool alike = look_.question.count == box.window_length;
    if (box.windows > 1 && alike && longest > look_.question.count) ++look_.question.count;
    look_.longest = std::max(longest, look_.question.count);
    window_.question = {unit_, Table::holding, box.window_address, box.window_length};
    window_.longest = std::max(room_from(window, limits_), box.window_length);
    window_.moves_on = box.windows > 1;
}

void MailboxReader::forget() {
    if (is_asked_for()) {
        interruption_ = "the connection was made anew meanwhile";
    } else {
        step_ = Step::probe;
    }
}

Attempt MailboxReader::read(Asker& asker, SteadyTime now) {
    Attempt attempt;
    attempt.asked = true;
    if (under_way() && now > due_ + latest_step) {
        if (is_asked_for()) {
            interruption_ = "the line was too busy";
        } else {
            step_ = Step::probe;
        }
    }
    if (!interruption_.empty()) {
        resume(asker, now, attempt);
    } else if (step_ == Step::probe) {
        probe(asker, now, attempt);
    } else if (step_ == Step::request) {
        request(asker, now, attempt);
    } else if (step_ == Step::look) {
        look(asker, now, attempt);
    } else if (step_ == Step::window) {
        read_window(asker, now, attempt);
    } else {
        look_again(asker, now, attempt);
    }
    attempt.alive = attempt.alive || alive_;
    if (!under_way()) alive_ = false;
    due_ = attempt.postponed_to.value_or(now);
    return attempt;
}

void MailboxReader::resume(Asker& asker, SteadyTime now, Attempt& attempt) {
    // A device that drops the connection at each request must not be asked for ever.
    if (!doubt_.empty() || asked_again_) {
        return fail_poll(asker, now, attempt, doubt_ + std::string(interruption_));
    }
    asked_again_ = true;
    interruption_ = {};
    step_ = Step::probe;
    attempt.postponed_to = now;
}

bool MailboxReader::leave_out(Asker& asker, SteadyTime now, Attempt& attempt) {
    const auto& turn = turns_[turn_];
    if (now >= turn.rest_until) return false;
    attempt.problem = turn.problem;
    make_unknown(asker, attempt);
    go_on(now, attempt);
    return true;
}

void MailboxReader::probe(Asker& asker, SteadyTime now, Attempt& attempt) {
    const bool has_begun = turn_ != 0 || asked_again_;
    if (has_begun && leave_out(asker, now, attempt)) return;
    const auto reply = asker.ask(look_);
    if (reply.answer.kind == AnswerKind::postponed) {
        attempt.postponed_to = reply.postponed_to;
        return;
    }
    alive_ = alive_ || reply.answer.good() || speaks_for_itself(reply.answer);
    if (reply.answer.good()) {
        shown_before_ = missing_sign(reply.words, false) == nullptr;
        step_ = Step::request;
        attempt.postponed_to = now;
        return;
    }
    if (has_begun) {
        return fail_poll(asker, now, attempt,
                         fmt::format("{}: {}", describe(look_.question), describe(reply.answer)));
    }
    attempt.failed_question = look_.question;
    attempt.failure = reply.answer;
}

void MailboxReader::request(Asker& asker, SteadyTime now, Attempt& attempt) {
    if (leave_out(asker, now, attempt)) return;
    // It is written only right after the device has answered.
    if (now < quiet_until_) {
        step_ = Step::probe;
        attempt.postponed_to = quiet_until_;
        return;
    }
    const auto& box = mailbox();
    const WriteRequest request{
        .unit = unit_, .table = Table::holding, .address = box.request_address, .words = box.request};
    const auto reply = asker.write(request, box.settle);
    const auto& answer = reply.answer;
    if (answer.kind == AnswerKind::postponed) {
        step_ = Step::probe;
        attempt.postponed_to = reply.postponed_to;
        return;
    }
    const auto what = fmt::format("{}: {}", describe(request), describe(answer));
    if (!answer.good() && !may_be_taken(answer)) {
        if (answer.kind != AnswerKind::exception) return fail_poll(asker, now, attempt, what);
        return fail_turn(asker, now, attempt, Device::refused, what);
    }
    doubt_ = answer.good() ? "" : what + "; ";
    step_ = Step::look;
    looked_ = false;
    attempt.postponed_to = now + SteadySpan(box.settle);
}

Asker::Reply MailboxReader::ask(ReadPlan& plan, Asker& asker, SteadyTime now, Attempt& attempt) {
    auto reply = asker.ask(plan);
    if (!interruption_.empty()) {
        resume(asker, now, attempt);
        reply.answer = {.kind = AnswerKind::lost};
    } else if (reply.answer.kind == AnswerKind::postponed) {
        attempt.postponed_to = reply.postponed_to;
    } else if (asks_for_patience(reply.answer) && step_ == Step::look && now < ready_by_) {
        attempt.postponed_to = now + between_mailbox_looks;
    } else if (!reply.answer.good()) {
        const auto why = fmt::format("{}{}: {}", doubt_, describe(plan.question), describe(reply.answer));
        if (speaks_for_itself(reply.answer) || reply.answer.kind == AnswerKind::refused) {
            fail_turn(asker, now, attempt, Device::may_be_at_work, why);
        } else {
            fail_poll(asker, now, attempt, why);
        }
    }
    return reply;
}

const Mailbox::Sign* MailboxReader::missing_sign(std::span<const std::uint16_t> words,
                                                 bool index_only) const {
    for (const auto& sign : mailbox().signs) {
        if (index_only && !sign.shows_index) continue;
        if (shown(sign, words) != sign.word) return &sign;
    }
    return nullptr;
}

std::uint16_t MailboxReader::shown(const Mailbox::Sign& sign, std::span<const std::uint16_t> words) const {
    return words[static_cast<std::size_t>(sign.address - look_.question.address)];
}

void MailboxReader::look(Asker& asker, SteadyTime now, Attempt& attempt) {
    // It is counted from the first look: how long the line was busy is not the device's fault.
    if (!std::exchange(looked_, true)) ready_by_ = now + SteadySpan(mailbox().ready_within);
    const auto reply = ask(look_, asker, now, attempt);
    if (!reply.answer.good()) return;
    if (const auto* sign = missing_sign(reply.words, false)) {
        if (now < ready_by_) {
            attempt.postponed_to = std::min(now + between_mailbox_looks, ready_by_);
            return;
        }
        return fail_turn(asker, now, attempt, Device::may_be_at_work,
                         fmt::format("{}register {} is {} instead of {}", doubt_, sign->address,
                                     shown(*sign, reply.words), sign->word));
    }
    if (shown_before_ && !doubt_.empty()) {
        return fail_turn(asker, now, attempt, Device::may_be_at_work, doubt_ + "it was shown before already");
    }
    if (shown_before_ && now < ready_by_) {
        attempt.postponed_to = ready_by_;
        return;
    }
    const auto& box = mailbox();
    if (in_one_) {
        const auto from = static_cast<std::size_t>(box.window_address - look_.question.address);
        return take(reply.words.subspan(from, box.window_length), asker, now, attempt);
    }
    words_.clear();
    step_ = Step::window;
    attempt.postponed_to = now;
}

void MailboxReader::read_window(Asker& asker, SteadyTime now, Attempt& attempt) {
    const auto reply = ask(window_, asker, now, attempt);
    if (!reply.answer.good()) return;
    const auto& box = mailbox();
    const auto part = reply.words.first(box.window_length);
    words_.insert(words_.end(), part.begin(), part.end());
    const bool all = words_.size() == std::size_t{box.window_length} * static_cast<std::size_t>(box.windows);
    const bool is_shown = std::ranges::any_of(box.signs, &Mailbox::Sign::shows_index);
    if (all && !is_shown && box.windows == 1) return take(words_, asker, now, attempt);
    if (all) step_ = Step::look_again;
    attempt.postponed_to = now;
}

void MailboxReader::look_again(Asker& asker, SteadyTime now, Attempt& attempt) {
    const auto reply = ask(look_, asker, now, attempt);
    if (!reply.answer.good()) return;
    if (const auto* sign = missing_sign(reply.words, true)) {
        return fail_turn(asker, now, attempt, Device::may_be_at_work,
                         fmt::format("register {} became {} while the window was read", sign->address,
                                     shown(*sign, reply.words)));
    }
    // Of windows read one after the other all answers look alike: had one come twice, one would be left over.
    if (reply.more_came && mailbox().windows > 1) {
        return fail_turn(asker, now, attempt, Device::may_be_at_work,
                         "more answers came than were asked for");
    }
    take(words_, asker, now, attempt);
}

void MailboxReader::take(std::span<const std::uint16_t> words, Asker& asker, SteadyTime now,
                         Attempt& attempt) {
    auto& turn = turns_[turn_];
    make_unknown(asker, attempt);
    for (std::size_t i = 0; i < turn.decoders.size(); ++i) {
        const auto reading = turn.decoders[i].decode(words);
        attempt.frame->values[i] = reading.value;
        attempt.frame->quality[i] = reading.quality;
    }
    turn.rest = SteadySpan::zero();
    go_on(now, attempt);
}

void MailboxReader::go_on(SteadyTime now, Attempt& attempt) {
    asked_again_ = false;
    step_ = Step::probe;
    if (++turn_ == turns_.size()) {
        turn_ = 0;
    } else {
        attempt.postponed_to = now;
    }
}

void MailboxReader::make_unknown(Asker& asker, Attempt& attempt) const {
    const auto& turn = turns_[turn_];
    attempt.frame = std::make_shared<Frame>();
    attempt.frame->layout = turn.group.layout;
    attempt.frame->values.resize(turn.decoders.size());
    attempt.frame->quality.resize(turn.decoders.size(), Quality::comm_error);
    asker.stamp(*attempt.frame);
}

void MailboxReader::fail_turn(Asker& asker, SteadyTime now, Attempt& attempt, Device device,
                              const std::string& why) {
    auto& turn = turns_[turn_];
    const auto& box = mailbox();
    turn.rest = std::clamp(turn.rest * 2, first_mailbox_rest, last_mailbox_rest);
    turn.rest_until = now + turn.rest;
    turn.problem = box.index ? fmt::format("mailbox {}, index {}: {}", box.name, *box.index, why)
                             : fmt::format("mailbox {}: {}", box.name, why);
    attempt.problem = turn.problem;
    if (device == Device::may_be_at_work) quiet_until_ = now + SteadySpan(box.ready_within);
    make_unknown(asker, attempt);
    go_on(now, attempt);
}

void MailboxReader::fail_poll(Asker& asker, SteadyTime now, Attempt& attempt, const std::string& why) {
    fail_turn(asker, now, attempt, Device::may_be_at_work, why);
    attempt.postponed_to.reset();
    interruption_ = {};
    turn_ = 0;
    step_ = Step::probe;
}

}  // namespace sitepower::modbus
