// The writer: the thread behind Store. Takes what waits from the queue and commits it, every commit interval
// or at once when something urgent waits; while the disk refuses, keeps the rows and tries again with
// back-off.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
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

    void run();
    void commit(Batch& batch);
    void count_commit(std::size_t rows);
    void handle_failure(Batch& batch);
    void recovered();
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
    std::unique_ptr<sqlite::Database> database_;
    std::unique_ptr<Committer> committer_;
    int failures_ = 0;       // in a row
    std::string condition_;  // the type of condition that holds, empty: none

    mutable std::mutex counters_mutex_;
    StoreCounters counters_;  // guarded by counters_mutex_
    std::thread thread_;
};

}  // namespace sitepower
