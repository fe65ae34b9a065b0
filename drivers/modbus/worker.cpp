#include "drivers/modbus/worker.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "drivers/modbus/mailbox_reader.hpp"

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan longest_wait = 1s;  // an idle worker shows that it is alive at least this often
constexpr Duration progress_margin{5000};
// A host that is given by name: what the resolver may take with its usual two servers and two attempts.
constexpr Duration resolver_limit{30'000};
constexpr Duration inspection_period{5000};
constexpr SteadySpan idle_pace = 1s;         // of a poll without a pause that has nothing to ask
constexpr SteadySpan between_reports = 30s;  // of a map that has changed
constexpr int tries_for_inspector = 12;
constexpr std::size_t words_in_an_answer = 2000 + 32;

// FNV-1a: the same phase after every start.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

SteadySpan phase_of(std::string_view bus) {
    return std::chrono::milliseconds(hash_of(bus) % 1000);
}

Duration longest_silence(const BusSettings& settings, const std::vector<UnitPlan>& units) {
    Duration longest = settings.connect_timeout + settings.connect_delay + resolver_limit;
    for (const auto& unit : units) {
        longest = std::max(longest, 2 * unit.timing.response_timeout + unit.timing.frame_gap);
    }
    return longest + progress_margin;
}

PollGroup empty_group(const UnitPlan& plan) {
    auto layout = std::make_shared<Layout>();
    layout->device = plan.device_id;
    layout->device_index = plan.device;
    layout->period = inspection_period;
    return {.layout = std::move(layout), .points = {}};
}

bool is_busy(const Answer& answer) {
    return answer.kind == AnswerKind::exception && (answer.exception == 0x05 || answer.exception == 0x06);
}

}  // namespace

Bus::Worker::Worker(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink, const LinkMaker& maker)
    : settings_(std::move(settings)),
      sink_(sink),
      link_(maker(settings_, stop_)),
      schedule_(phase_of(settings_.id)),
      guard_(hash_of(settings_.id)),
      reconnect_backoff_(settings_.reconnect_min, settings_.reconnect_max, hash_of(settings_.id)),
      words_(words_in_an_answer),
      progress_limit_(longest_silence(settings_, units)) {
    for (auto& plan : units) {
        const auto index = units_.size();
        const auto& unit = units_.emplace_back(std::move(plan));
        guard_.add(unit.plan.timing.response_timeout);
        careful_.add_unit(unit.plan.unit, unit.plan.timing);
        add_entries(index);
    }
    progress();
}

void Bus::Worker::add_entries(std::size_t unit) {
    const auto& plan = units_[unit].plan;
    const auto add = [&](std::unique_ptr<PollReader> reader) {
        entries_.push_back({.unit = unit, .reader = std::move(reader)});
    };
    for (auto first = plan.groups.begin(); first != plan.groups.end();) {
        auto end = first + 1;
        if (!first->mailbox) {
            add(std::make_unique<GroupReader>(plan, *first));
        } else {
            end = std::find_if(end, plan.groups.end(), [&](const PollGroup& group) {
                return !group.mailbox || group.mailbox->name != first->mailbox->name;
            });
            add(std::make_unique<MailboxReader>(plan, std::span(first, end)));
        }
        first = end;
    }
    // Nothing is known of it yet: it is asked for the sake of the inspection alone.
    if (plan.inspector != nullptr && plan.groups.empty()) {
        add(std::make_unique<GroupReader>(plan, empty_group(plan)));
    }
}

Bus::Worker::~Worker() {
    stop();
}

void Bus::Worker::start() {
    if (thread_.joinable()) return;
    progress();
    thread_ = std::thread(&Worker::run, this);
}

void Bus::Worker::stop() {
    stop_.request();
    link_->interrupt();
    if (thread_.joinable()) thread_.join();
}

void Bus::Worker::progress() {
    progress_at_.store(steady_now().time_since_epoch().count(), std::memory_order_relaxed);
}

Duration Bus::Worker::since_progress() const {
    const SteadyTime at{SteadySpan{progress_at_.load(std::memory_order_relaxed)}};
    return std::chrono::duration_cast<Duration>(steady_now() - at);
}

BusCounters Bus::Worker::counters() const {
    const SteadySpan latency{latency_.load(std::memory_order_relaxed)};
    return {.requests = requests_.get(),
            .answers = answers_.get(),
            .timeouts = timeouts_.get(),
            .exceptions = exceptions_.get(),
            .bad_frames = bad_frames_.get(),
            .connects = connects_.get(),
            .unsent = unsent_.get(),
            .missed_polls = missed_polls_.get(),
            .quarantines = quarantines_.get(),
            .connected = connected_.load(std::memory_order_relaxed),
            .latency_ms = latency == SteadySpan::zero()
                              ? std::nullopt
                              : std::optional(std::chrono::duration<double, std::milli>(latency).count())};
}

UnitCounters Bus::Worker::counters(DeviceIndex device) const {
    UnitCounters sum;  // a device may have several units
    for (const auto& unit : units_) {
        if (unit.plan.device != device) continue;
        sum.polls += unit.polls.get();
        sum.failures += unit.failures.get();
        sum.exceptions += unit.exceptions.get();
        sum.timeouts += unit.timeouts.get();
    }
    return sum;
}

void Bus::Worker::run() {
    const auto start = steady_now();
    for (const auto& entry : entries_) schedule_.add(entry.reader->layout().period, start);
    bool polled_last = true;  // writes and polls take turns while both are due
    while (!stop_.requested()) {
        progress();
        take_orders();
        const auto now = steady_now();
        const auto due = schedule_.next();
        const bool poll_is_due = due && due->at <= now;
        auto* write = next_write();
        if (write != nullptr && write->at <= now && (polled_last || !poll_is_due)) {
            step(*write, now);
            polled_last = false;
            continue;
        }
        polled_last = true;
        if (poll_is_due) {
            poll(due->entry, now);
            continue;
        }
        auto next_due = due ? due->at : SteadyTime::max();
        if (write != nullptr) next_due = std::min(next_due, write->at);
        auto wake_at = std::min(next_due, now + longest_wait);
        if (!probe_in_pause(now, next_due, wake_at)) stop_.wait_for(orders_.fd(), POLLIN, wake_at);
    }
    end_all_writes();
    link_->close();
    connected_.store(false, std::memory_order_relaxed);
}

void Bus::Worker::poll(std::size_t index, SteadyTime now) {
    auto& entry = entries_[index];
    const auto allowed_at = std::max(guard_.allowed_at(entry.unit, now), units_[entry.unit].silent_until);
    if (allowed_at > now) {
        schedule_.defer(index, allowed_at);
        return;
    }
    make_attempt(index, now);
}

bool Bus::Worker::probe_in_pause(SteadyTime now, SteadyTime next_due, SteadyTime& wake_at) {
    if (!link_->is_open() && now < reconnect_at_) return false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& entry = entries_[i];
        if (guard_.is_well(entry.unit)) continue;
        const auto probe_at = guard_.pause_probe_at(entry.unit, entry.reader->layout().period);
        if (!probe_at) return false;
        const auto begin = std::max({*probe_at, entry.postponed_to, units_[entry.unit].silent_until, now});
        // Half a time-out more than it should take: nobody may have to wait for the end of a probe.
        const SteadySpan cost = units_[entry.unit].plan.timing.response_timeout * 3 / 2 +
                                settings_.connect_delay + settings_.frame_gap;
        if (next_due - begin < cost) continue;
        if (begin <= now) {
            make_attempt(i, now);
            return true;
        }
        wake_at = std::min(wake_at, begin);
    }
    return false;
}

void Bus::Worker::make_attempt(std::size_t index, SteadyTime now) {
    auto& entry = entries_[index];
    const auto missed = schedule_.begin(index, now);
    // A period in which a dead unit or link was not polled on purpose is not one that was missed.
    if (guard_.is_well(entry.unit) && link_->is_open()) missed_polls_.add(missed);
    asking_ = entry.unit;
    sent_ = 0;
    Attempt made;
    if (inspect(units_[entry.unit], made)) {
        const bool answered = made.alive;
        made = entry.reader->read(*this, now);
        if (made.map_changed) units_[entry.unit].inspected = false;
        made.alive = made.alive || answered;
    }
    if (stop_.requested()) return;
    if (const auto again = retry_at(entry, made, steady_now())) {
        // One of several frames of a poll that goes on.
        if (made.postponed_to && made.frame != nullptr) tell(units_[entry.unit], made);
        entry.sent = made.postponed_to ? entry.sent + sent_ : 0;
        schedule_.defer(index, *again);
        entry.postponed_to = *again;
        return;
    }
    finish(index, std::move(made));
}

bool Bus::Worker::inspect(Unit& unit, Attempt& attempt) {
    if (unit.plan.inspector == nullptr) return true;
    if (!ensure_open()) return true;  // the poll will say so
    if (unit.inspected) return true;
    auto& own = units_[own_unit_of(unit)];
    if (&own != &unit && own.inspected) return unit.inspected = true;
    attempt.asked = true;
    const auto now = steady_now();
    if (now < unit.inspect_at) {
        attempt.alive = true;
        return false;
    }
    // Once for the device, not once for each of its units.
    if (&own != &unit && now < own.looked_at + inspection_period) return false;
    inspecting_ = true;
    const auto found =
        unit.plan.inspector->inspect([&](const Question& question, std::span<std::uint16_t> words) {
            const auto answer = read_for_inspector(question, words);
            attempt.alive = attempt.alive || (answer.good() && question.unit == unit.plan.unit);
            return answer;
        });
    inspecting_ = false;
    own.inspection_problem = unit.inspection_problem = found.problem;
    own.looked_at = steady_now();
    unit.taking_up = false;
    if (found.verdict == Inspection::Verdict::same) return own.inspected = unit.inspected = true;
    if (found.verdict == Inspection::Verdict::changed) {
        unit.inspect_at = steady_now() + between_reports;
        // What was never known cannot have changed: only when it is not taken up is something wrong.
        const bool is_first = unit.plan.groups.empty();
        unit.taking_up = is_first && !unit.told_map;
        unit.told_map = true;
        unit.inspection_problem = "what it holds has changed";
        if (is_first) {
            unit.inspection_problem = found.problem.empty() ? "its models are being taken up"
                                                            : "SunSpec discovery: " + found.problem;
        }
        sink_.map_changed(unit.plan.device, found.description, found.problem);
    }
    return false;
}

// Units of one device share its inspector, and the device's own unit stands first.
std::size_t Bus::Worker::own_unit_of(const Unit& unit) const {
    const auto first = std::ranges::find_if(
        units_, [&](const Unit& other) { return other.plan.inspector == unit.plan.inspector; });
    return static_cast<std::size_t>(first - units_.begin());
}

Answer Bus::Worker::read_for_inspector(const Question& question, std::span<std::uint16_t> words) {
    ReadPlan plan{.question = question,
                  .longest = static_cast<std::uint16_t>(std::min(125, 0x10000 - question.address))};
    Answer answer{.kind = AnswerKind::timeout};
    for (int i = 0; i < tries_for_inspector && !stop_.requested(); ++i) {
        const auto reply = ask(plan);
        answer = reply.answer;
        if (answer.kind == AnswerKind::postponed && reply.postponed_to <= steady_now()) continue;
        if (answer.good()) std::ranges::copy(reply.words.first(question.count), words.begin());
        break;
    }
    return answer;
}

// Another device may be at the other end now.
void Bus::Worker::need_inspection() {
    for (auto& unit : units_) {
        unit.inspected = unit.plan.inspector == nullptr;
        unit.looked_at = {};
    }
    for (auto& entry : entries_) entry.reader->forget();
}

std::optional<SteadyTime> Bus::Worker::retry_at(Entry& entry, const Attempt& attempt, SteadyTime now) const {
    if (attempt.postponed_to) return std::max(*attempt.postponed_to, now);
    if (!attempt.failed_question) return std::nullopt;
    const auto& timing = units_[entry.unit].plan.timing;
    const auto& failure = attempt.failure;
    if (is_busy(failure)) {
        if (entry.busy_tries >= timing.busy_retries) return std::nullopt;
        ++entry.busy_tries;
        return now + timing.busy_wait;
    }
    const bool lost = failure.kind == AnswerKind::lost;
    if (!lost && failure.kind != AnswerKind::timeout && failure.kind != AnswerKind::bad_frame) {
        return std::nullopt;
    }
    if (!link_->is_open() && now < reconnect_at_) return std::nullopt;
    if (!guard_.is_trusted(entry.unit)) return std::nullopt;
    // A device may have closed an idle connection long ago: that is found out only by asking.
    const int tries = std::max(timing.retries, lost ? 1 : 0);
    if (entry.tries >= tries) return std::nullopt;
    ++entry.tries;
    return now;
}

void Bus::Worker::finish(std::size_t index, Attempt attempt) {
    auto& entry = entries_[index];
    auto& unit = units_[entry.unit];
    entry.tries = entry.busy_tries = 0;
    const int sent = std::exchange(entry.sent, 0) + sent_;
    unit.polls.add();
    const auto now = steady_now();
    if (sent > 0) account_health(index, attempt, now);
    tell(unit, attempt);
    if (!guard_.is_well(entry.unit)) {
        // Before the link may be opened again nobody can be probed, and right then one should.
        const auto allowed_at = guard_.allowed_at(entry.unit, now);
        schedule_.defer(index, link_->is_open() ? allowed_at : std::max(allowed_at, reconnect_at_));
    } else if (!link_->is_open() && attempt.failure.kind == AnswerKind::lost) {
        schedule_.defer(index, std::max(now, reconnect_at_));
    } else if (sent == 0 && entry.reader->layout().period < idle_pace) {
        schedule_.defer(index, now + idle_pace);
    }
    if (settings_.close_after_cycle) close_if_idle();
}

void Bus::Worker::tell(Unit& unit, Attempt& attempt) {
    const bool is_polled = unit.plan.inspector == nullptr || !unit.plan.groups.empty() ||
                           (unit.inspected ? !unit.plan.problem.empty() : !unit.taking_up);
    const bool failed = attempt.frame == nullptr ? is_polled : !attempt.problem.empty();
    if (attempt.frame != nullptr) sink_.frame(std::move(attempt.frame));
    if (!failed) return;
    unit.failures.add();
    const auto time = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    sink_.poll_failed(unit.plan.device, time, reason_for(unit, attempt));
}

void Bus::Worker::account_health(std::size_t index, const Attempt& attempt, SteadyTime now) {
    const auto unit = entries_[index].unit;
    if (!attempt.alive) {
        units_[unit].inspected = units_[unit].plan.inspector == nullptr;
        if (!guard_.failed(unit, now, last_cost_)) return;
        // The line is dead: whose probe was put off for the others' sake is asked at the dead line's pace.
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (i != index) schedule_.defer(i, guard_.allowed_at(entries_[i].unit, now));
        }
        return;
    }
    const bool is_back = !guard_.is_well(unit);
    const bool line_is_back = guard_.succeeded(unit, now);
    if (!is_back) return;
    // What was put off while it was silent is due: its other groups, or all of a line that was silent.
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto other = entries_[i].unit;
        if (i != index && (other == unit || (line_is_back && !guard_.is_well(other))))
            schedule_.defer(i, now);
    }
}

void Bus::Worker::close_if_idle() {
    const auto next = schedule_.next();
    if (!next || next->at <= steady_now()) return;
    if (std::ranges::any_of(entries_, [](const Entry& entry) { return entry.reader->under_way(); })) return;
    link_->close();
    connected_.store(false, std::memory_order_relaxed);
}

std::string Bus::Worker::reason_for(const Unit& unit, const Attempt& attempt) const {
    const auto& failure = attempt.failure;
    // What is wrong with the device was found out from its own unit.
    const auto& asked = attempt.failed_question || unit.inspected ? unit : units_[own_unit_of(unit)];
    const auto who =
        fmt::format("bus {}, device {}, unit {}", settings_.id, unit.plan.device_id, asked.plan.unit);
    if (!attempt.problem.empty()) return fmt::format("{}: {}", who, attempt.problem);
    if (!attempt.failed_question) {
        return fmt::format("{}: {}", who,
                           !unit.inspected             ? asked.inspection_problem
                           : unit.plan.problem.empty() ? "nothing to read"
                                                       : unit.plan.problem);
    }
    const auto what = describe(*attempt.failed_question);
    if (failure.kind == AnswerKind::lost && !connect_error_.empty()) {
        return fmt::format("{}: {}: {}", who, what, connect_error_);
    }
    return fmt::format("{}: {}: {}", who, what, describe(failure));
}

bool Bus::Worker::ensure_open() {
    if (link_->is_open()) return true;
    const auto now = steady_now();
    if (now < reconnect_at_ || stop_.requested()) return false;
    const auto opened = link_->open(settings_.connect_timeout);
    connected_.store(static_cast<bool>(opened), std::memory_order_relaxed);
    if (!opened) {
        connect_error_ = opened.error().message;
        // Counted from the start of the attempt: one that took its whole time-out has waited enough.
        reconnect_at_ = now + reconnect_backoff_.next();
        return false;
    }
    connect_error_.clear();
    connects_.add();
    need_inspection();
    answered_since_open_ = false;
    if (settings_.connect_delay > Duration::zero()) stop_.wait_until(steady_now() + settings_.connect_delay);
    return true;
}

Asker::Reply Bus::Worker::ask(ReadPlan& plan) {
    progress();
    if (!ensure_open()) {
        if (!stop_.requested()) unsent_.add();
        return {.answer = {.kind = AnswerKind::lost, .detail = "not connected"}};
    }
    if (!units_[asking_].inspected && !inspecting_) {
        return {.answer = {.kind = AnswerKind::lost, .detail = "another device may be there now"}};
    }
    if (!link_->ties_answers()) {
        auto reply = careful_.ask(
            plan, *link_, [this](const Question& question) { return exchange(question); }, words_);
        quarantines_.set(careful_.quarantines());
        return reply;
    }
    return {.answer = exchange(plan.question), .words = words_};
}

Asker::Reply Bus::Worker::write(const WriteRequest& request, Duration settle) {
    progress();
    const auto postponed = [](SteadyTime until) {
        return Reply{.answer = {.kind = AnswerKind::postponed}, .words = {}, .postponed_to = until};
    };
    auto& unit = units_[asking_];
    const auto now = steady_now();
    if (!link_->is_open() || !unit.inspected) return postponed(now);
    if (!link_->ties_answers() && request.unit == 0) {
        return {
            .answer = {.kind = AnswerKind::refused, .detail = "unit 0 is the broadcast of a serial line"}};
    }
    if (const auto at = writable_at(unit, request); at > now) return postponed(at);
    const auto answer = transmit(unit, request, settle);
    if (!answer) return {.answer = {.kind = AnswerKind::lost, .detail = "stopping"}};
    return {.answer = *answer};
}

Answer Bus::Worker::exchange(const Question& question) {
    if (!keep_silence()) return {.kind = AnswerKind::lost, .detail = "stopping"};
    const auto start = steady_now();
    const auto answer = link_->read(question, units_[asking_].plan.timing.response_timeout, words_);
    account(answer, start);
    return answer;
}

bool Bus::Worker::keep_silence() {
    const auto gap =
        std::max<SteadySpan>({settings_.frame_gap, units_[asking_].plan.timing.frame_gap, link_->line_gap()});
    const auto until = last_exchange_ + gap;
    return gap == SteadySpan::zero() || steady_now() >= until || !stop_.wait_until(until);
}

void Bus::Worker::account(const Answer& answer, SteadyTime start) {
    ++sent_;
    requests_.add();
    last_exchange_ = steady_now();
    last_cost_ = last_exchange_ - start;
    note_answer(units_[asking_], answer);
    if (!link_->is_open()) note_closed(answer);
}

void Bus::Worker::note_answer(Unit& unit, const Answer& answer) {
    switch (answer.kind) {
        case AnswerKind::data:
            answers_.add();
            latency_.store(last_cost_.count(), std::memory_order_relaxed);
            break;
        case AnswerKind::exception:
            exceptions_.add();
            unit.exceptions.add();
            break;
        case AnswerKind::timeout:
            timeouts_.add();
            unit.timeouts.add();
            break;
        case AnswerKind::bad_frame:
            bad_frames_.add();
            break;
        case AnswerKind::lost:
        case AnswerKind::refused:
        case AnswerKind::postponed:
            break;
    }
    if (answer.kind == AnswerKind::data || answer.kind == AnswerKind::exception) {
        answered_since_open_ = true;
        reconnect_backoff_.reset();
    }
}

// After an answer the line is good and may be opened again at once; a peer that takes connections only to
// drop them is left alone for a while.
void Bus::Worker::note_closed(const Answer& answer) {
    connected_.store(false, std::memory_order_relaxed);
    const bool dropped = answer.kind == AnswerKind::lost && !answered_since_open_;
    reconnect_at_ = last_exchange_ + (dropped ? reconnect_backoff_.next() : SteadySpan::zero());
}

void Bus::Worker::stamp(Frame& frame) {
    frame.time = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    frame.clock_synchronised = clock_watch_.is_synchronised(last_exchange_);
}

}  // namespace sitepower::modbus
