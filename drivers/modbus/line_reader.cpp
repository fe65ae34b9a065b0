#include "drivers/modbus/line_reader.hpp"

#include <algorithm>

namespace sitepower::modbus {
namespace {

constexpr std::size_t words_in_an_answer = 2000 + 32;
constexpr int most_postponements = 32;

bool may_be_asked_again(const Answer& answer) {
    const bool busy =
        answer.kind == AnswerKind::exception && (answer.exception == 0x05 || answer.exception == 0x06);
    return busy || answer.kind == AnswerKind::timeout || answer.kind == AnswerKind::bad_frame ||
           answer.kind == AnswerKind::lost;
}

}  // namespace

LineReader::LineReader(BusSettings settings, UnitTiming timing)
    : settings_(std::move(settings)),
      timing_(timing),
      link_(make_link(settings_, stop_)),
      words_(words_in_an_answer) {}

LineReader::~LineReader() = default;

Status LineReader::open() {
    if (link_->is_open()) return Done{};
    auto opened = link_->open(settings_.connect_timeout);
    if (opened && settings_.connect_delay > Duration::zero()) {
        stop_.wait_until(steady_now() + settings_.connect_delay);
    }
    return opened;
}

Answer LineReader::exchange(const Question& question) {
    const auto gap = std::max<SteadySpan>({settings_.frame_gap, timing_.frame_gap, link_->line_gap()});
    stop_.wait_until(last_exchange_ + gap);
    ++requests_;
    const auto answer = link_->read(question, timing_.response_timeout, words_);
    last_exchange_ = steady_now();
    return answer;
}

Asker::Reply LineReader::ask(ReadPlan& plan) {
    if (!open()) return {.answer = {.kind = AnswerKind::lost, .detail = "not connected"}};
    if (link_->ties_answers()) return {.answer = exchange(plan.question), .words = words_};
    careful_.add_unit(plan.question.unit, timing_);
    return careful_.ask(
        plan, *link_, [this](const Question& question) { return exchange(question); }, words_);
}

Answer LineReader::read(const Question& question, std::span<std::uint16_t> words) {
    ReadPlan plan{.question = question,
                  .longest = static_cast<std::uint16_t>(std::min(125, 0x10000 - question.address))};
    Answer answer{.kind = AnswerKind::timeout};
    int tries = 0;
    for (int i = 0; i < most_postponements; ++i) {
        const auto reply = ask(plan);
        answer = reply.answer;
        if (answer.good()) {
            std::ranges::copy(reply.words.first(question.count), words.begin());
            break;
        }
        if (answer.kind == AnswerKind::postponed) {
            stop_.wait_until(reply.postponed_to);
            continue;
        }
        if (!may_be_asked_again(answer) || tries++ >= timing_.retries) break;
        if (answer.kind == AnswerKind::exception) stop_.wait_until(steady_now() + timing_.busy_wait);
    }
    return answer;
}

}  // namespace sitepower::modbus
