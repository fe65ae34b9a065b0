#include "daemon/store/writer.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>

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
      database_(std::move(opened.database)),
      committer_(std::make_unique<Committer>(*database_, report_.epoch)) {
    counters_.outbox = committer_->outbox();
}

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
        queue_.take(deadline, batch);
        commit(batch);
        note_progress();
        if (failures_ > 0) {
            queue_.pause(Clock::now() + back_off());
        } else {
            queue_.pause(Clock::now() + commit_gap);
        }
        const auto now = Clock::now();
        if (deadline <= now) deadline = std::max(deadline + settings_.commit_interval, now);
    }
}

void Store::Writer::commit(Batch& batch) {
    if (batch.empty()) return;
    if (!committer_->commit(batch, now_utc())) {
        handle_failure(batch);
        return;
    }
    if (failures_ > 0) recovered();
    count_commit(batch.rows.size());
    batch.clear();
    queue_.done();
    checkpoint_when_due();
}

void Store::Writer::count_commit(std::size_t rows) {
    const std::lock_guard lock(counters_mutex_);
    counters_.rows += rows;
    ++counters_.commits;
    counters_.outbox = committer_->outbox();
    counters_.healthy = true;
}

void Store::Writer::handle_failure(Batch& batch) {
    const auto failure = *database_->failure();
    database_->clear_failure();
    ++failures_;
    if (failure.trouble == sqlite::Trouble::busy && failures_ < refusals_limit) return;
    const auto type = failure.trouble == sqlite::Trouble::full ? store_condition_type::disk_full
                                                               : store_condition_type::store_failed;
    tell(type, true, path() + ": " + failure.message);
    const std::lock_guard lock(counters_mutex_);
    counters_.healthy = false;
    if (failure.trouble == sqlite::Trouble::refused && failures_ >= refusals_limit) {
        counters_.refused += batch.rows.size();
        batch.clear();
        queue_.done();
    }
}

void Store::Writer::recovered() {
    failures_ = 0;
    if (!condition_.empty()) tell(condition_, false, path() + " can be written again");
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
    if (database_->log_pages() < checkpoint_pages) return;
    database_->checkpoint(database_->log_pages() < checkpoint_pages_at_most
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
