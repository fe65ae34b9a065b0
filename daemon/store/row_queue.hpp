// The bounded queue between those who append rows (any thread) and the writer. Wakes the writer only when it
// has to: for an urgent row, when half full, on request. At the limit readings are refused; other rows fit
// until `other_rows_limit` of them wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "daemon/store/store.hpp"

namespace sitepower {

// What one transaction writes.
struct Batch {
    std::vector<Row> rows;
    std::vector<MessageKey> delivered;
    bool empty() const { return rows.empty() && delivered.empty(); }
    void clear();
};

class RowQueue {
  public:
    using Deadline = std::chrono::steady_clock::time_point;
    // Alerts, windows, audit and other messages that may wait: far more than a site makes while a disk is
    // full. Memory at this limit is in the order of 100 MB.
    static constexpr std::size_t other_rows_limit = 100'000;
    // Acknowledgements that wait. Beyond it new ones are forgotten: their messages are delivered once more.
    static constexpr std::size_t delivered_limit = 1'000'000;

    // readings_limit: readings that may wait, those in the writer's hands included.
    explicit RowQueue(std::size_t readings_limit) : readings_limit_(readings_limit) {}

    bool append(Row row);
    void delivered(std::span<const MessageKey> keys);
    // What waits is wanted now; the next take() says so.
    void ask();
    void stop();

    // Waits for the deadline or one of the reasons to wake, then adds all that waits to `batch`. What is in
    // the batch counts towards the limits until done(). True: somebody has asked since the last take().
    bool take(Deadline deadline, Batch& batch);
    // Waits for the deadline or stop() only: while the disk refuses, nothing is urgent.
    void pause(Deadline deadline);
    // The batch has been committed, or given up.
    void done();
    bool stopping() const;

    std::uint64_t refused() const;

  private:
    const std::size_t readings_limit_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Batch queue_;               // guarded by mutex_, like all below
    std::size_t readings_ = 0;  // in the queue or in the writer's hands
    std::size_t others_ = 0;
    std::size_t queued_readings_ = 0;  // in the queue only
    std::size_t queued_others_ = 0;
    std::size_t held_delivered_ = 0;  // in the writer's hands
    std::uint64_t refused_ = 0;
    bool wanted_ = false;  // wakes the writer
    bool asked_ = false;   // by ask()
    bool stopping_ = false;
};

}  // namespace sitepower
