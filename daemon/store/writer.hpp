// The writer: the thread behind Store. Takes what waits from the queue and commits it, every commit interval
// or at once when something urgent waits; while the disk refuses, keeps the rows and tries again with
// back-off.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "daemon/store/committer.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/retention.hpp"
#include "daemon/store/rollup_writer.hpp"
#include "daemon/store/row_queue.hpp"
#include "daemon/store/state_lock.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

// Which files a path and its log are: another one, or none, under the same name is noticed.
struct FileIdentities {
    explicit FileIdentities(const std::string& path);
    bool operator==(const FileIdentities&) const = default;
    std::array<std::uint64_t, 2> devices{};
    std::array<std::uint64_t, 2> inodes{};
};

class Store::Writer {
  public:
    Writer(StateLock lock, StoreSettings settings, StoreObserver& observer, OpenedDatabase opened);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    const OpenReport& report() const { return report_; }
    std::string path() const { return database_path(settings_); }
    void start();
    Unkept stop();
    RowQueue& queue() { return queue_; }
    void found_damaged(std::uint64_t replacements);  // any thread
    std::uint64_t replacements() const { return replacements_; }
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
        FileIdentities files;
    };

    void run();
    // Writes what waits and does what is due. False: it must be tried again later.
    bool work(Batch& batch, bool last);
    bool commit(Batch& batch);
    bool look_after_data(bool last);
    void copy_precious_when_due(bool last);
    void note_time(std::span<const BlockEntry> entries);
    void note_commit(std::size_t rows, Clock::duration took);
    void note_failure(Batch& batch);
    void note_recovery();
    void make_room();
    void give_up(Batch& batch);
    void note_unkept(const Batch& batch);
    void notice_lost_files();
    void notice_damage();
    void open_again_or_tell();
    Clock::duration back_off() const;
    void tell(std::string_view type, bool holds, std::string message);
    void checkpoint_when_due();
    void note_progress();

    const StateLock lock_;
    const StoreSettings settings_;
    StoreObserver& observer_;
    const OpenReport report_;
    RowQueue queue_;
    std::atomic<Clock::duration> progress_;  // since the clock's epoch
    std::atomic<std::uint64_t> replacements_{0};
    // The replacements before which somebody has read damage, plus one; 0: nobody has.
    std::atomic<std::uint64_t> damage_read_{0};

    // The writer's thread only, once it runs.
    std::unique_ptr<WritingSide> side_;           // null while the database cannot be opened
    std::unique_ptr<sqlite::Database> unlinked_;  // whose file was deleted: until all is saved from it
    Known known_ = Known::nothing;                // of the database that is to be opened again
    std::optional<Time> data_time_;               // of the newest frames with a clock that could be trusted
    Clock::time_point next_copy_check_;
    Clock::time_point last_copy_;
    bool copy_failed_ = false;
    bool uncopied_ = false;   // somebody's change of state, or a memory, is younger than the copy
    bool copy_soon_ = false;  // the former
    bool asked_ = false;      // somebody waits for the next commit
    int failures_ = 0;        // in a row
    int refusals_ = 0;        // among them, of the statement itself
    std::string condition_;   // the type of condition that holds, empty: none
    std::string reason_;      // of that condition, for people
    Unkept unkept_;

    mutable std::mutex counters_mutex_;
    StoreCounters counters_;  // guarded by counters_mutex_
    std::thread thread_;
};

}  // namespace sitepower
