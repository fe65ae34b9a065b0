#include "drivers/modbus/group_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "drivers/modbus/complete.hpp"

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr int halvings_per_poll = 16;
constexpr SteadySpan first_retry = 10min;
constexpr SteadySpan last_retry = 24h;
constexpr SteadySpan shortest_rest = 10s;
constexpr SteadySpan longest_rest = 10min;
constexpr SteadySpan longest_lateness = 5s;  // of going on with a poll that had to wait

bool is_busy(const Answer& answer) {
    return answer.kind == AnswerKind::exception && (answer.exception == 0x05 || answer.exception == 0x06);
}

// 0x0A and 0x0B come from the gateway, in the name of a unit that is silent.
bool is_from_unit(const Answer& answer) {
    return answer.kind == AnswerKind::exception && answer.exception != 0x0A && answer.exception != 0x0B;
}

bool is_silence(const Answer& answer) {
    return answer.kind == AnswerKind::timeout || answer.kind == AnswerKind::bad_frame;
}

std::string words_of(std::uint32_t content) {
    return fmt::format("{}, {}", content >> 16U, content & 0xFFFFU);
}

std::uint16_t longest_read(const ReadBlock& block, const UnitLimits& limits) {
    if (limits.one_point_per_request) return block.count;
    const int most = is_bit_table(block.table) ? std::clamp(limits.max_bits, 1, 2000)
                                               : std::clamp(limits.max_registers, 1, 125);
    int longest = std::min(most, 0x10000 - block.address);
    for (const int barrier : limits.barriers) {
        if (barrier > block.address) longest = std::min(longest, barrier - block.address);
    }
    return static_cast<std::uint16_t>(longest);
}

}  // namespace

GroupReader::GroupReader(const UnitPlan& unit, const PollGroup& group)
    : layout_(group.layout),
      group_(group),
      far_factors_(group.points, unit.limits),
      points_(far_factors_.near()),
      limits_(unit.limits),
      unit_(static_cast<std::uint8_t>(unit.unit)) {
    for (const auto& header : unit.headers) add_header(header);
    plan_whole();
}

void GroupReader::plan_whole() {
    auto blocks = plan_reads(points_, limits_);
    if (!blocks) {
        throw std::invalid_argument(
            fmt::format("device {}, group {}: {}", layout_->device, layout_->group, blocks.error().message));
    }
    whole_ = std::move(*blocks);
    make_plans();
}

void GroupReader::add_header(const MapHeader& header) {
    const auto stands_behind = [&](const RegisterPoint& point) {
        return point.table == Table::holding && point.address >= header.address && point.address < header.end;
    };
    if (std::ranges::none_of(group_.points, stands_behind)) return;
    headers_.push_back(header);
    points_.push_back({.table = Table::holding, .address = header.address, .type = ValueType::u32});
}

bool GroupReader::holds_header(const ReadBlock& block) const {
    return !block.points.empty() && block.points.back() >= group_.points.size();
}

ReadPlan GroupReader::plan_for(ReadBlock block, ReadPurpose purpose) const {
    ReadPlan plan{.purpose = purpose,
                  .question = {unit_, block.table, block.address, block.count},
                  .longest = longest_read(block, limits_)};
    if (purpose == ReadPurpose::values) {
        for (const auto point : block.points) plan.decoders.emplace_back(points_[point], block.address);
    }
    plan.block = std::move(block);
    return plan;
}

void GroupReader::make_plans() {
    plans_.clear();
    for (const auto& block : whole_) plans_.push_back(plan_for(block));
    for (const auto& block : far_factors_.blocks()) {
        plans_.push_back(plan_for(block, ReadPurpose::factors_before));
        plans_.push_back(plan_for(block, ReadPurpose::factors_after));
    }
    sort_plans();
}

void GroupReader::sort_plans() {
    // A header that comes after the values, or with them, vouches for them; one that came before would not.
    std::ranges::sort(plans_, {}, [this](const ReadPlan& plan) {
        return std::tuple(plan.purpose, holds_header(plan.block), plan.question.table, plan.question.address);
    });
}

void GroupReader::plan_around_refusals() {
    std::vector<ReadBlock> refused;
    std::vector<ReadPlan> plans;
    for (auto& plan : plans_) {
        const bool brings_values = plan.purpose == ReadPurpose::values;
        if (brings_values && !plan.is_refused()) continue;
        if (brings_values) refused.push_back(plan.block);
        plans.push_back(std::move(plan));
    }
    for (auto& block : plan_reads_around(points_, limits_, refused)) {
        plans.push_back(plan_for(std::move(block)));
    }
    plans_ = std::move(plans);
    sort_plans();
}

Attempt GroupReader::begin(SteadyTime now) {
    const auto waiting = std::exchange(waiting_, std::nullopt);
    if (waiting && now <= waiting->until + longest_lateness) {
        next_ = waiting->next;
        return waiting->attempt;
    }
    next_ = 0;
    halvings_left_ = halvings_per_poll;
    silent_ = answered_ = 0;
    far_factors_.begin();
    refusals_changed_ = factors_changed_ = false;
    return {};
}

Attempt GroupReader::read(Asker& asker, SteadyTime now) {
    if (now < rest_until_) return {.failed_question = refused_question_, .failure = refusal_};
    Attempt attempt = begin(now);
    while (next_ < plans_.size()) {
        const auto next = handle(next_, asker, now, attempt);
        if (attempt.postponed_to) {
            waiting_ = Waiting{attempt, next_, *attempt.postponed_to};
            waiting_->attempt.postponed_to.reset();
            attempt.frame.reset();  // it goes on being filled
            return attempt;
        }
        if (next == Next::stop) break;
        if (next == Next::go_on) ++next_;
    }
    if (attempt.frame != nullptr) {
        rest_ = SteadySpan::zero();
        drop_uncertain(*attempt.frame);
        mark_refused(*attempt.frame);
        if (!check_headers(attempt)) return attempt;
        complete(group_, attempt.frame->values, attempt.frame->quality);
        if (refusals_changed_ && !factors_changed_) plan_around_refusals();
    } else if (std::ranges::all_of(plans_, &ReadPlan::is_refused)) {
        attempt.map_changed = !headers_.empty();
        rest(now);
    }
    if (factors_changed_) take_factors_apart();
    return attempt;
}

void GroupReader::take_factors_apart() {
    far_factors_ = FarFactors(group_.points, limits_, apart_);
    std::ranges::copy(far_factors_.near(), points_.begin());
    plan_whole();  // what was refused beside it is found out anew
}

void GroupReader::mark_refused(Frame& frame) const {
    for (const auto& plan : plans_) {
        if (!plan.is_refused()) continue;
        for (const auto point : plan.block.points) frame.quality[point] = Quality::not_implemented;
    }
}

GroupReader::Next GroupReader::handle(std::size_t index, Asker& asker, SteadyTime now, Attempt& attempt) {
    auto& plan = plans_[index];
    if (plan.is_refused() && now < plan.retry_at) return Next::go_on;
    attempt.asked = true;
    const auto reply = asker.ask(plan);
    if (reply.answer.good()) {
        if (plan.is_refused()) refusals_changed_ = true;
        plan.retry_after = SteadySpan::zero();
        take(plan, reply.words, asker, attempt);
        return Next::go_on;
    }
    return handle_failure(index, asker, reply, now, attempt);
}

GroupReader::Next GroupReader::handle_failure(std::size_t index, Asker& asker, const Asker::Reply& reply,
                                              SteadyTime now, Attempt& attempt) {
    auto& plan = plans_[index];
    const auto& answer = reply.answer;
    if (answer.kind == AnswerKind::postponed) {
        attempt.postponed_to = reply.postponed_to;
        return Next::stop;
    }
    attempt.alive = attempt.alive || is_from_unit(answer);
    if (answer.denies_registers()) {
        const bool divisible = plan.purpose == ReadPurpose::values && halvings_left_ > 0;
        if (divisible && halve(index)) return Next::same_place;
        if (divisible && stands_apart(plan.block, asker)) {
            apart_.insert(plan.block.points.front());
            factors_changed_ = true;
        } else if (plan.block.points.size() == 1 || halvings_left_ > 0)
            remember_refusal(plan, answer, now);
    }
    if (!attempt.failed_question) {
        attempt.failed_question = plan.question;
        attempt.failure = answer;
    }
    if (answer.denies_registers()) return Next::go_on;
    if (is_silence(answer)) return ++silent_ == 2 || answered_ == 0 ? Next::stop : Next::go_on;
    return is_busy(answer) || answer.kind != AnswerKind::exception ? Next::stop : Next::go_on;
}

bool GroupReader::stands_apart(const ReadBlock& block, Asker& asker) const {
    if (block.points.size() != 1) return false;
    const auto& point = points_[block.points.front()];
    const auto count = static_cast<std::uint16_t>(point.registers());
    // With nothing between them it is one of the two that is refused.
    if (!point.scale_factor || block.count <= count + 1) return false;
    const auto gives = [&](std::uint16_t address, std::uint16_t registers) {
        ReadPlan alone{.question = {unit_, point.table, address, registers}};
        alone.longest = longest_read({.table = point.table, .address = address, .count = registers}, limits_);
        return asker.ask(alone).answer.good();
    };
    return gives(point.address, count) && gives(point.scale_factor->address, 1);
}

bool GroupReader::halve(std::size_t index) {
    auto halves = split_block(plans_[index].block, points_);
    if (halves.empty()) return false;
    --halvings_left_;
    if (holds_header(halves[0])) std::swap(halves[0], halves[1]);
    plans_[index] = plan_for(std::move(halves[0]));
    plans_.insert(plans_.begin() + static_cast<std::ptrdiff_t>(index) + 1, plan_for(std::move(halves[1])));
    return true;
}

void GroupReader::take(const ReadPlan& plan, std::span<const std::uint16_t> words, Asker& asker,
                       Attempt& attempt) {
    ++answered_;
    attempt.alive = true;
    if (plan.purpose == ReadPurpose::factors_before) return far_factors_.before(plan.block, words);
    if (plan.purpose == ReadPurpose::factors_after) return far_factors_.after(plan.block, words);
    if (attempt.frame == nullptr) {
        attempt.frame = std::make_shared<Frame>();
        attempt.frame->layout = layout_;
        attempt.frame->values.resize(points_.size());
        attempt.frame->quality.resize(points_.size(), Quality::comm_error);
        asker.stamp(*attempt.frame);
    }
    take_values(plan, words, *attempt.frame);
}

void GroupReader::take_values(const ReadPlan& plan, std::span<const std::uint16_t> words,
                              Frame& frame) const {
    for (std::size_t i = 0; i < plan.decoders.size(); ++i) {
        const auto point = plan.block.points[i];
        const auto own_words =
            words.subspan(static_cast<std::size_t>(points_[point].address - plan.block.address));
        const auto reading = far_factors_.is_far(point) ? far_factors_.decode(point, own_words)
                                                        : plan.decoders[i].decode(words);
        frame.values[point] = reading.value;
        frame.quality[point] = reading.quality;
    }
}

void GroupReader::drop_uncertain(Frame& frame) const {
    if (!far_factors_.any()) return;
    for (std::uint32_t point = 0; point < points_.size(); ++point) {
        if (!far_factors_.is_far(point) || far_factors_.is_certain(point)) continue;
        if (frame.quality[point] != Quality::good) continue;
        frame.values[point] = 0;
        frame.quality[point] = Quality::comm_error;
    }
}

bool GroupReader::check_headers(Attempt& attempt) const {
    auto& frame = *attempt.frame;
    const auto own = group_.points.size();
    for (std::size_t i = 0; i < headers_.size(); ++i) {
        const auto& header = headers_[i];
        const auto quality = frame.quality[own + i];
        const auto found = static_cast<std::uint32_t>(frame.values[own + i]);
        if (quality == Quality::good && found == header.content) continue;
        if (quality == Quality::comm_error) {
            drop_behind(header, frame);
            continue;
        }
        attempt.frame.reset();
        attempt.map_changed = true;
        attempt.problem =
            fmt::format("what it holds has changed: holding {}-{} is {} instead of {}", header.address,
                        header.address + 1, quality == Quality::good ? words_of(found) : "refused",
                        words_of(header.content));
        return false;
    }
    frame.values.resize(own);
    frame.quality.resize(own);
    return true;
}

void GroupReader::drop_behind(const MapHeader& header, Frame& frame) const {
    for (std::size_t point = 0; point < group_.points.size(); ++point) {
        const auto& registers = points_[point];
        if (registers.table != Table::holding || frame.quality[point] == Quality::not_implemented) continue;
        if (registers.address < header.address || registers.address >= header.end) continue;
        frame.values[point] = 0;
        frame.quality[point] = Quality::comm_error;
    }
}

void GroupReader::remember_refusal(ReadPlan& plan, const Answer& answer, SteadyTime now) {
    if (!plan.is_refused()) refusals_changed_ = true;
    plan.retry_after = std::clamp(plan.retry_after * 2, first_retry, last_retry);
    plan.retry_at = now + plan.retry_after;
    refused_question_ = plan.question;
    refusal_ = answer;
}

void GroupReader::rest(SteadyTime now) {
    make_plans();
    rest_ = std::clamp(rest_ * 2, shortest_rest, longest_rest);
    rest_until_ = now + rest_;
}

}  // namespace sitepower::modbus
