#include "daemon/store/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>

#include "daemon/store/precious_copy.hpp"

namespace sitepower {

namespace {

// After an urgent commit the next waits at least this long: a storm of alerts is a few commits a second.
constexpr auto commit_gap = std::chrono::milliseconds(50);
constexpr auto back_off_limit = std::chrono::seconds(30);
// A statement that is refused this often in a row will never pass: the batch is given up.
constexpr int refusals_limit = 3;
// 4 MiB with pages of 4 KiB: the longer the log, the more often a page is overwritten in it before it is
// copied. At three times that the writer waits for readers, at most one slice of 50 ms each.
constexpr int checkpoint_pages = 1024;
constexpr int checkpoint_pages_at_most = 3 * checkpoint_pages;
constexpr Duration longest_stall{60'000};
constexpr auto copy_check_interval = std::chrono::hours(1);

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

}  // namespace

Store::Writer::Writer(StoreSettings settings, StoreObserver& observer, OpenedDatabase opened)
    : settings_(std::move(settings)),
      observer_(observer),
      report_(std::move(opened.report)),
      queue_(settings_.queue),
      progress_(Clock::now().time_since_epoch()),
      side_(std::make_unique<WritingSide>(std::move(opened.database), report_.epoch, settings_)),
      next_copy_check_(Clock::now()) {
    counters_.outbox = side_->committer.outbox();
}

Store::Writer::WritingSide::WritingSide(std::unique_ptr<sqlite::Database> opened, const Epoch& epoch,
                                        const StoreSettings& settings)
    : database(std::move(opened)),
      committer(*database, epoch),
      rollups(*database),
      retention(*database, committer.outbox_table(), settings) {}

Store::Writer::~Writer() {
    stop();
}

void Store::Writer::start() {
    thread_ = std::thread([this] { run(); });
}

void Store::Writer::stop() {
    queue_.stop();
    if (thread_.joinable()) thread_.join();
}

void Store::Writer::run() {
    Batch batch;
    auto deadline = Clock::now() + settings_.commit_interval;
    for (bool last = false; !last;) {
        last = queue_.stopping();
        asked_ = queue_.take(deadline, batch) || asked_;
        const bool done = work(batch);
        if (done && std::exchange(asked_, false)) observer_.committed();
        note_progress();
        queue_.pause(Clock::now() + (done ? Clock::duration(commit_gap) : back_off()));
        const auto now = Clock::now();
        if (deadline <= now) deadline = std::max(deadline + settings_.commit_interval, now);
    }
}

bool Store::Writer::work(Batch& batch) {
    if (!side_) replace_database();
    if (side_ && commit(batch) && look_after_data()) {
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
    batch.clear();
    queue_.done();
    return true;
}

bool Store::Writer::look_after_data() {
    if (!side_->rollups.write_when_due() || !side_->retention.run(data_time_)) return false;
    if (const auto dropped = side_->retention.take_dropped()) {
        observer_.readings_dropped(dropped->from, dropped->to, dropped->frames);
    }
    copy_precious_when_due();
    checkpoint_when_due();
    const std::lock_guard lock(counters_mutex_);
    counters_.outbox = side_->committer.outbox();
    return true;
}

void Store::Writer::copy_precious_when_due() {
    if (Clock::now() < next_copy_check_) return;
    next_copy_check_ = Clock::now() + copy_check_interval;
    if (!precious_copy_due(settings_.directory)) return;
    const auto written = write_precious_copy(path(), settings_.directory);
    if (!written == copy_failed_) return;
    copy_failed_ = !written;
    observer_.store_condition(
        std::string(store_condition_type::copy_failed), copy_failed_,
        copy_failed_ ? "no daily copy: " + written.error().message : "the daily copy has been written");
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
    if (!side_) return;  // replace_database() has said why
    const auto failure = *side_->database->failure();
    side_->database->clear_failure();
    if (failure.trouble == sqlite::Trouble::busy && failures_ < refusals_limit) return;
    if (failure.trouble == sqlite::Trouble::damaged) {
        side_.reset();
        replace_database();
        return;
    }
    tell(failure.trouble == sqlite::Trouble::full ? store_condition_type::full : store_condition_type::error,
         true, path() + ": " + failure.message);
    const std::lock_guard lock(counters_mutex_);
    counters_.healthy = false;
    if (failure.trouble == sqlite::Trouble::refused && failures_ >= refusals_limit) {
        counters_.refused += batch.rows.size();
        batch.clear();
        queue_.done();
    }
}

void Store::Writer::replace_database() {
    auto replaced = replace_damaged(settings_, now_utc(), [this] { note_progress(); });
    if (!replaced) {
        tell(store_condition_type::error, true, replaced.error().message);
        return;
    }
    keep_epoch(*replaced->database, report_.epoch, now_utc());
    side_ = std::make_unique<WritingSide>(std::move(replaced->database), report_.epoch, settings_);
    observer_.store_condition(std::string(store_condition_type::set_aside), true,
                              fmt::format("{} was damaged and is now {}; {} undelivered messages were saved",
                                          path(), replaced->report.set_aside, replaced->report.salvaged));
}

void Store::Writer::note_recovery() {
    failures_ = 0;
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
