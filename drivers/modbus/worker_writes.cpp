// The writes of a bus: sent once, and told as done only when that is certain.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/modbus/worker.hpp"

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan between_looks = 250ms;
// How long the point may stay unreadable once its word would be the last.
constexpr SteadySpan patience_for_looking = 5s;

// Nobody can say whether the device has carried the write out. A gateway's 0x0B means that the device behind
// it did not answer in time; 0x05, that the device is still working on it.
bool leaves_doubt(const Answer& answer) {
    switch (answer.kind) {
        case AnswerKind::timeout:
        case AnswerKind::bad_frame:
        case AnswerKind::lost:
            return true;
        case AnswerKind::exception:
            return answer.exception == 0x05 || answer.exception == 0x0B;
        default:
            return false;
    }
}

// The device was busy: it has not taken the write.
bool was_busy(const Answer& answer) {
    return answer.kind == AnswerKind::exception && answer.exception == 0x06;
}

ReadPlan plan_look(const ReadBack& read_back, const UnitLimits& limits) {
    const auto span = span_of(read_back.point);
    const auto count = static_cast<std::uint16_t>(span.end - span.begin);
    const auto most = is_bit_table(span.table) ? limits.max_bits : limits.max_registers;
    const auto room = std::min<std::uint32_t>(static_cast<std::uint32_t>(most), 0x10000U - span.begin);
    ReadPlan plan;
    plan.question = {static_cast<std::uint8_t>(read_back.unit), span.table,
                     static_cast<std::uint16_t>(span.begin), count};
    plan.longest = static_cast<std::uint16_t>(std::max<std::uint32_t>(room, count));
    plan.decoders.emplace_back(read_back.point, plan.question.address);
    return plan;
}

}  // namespace

void Bus::Worker::take_orders() {
    const auto now = steady_now();
    for (auto& order : orders_.take()) {
        auto& write = writes_.emplace_back();
        write.order = std::move(order);
        write.at = now;
        write.expires = now + write.order.patience;
        const auto unit = find_unit(write.order.device, write.order.request.unit);
        const auto& read_back = write.order.read_back;
        const auto shown_by = read_back ? find_unit(write.order.device, read_back->unit) : unit;
        if (!unit || !shown_by) {
            end(write, WriteOutcome::not_sent, "the device has no such unit on this bus that is polled");
            continue;
        }
        write.unit = *unit;
        write.shown_by = *shown_by;
        if (read_back) write.look = plan_look(*read_back, units_[*shown_by].plan.limits);
    }
}

std::optional<std::size_t> Bus::Worker::find_unit(DeviceIndex device, int unit) const {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (units_[i].plan.device == device && units_[i].plan.unit == unit) return i;
    }
    return std::nullopt;
}

Bus::Worker::Write* Bus::Worker::next_write() {
    Write* next = nullptr;
    for (auto write = writes_.begin(); write != writes_.end(); ++write) {
        const bool waits_for_another = std::any_of(
            writes_.begin(), write, [&](const Write& other) { return other.unit == write->unit; });
        if (!waits_for_another && (next == nullptr || write->at < next->at)) next = &*write;
    }
    return next;
}

void Bus::Worker::step(Write& write, SteadyTime now) {
    progress();
    if (write.sent) {
        look_at_effect(write, now);
    } else if (may_send(write, now)) {
        send(write, now);
    }
}

bool Bus::Worker::may_send(Write& write, SteadyTime now) {
    auto& unit = units_[write.unit];
    const auto& request = write.order.request;
    const auto wait_until = [&](SteadyTime when, std::string_view why) {
        if (when > write.expires) {
            end(write, WriteOutcome::not_sent,
                fmt::format("it could not be sent within {} s: {}",
                            std::chrono::duration<double>(write.order.patience).count(), why));
        } else {
            write.at = when;
        }
        return false;
    };
    if (now > write.expires) return wait_until(now, "the bus was busy");
    if (!link_->ties_answers() && request.unit == 0) {
        end(write, WriteOutcome::not_sent, "unit 0 is the broadcast of a serial line");
        return false;
    }
    if (!ensure_open()) {
        return wait_until(std::max(reconnect_at_, now + between_looks),
                          connect_error_.empty() ? "not connected" : std::string_view(connect_error_));
    }
    if (!guard_.is_well(write.unit)) {
        end(write, WriteOutcome::not_sent, "the device does not answer");
        return false;
    }
    asking_ = write.unit;
    Attempt attempt;
    if (!inspect(unit, attempt)) {
        end(write, WriteOutcome::not_sent, unit.inspection_problem);
        return false;
    }
    if (unit.silent_until > now) return wait_until(unit.silent_until, "the device settles after a write");
    if (const auto at = writable_at(unit, request); at > now) {
        return wait_until(at, "the answer to an earlier write may still come");
    }
    return true;
}

SteadyTime Bus::Worker::writable_at(const Unit& unit, const WriteRequest& request) const {
    // A refusal says nothing of what it refuses; an acknowledgement repeats function and address.
    const bool looks_alike =
        unit.written && (unit.write_in_doubt || (function_of(*unit.written) == function_of(request) &&
                                                 unit.written->address == request.address));
    return !link_->ties_answers() && looks_alike ? unit.write_again_at : SteadyTime{};
}

std::optional<Answer> Bus::Worker::transmit(Unit& unit, const WriteRequest& request, Duration settle) {
    if (!keep_silence()) return std::nullopt;
    const auto start = steady_now();
    const auto answer = link_->write(request, unit.plan.timing.response_timeout);
    account(answer, start);
    if (!link_->ties_answers()) {
        careful_.note_strays(link_->strays(), last_exchange_);
        unit.written = was_busy(answer) ? std::nullopt : std::optional(request);
        unit.write_in_doubt = !answer.good();
        unit.write_again_at = last_exchange_ + unit.plan.timing.late_window;
    }
    unit.silent_until = last_exchange_ + settle;
    return answer;
}

void Bus::Worker::send(Write& write, SteadyTime now) {
    auto& unit = units_[write.unit];
    const auto sent = transmit(unit, write.order.request, write.order.settle);
    if (!sent) return;
    const auto& answer = *sent;
    const auto end_of_write = last_exchange_;
    const bool busy = was_busy(answer);
    if (busy && write.busy_tries < unit.plan.timing.busy_retries) {
        ++write.busy_tries;
        write.at = std::max(unit.silent_until, end_of_write + unit.plan.timing.busy_wait);
        return;
    }
    after_send(write, answer, now);
}

void Bus::Worker::after_send(Write& write, const Answer& answer, SteadyTime now) {
    const auto& order = write.order;
    const auto what = describe(order.request);
    const bool doubtful = leaves_doubt(answer);
    if (!doubtful && !answer.good()) {
        const bool refused = answer.kind == AnswerKind::exception;
        end(write, refused ? WriteOutcome::refused : WriteOutcome::not_sent,
            fmt::format("{}: {}", what, describe(answer)));
        return;
    }
    write.sent = true;
    if (doubtful) write.doubt = fmt::format("{}: {}", what, describe(answer));
    if (!write.look) {
        if (doubtful) {
            end(write, WriteOutcome::unknown, write.doubt + "; no point shows whether it was carried out");
        } else {
            end(write, WriteOutcome::accepted);
        }
        return;
    }
    // What nobody acknowledged may be carried out as late as its answer may come.
    const auto settled = std::max(now, last_exchange_) + order.settle;
    const auto& timing = units_[write.unit].plan.timing;
    write.at = settled;
    write.conclusive_at =
        settled + order.read_back->effect + (doubtful ? timing.late_window : Duration::zero());
    write.give_up_at = write.conclusive_at + patience_for_looking + 2 * timing.response_timeout;
}

void Bus::Worker::look_at_effect(Write& write, SteadyTime now) {
    asking_ = write.shown_by;
    auto& unit = units_[write.shown_by];
    // After a mailbox's request it hears nothing for a while.
    if (unit.silent_until > now) {
        write.at = unit.silent_until;
        if (write.at > write.give_up_at) look_again(write, write.at);
        return;
    }
    Attempt attempt;
    if (ensure_open() && !inspect(unit, attempt)) {
        write.problem = unit.inspection_problem;
        return look_again(write, now);
    }
    const auto asked_at = steady_now();
    const auto reply = ask(*write.look);
    if (reply.answer.kind == AnswerKind::postponed) {
        write.problem = describe(reply.answer);
        write.at = std::max(reply.postponed_to, now);
        if (write.at > write.give_up_at) look_again(write, write.at);
        return;
    }
    if (!reply.answer.good()) {
        const bool lost = reply.answer.kind == AnswerKind::lost && !connect_error_.empty();
        write.problem = fmt::format("{}: {}", describe(write.look->question),
                                    lost ? connect_error_ : describe(reply.answer));
        return look_again(write, now);
    }
    judge_effect(write, write.look->decoders.front().decode(reply.words), asked_at);
}

void Bus::Worker::judge_effect(Write& write, const Reading& reading, SteadyTime now) {
    const auto& expected = *write.order.read_back;
    if (reading.quality != Quality::good) {
        write.problem = fmt::format("{}: {}", describe(write.look->question), to_string(reading.quality));
        return look_again(write, now);
    }
    write.shown = reading.value;
    if (reading.value >= expected.lowest && reading.value <= expected.highest) {
        return end(write, WriteOutcome::verified);
    }
    if (now < write.conclusive_at) return look_again(write, now);
    const auto wanted = expected.lowest == expected.highest
                            ? fmt::format("{}", expected.lowest)
                            : fmt::format("{} to {}", expected.lowest, expected.highest);
    end(write, WriteOutcome::ineffective,
        fmt::format("{}{}the point that shows its effect is {} instead of {}", write.doubt,
                    write.doubt.empty() ? "acknowledged, but " : "; ", reading.value, wanted));
}

void Bus::Worker::look_again(Write& write, SteadyTime now) {
    if (now >= write.give_up_at) {
        const auto sent = write.doubt.empty() ? std::string("acknowledged") : write.doubt;
        return end(write, WriteOutcome::unknown,
                   fmt::format("{}; its effect could not be read: {}", sent, write.problem));
    }
    write.at = std::max(now, steady_now()) + between_looks;
    // The look that decides comes at its time.
    if (now < write.conclusive_at) write.at = std::min(write.at, write.conclusive_at);
}

void Bus::Worker::end(Write& write, WriteOutcome outcome, std::string reason) {
    if (!reason.empty()) {
        reason = fmt::format("bus {}, unit {}: {}", settings_.id, write.order.request.unit, reason);
    }
    WriteReport report{
        .id = write.order.id, .outcome = outcome, .read_back = write.shown, .reason = std::move(reason)};
    const auto position =
        std::find_if(writes_.begin(), writes_.end(), [&](const Write& other) { return &other == &write; });
    writes_.erase(position);  // `write` is gone
    orders_.finished();
    sink_.write_finished(std::move(report));
}

void Bus::Worker::end_all_writes() {
    while (!writes_.empty()) {
        auto& write = writes_.front();
        const bool sent = write.sent;
        end(write, sent ? WriteOutcome::unknown : WriteOutcome::not_sent,
            sent ? "sent, but the bus ended before its effect could be looked at" : "the bus has ended");
    }
    for (const auto& order : orders_.close()) {
        sink_.write_finished(
            {.id = order.id, .outcome = WriteOutcome::not_sent, .reason = "the bus has ended"});
    }
}

}  // namespace sitepower::modbus
