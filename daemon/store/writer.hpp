// The writer: the thread behind Store. Takes what waits from the queue and commits it, every commit interval
// or at once when something urgent waits; while the disk refuses, keeps the rows and tries again with
// back-off.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/retention.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "daemon/store/row_queue.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class Store::Writer {
  public:
    Writer(StoreSettings settings, StoreObserver& observer, OpenedDatabase opened);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    const OpenReport& report() const { return report_; }
    std::string path() const { return database_path(settings_); }
    void start();
    void stop();
    RowQueue& queue() { return queue_; }
    StoreCounters counters() const;
    Duration since_progress() const;
    Duration progress_limit() const;

  private:
    using Clock = std::chrono::steady_clock;

    // The writing connection and all that works on it; exchanged as a whole when the database is damaged.
    struct WritingSide {
        WritingSide(std::unique_ptr<sqlite::Database> opened, const Epoch& epoch,
                    const StoreSettings& settings);
        std::unique_ptr<sqlite::Database> database;
        Committer committer;
        RollupWriter rollups;
        Retention retention;
    };

    void run();
    // Writes what waits and does what is due. False: it must be tried again later.
    bool work(Batch& batch);
    bool commit(Batch& batch);
    bool look_after_data();
    void copy_precious_when_due();
    void note_time(std::span<const BlockEntry> entries);
    void note_commit(std::size_t rows, Clock::duration took);
    void note_failure(Batch& batch);
    void note_recovery();
    void replace_database();
    Clock::duration back_off() const;
    void tell(std::string_view type, bool holds, std::string message);
    void checkpoint_when_due();
    void note_progress();

    const StoreSettings settings_;
    StoreObserver& observer_;
    const OpenReport report_;
    RowQueue queue_;
    std::atomic<Clock::duration> progress_;  // since the clock's epoch

    // The writer's thread only, once it runs.
    std::unique_ptr<WritingSide> side_;  // null after a replacement that failed
    std::optional<Time> data_time_;      // of the newest frames with a clock that could be trusted
    Clock::time_point next_copy_check_;
    bool copy_failed_ = false;
    bool asked_ = false;     // somebody waits for the next commit
    int failures_ = 0;       // in a row
    std::string condition_;  // the type of condition that holds, empty: none

    mutable std::mutex counters_mutex_;
    StoreCounters counters_;  // guarded by counters_mutex_
    std::thread thread_;
};

}  // namespace sitepower
