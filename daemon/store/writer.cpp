#include "daemon/store/writer.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "daemon/store/precious_copy.hpp"

namespace sitepower {

namespace {

// After an urgent commit the next waits at least this long: a storm of alerts is a few commits a second.
constexpr auto commit_gap = std::chrono::milliseconds(50);
constexpr auto back_off_limit = std::chrono::seconds(30);
// A statement that is refused this often in a row will never pass: the batch is given up.
constexpr int refusals_limit = 3;
// A lock that others hold this often in a row is told.
constexpr int busy_limit = 3;
// 4 MiB with pages of 4 KiB: the longer the log, the more often a page is overwritten in it before it is
// copied. At three times that the writer waits for readers, at most one slice of 50 ms each.
constexpr int checkpoint_pages = 1024;
constexpr int checkpoint_pages_at_most = 3 * checkpoint_pages;
constexpr Duration longest_stall{60'000};
constexpr auto copy_check_interval = std::chrono::hours(1);
// After somebody's change of state a copy is written at once, unless one was within this time.
constexpr auto copy_gap = std::chrono::minutes(10);

Time now_utc() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

// What the kernel counts for this process, files of other parts included.
std::uint64_t process_bytes_written() {
    std::ifstream io("/proc/self/io");
    std::string name;
    std::uint64_t value = 0;
    while (io >> name >> value) {
        if (name == "write_bytes:") return value;
    }
    return 0;
}

std::string_view kind_of(const Row& row) {
    if (row.message() != nullptr) {
        return row.message()->message->kind == MessageKind::readings ? "readings" : "messages";
    }
    struct Name {
        std::string_view operator()(const AlertRow&) const { return "alerts"; }
        std::string_view operator()(const WindowRow&) const { return "windows"; }
        std::string_view operator()(const AuditRow&) const { return "audit rows"; }
        std::string_view operator()(const BatteryMemory&) const { return "batteries' memories"; }
        std::string_view operator()(const BatteryStateRow&) const { return "batteries' states"; }
        std::string_view operator()(const PriceRow&) const { return "prices"; }
        std::string_view operator()(const PlanRow&) const { return "plans"; }
        std::string_view operator()(const ForecastRow&) const { return "forecasts"; }
    };
    return std::visit(Name{}, *row.record());
}

// How many of each kind, for people.
std::string describe_rows(std::span<const Row> rows) {
    std::map<std::string_view, std::size_t> counts;
    for (const auto& row : rows) ++counts[kind_of(row)];
    std::string text;
    for (const auto& [kind, count] : counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind);
    return text;
}

}  // namespace

FileIdentities::FileIdentities(const std::string& path) {
    std::size_t next = 0;
    for (const char* suffix : {"", "-wal"}) {
        struct stat status {};
        if (stat((path + suffix).c_str(), &status) == 0) {
            devices.at(next) = status.st_dev;
            inodes.at(next) = status.st_ino;
        }
        ++next;
    }
}

Store::Writer::Writer(StateLock lock, StoreSettings settings, StoreObserver& observer, OpenedDatabase opened)
    : lock_(std::move(lock)),
      settings_(std::move(settings)),
      observer_(observer),
      report_(std::move(opened.report)),
      queue_(settings_.queue),
      progress_(Clock::now().time_since_epoch()),
      side_(opened.database
                ? std::make_unique<WritingSide>(std::move(opened.database), report_.epoch, settings_)
                : nullptr),
      next_copy_check_(Clock::now()),
      last_copy_(Clock::now() - copy_gap) {
    counters_.outbox = side_ ? side_->committer.outbox() : report_.undelivered;
    counters_.healthy = side_ != nullptr;
}

Store::Writer::WritingSide::WritingSide(std::unique_ptr<sqlite::Database> opened, const Epoch& epoch,
                                        const StoreSettings& settings)
    : database(std::move(opened)),
      committer(*database, epoch),
      rollups(*database),
      retention(*database, committer.outbox_table(), settings),
      files(database->path()) {}

Store::Writer::~Writer() {
    stop();
}

void Store::Writer::start() {
    if (report_.trouble) tell(report_.trouble->condition, true, report_.trouble->message);
    thread_ = std::thread([this] { run(); });
}

Unkept Store::Writer::stop() {
    queue_.stop();
    if (thread_.joinable()) thread_.join();
    return unkept_;
}

void Store::Writer::run() {
    Batch batch;
    auto deadline = Clock::now() + settings_.commit_interval;
    for (bool last = false; !last;) {
        last = queue_.stopping();
        asked_ = queue_.take(deadline, batch) || asked_;
        const bool done = work(batch, last);
        if (done && std::exchange(asked_, false)) observer_.committed();
        note_progress();
        queue_.pause(Clock::now() + (done ? Clock::duration(commit_gap) : back_off()));
        const auto now = Clock::now();
        if (deadline <= now) deadline = std::max(deadline + settings_.commit_interval, now);
    }
    note_unkept(batch);
}

bool Store::Writer::work(Batch& batch, bool last) {
    notice_lost_files();
    notice_damage();
    if (!side_) open_again_or_tell();
    if (side_ && commit(batch) && look_after_data(last)) {
        note_recovery();
        return true;
    }
    note_failure(batch);
    return false;
}

bool Store::Writer::commit(Batch& batch) {
    if (batch.empty()) return true;
    const auto begin = Clock::now();
    if (!side_->committer.commit(batch, now_utc())) return false;
    const auto took = Clock::now() - begin;
    side_->rollups.add(side_->committer.entries(), side_->committer.last_block());
    note_time(side_->committer.entries());
    note_commit(batch.rows.size(), took);
    for (const auto& row : batch.rows) {
        const auto* record = row.record();
        if (record == nullptr) continue;
        const bool by_somebody = std::holds_alternative<AuditRow>(*record);
        copy_soon_ |= by_somebody;
        uncopied_ |= by_somebody || std::holds_alternative<BatteryMemory>(*record);
    }
    batch.clear();
    queue_.done();
    return true;
}

bool Store::Writer::look_after_data(bool last) {
    if (!side_->rollups.write_when_due()) return false;
    // Nothing is given up at the end: nobody would be told any more.
    if (!last && !side_->retention.run(data_time_, Clock::now())) return false;
    if (const auto dropped = side_->retention.take_dropped()) {
        observer_.readings_dropped(dropped->from, dropped->to, dropped->frames);
    }
    copy_precious_when_due(last);
    checkpoint_when_due();
    const std::lock_guard lock(counters_mutex_);
    counters_.outbox = side_->committer.outbox();
    return true;
}

void Store::Writer::copy_precious_when_due(bool last) {
    const auto now = Clock::now();
    bool due = (copy_soon_ && now >= last_copy_ + copy_gap) || (last && uncopied_);
    if (!due && now >= next_copy_check_) {
        next_copy_check_ = now + copy_check_interval;
        due = precious_copy_due(settings_.directory);
    }
    if (!due) return;
    const auto written = write_precious_copy(path(), settings_.directory);
    if (copy_soon_) last_copy_ = now;
    if (written) copy_soon_ = uncopied_ = false;
    if (!written == copy_failed_) return;
    copy_failed_ = !written;
    observer_.store_condition(std::string(store_condition_type::copy_failed), copy_failed_,
                              copy_failed_ ? "no copy of what is precious: " + written.error().message
                                           : "the copy of what is precious has been written");
}

void Store::Writer::note_time(std::span<const BlockEntry> entries) {
    std::optional<Time> newest;
    for (const auto& entry : entries) {
        if (!entry.frame->clock_synchronised) continue;
        newest = std::max(newest.value_or(entry.frame->time), entry.frame->time);
    }
    if (newest) data_time_ = newest;
}

void Store::Writer::note_commit(std::size_t rows, Clock::duration took) {
    const std::lock_guard lock(counters_mutex_);
    counters_.rows += rows;
    ++counters_.commits;
    counters_.last_commit = now_utc();
    counters_.commit_ms = std::chrono::duration<double, std::milli>(took).count();
    counters_.outbox = side_->committer.outbox();
}

void Store::Writer::note_failure(Batch& batch) {
    ++failures_;
    {
        const std::lock_guard lock(counters_mutex_);
        if (!side_) counters_.healthy = false;
    }
    if (!side_) return;  // open_again_or_tell() has said why
    const auto failure = *side_->database->failure();
    side_->database->clear_failure();
    if (failure.trouble == sqlite::Trouble::busy && failures_ < busy_limit) return;
    const auto message = path() + ": " + failure.message;
    tell(failure.trouble == sqlite::Trouble::full ? store_condition_type::full : store_condition_type::error,
         true, message);
    {
        const std::lock_guard lock(counters_mutex_);
        counters_.healthy = false;
    }
    if (failure.trouble == sqlite::Trouble::damaged) {
        known_ = Known::damaged;
        side_.reset();
        open_again_or_tell();
        return;
    }
    if (failure.trouble == sqlite::Trouble::full) make_room();
    if (failure.trouble == sqlite::Trouble::refused && ++refusals_ >= refusals_limit) give_up(batch);
}

// So that a box without a human goes on: the room of the log is used anew, and what has been kept long enough
// leaves. What fails here is tried again after the next failure.
void Store::Writer::make_room() {
    side_->database->checkpoint(sqlite::Database::Checkpoint::restart);
    side_->retention.run(data_time_, Clock::now());
    side_->database->clear_failure();
}

// The condition that holds says what is lost with it.
void Store::Writer::give_up(Batch& batch) {
    refusals_ = 0;
    std::optional<DroppedFrames> dropped;
    for (const auto& row : batch.rows) {
        const auto* message = row.message();
        const auto* frame = message == nullptr ? nullptr : std::get_if<FramePtr>(&message->message->body);
        if (frame == nullptr) continue;
        const auto time = (*frame)->time;
        if (!dropped) dropped = DroppedFrames{time, time, 0};
        dropped = {std::min(dropped->from, time), std::max(dropped->to, time), dropped->frames + 1};
    }
    {
        const std::lock_guard lock(counters_mutex_);
        counters_.refused += batch.rows.size();
    }
    const auto lost = describe_rows(batch.rows);
    batch.clear();
    queue_.done();
    if (!lost.empty()) observer_.store_condition(condition_, true, reason_ + "; lost with it: " + lost);
    if (dropped) observer_.readings_dropped(dropped->from, dropped->to, dropped->frames);
}

void Store::Writer::note_unkept(const Batch& batch) {
    unkept_.reason = reason_;
    for (const auto& row : batch.rows) {
        const bool reading =
            row.message() != nullptr && row.message()->message->kind == MessageKind::readings;
        ++(reading ? unkept_.readings : unkept_.others);
    }
}

// Somebody has deleted or exchanged the file under the running daemon: what the connection writes would be
// gone with it.
void Store::Writer::notice_lost_files() {
    if (!side_ || FileIdentities(path()) == side_->files) return;
    unlinked_ = std::move(side_->database);
    side_.reset();
}

void Store::Writer::found_damaged(std::uint64_t replacements) {
    damage_read_ = replacements + 1;
    queue_.ask();
}

void Store::Writer::notice_damage() {
    if (damage_read_.exchange(0) != replacements_ + 1 || !side_) return;
    tell(store_condition_type::error, true,
         path() + ": what is to be delivered cannot be read: it is damaged");
    {
        const std::lock_guard lock(counters_mutex_);
        counters_.healthy = false;
    }
    known_ = Known::damaged;
    side_.reset();
}

void Store::Writer::open_again_or_tell() {
    auto opened = open_again(
        settings_, report_.epoch, now_utc(), [this] { note_progress(); }, unlinked_, known_);
    if (!opened) {
        tell(store_condition_type::error, true, opened.error().message);
        return;
    }
    if (opened->report.trouble) {
        tell(opened->report.trouble->condition, true, opened->report.trouble->message);
    } else {
        side_ = std::make_unique<WritingSide>(std::move(opened->database), report_.epoch, settings_);
    }
    if (opened->report.replaced.empty()) return;
    known_ = Known::nothing;
    ++replacements_;
    observer_.store_condition(std::string(store_condition_type::set_aside), true, opened->report.replaced);
}

void Store::Writer::note_recovery() {
    failures_ = 0;
    refusals_ = 0;
    if (!condition_.empty()) tell(std::string(condition_), false, path() + " can be written again");
    const std::lock_guard lock(counters_mutex_);
    counters_.healthy = true;
}

// Full jitter in the upper half of a doubling time.
Store::Writer::Clock::duration Store::Writer::back_off() const {
    const auto first = std::clamp<Duration>(settings_.commit_interval, Duration{1}, Duration{1000});
    const auto longest = std::min<Duration>(first * (1LL << std::min(failures_ - 1, 20)), back_off_limit);
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>((longest.count() + 1) / 2, longest.count())(random));
}

void Store::Writer::tell(std::string_view type, bool holds, std::string message) {
    if (holds && condition_ == type) return;
    if (holds && !condition_.empty()) observer_.store_condition(condition_, false, message);
    condition_ = holds ? std::string(type) : std::string();
    reason_ = holds ? message : std::string();
    observer_.store_condition(std::string(type), holds, std::move(message));
}

void Store::Writer::checkpoint_when_due() {
    auto& database = *side_->database;
    if (database.log_pages() < checkpoint_pages) return;
    database.checkpoint(database.log_pages() < checkpoint_pages_at_most
                            ? sqlite::Database::Checkpoint::passive
                            : sqlite::Database::Checkpoint::restart);
}

void Store::Writer::note_progress() {
    progress_.store(Clock::now().time_since_epoch(), std::memory_order_relaxed);
}

Duration Store::Writer::since_progress() const {
    const auto last = Clock::time_point(progress_.load(std::memory_order_relaxed));
    return std::chrono::floor<Duration>(Clock::now() - last);
}

Duration Store::Writer::progress_limit() const {
    return settings_.commit_interval + back_off_limit + longest_stall;
}

StoreCounters Store::Writer::counters() const {
    StoreCounters counters;
    {
        const std::lock_guard lock(counters_mutex_);
        counters = counters_;
    }
    counters.refused += queue_.refused();
    counters.bytes_written = process_bytes_written();
    std::error_code error;
    const auto size = std::filesystem::file_size(path(), error);
    counters.database_bytes = error ? 0 : size;
    return counters;
}

}  // namespace sitepower
