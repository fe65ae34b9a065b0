// The worker: one thread for what may take longer than the loop can wait, queries of the store now, forecasts
// and plans later. Jobs run one after another; what each returns runs on the loop thread when the loop calls
// deliver(). Owned by the app; all but the thread itself on the loop thread.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/time.hpp"
#include "daemon/operation/context.hpp"
#include "daemon/operation/unique_function.hpp"

namespace sitepower {

class Worker {
  public:
    using Job = UniqueFunction<Completion()>;

    // At most `capacity` jobs are queued, running or waiting for deliver(); `longest_job` is what the
    // watchdog allows one job to take.
    explicit Worker(std::size_t capacity = 64, Duration longest_job = std::chrono::minutes{2});
    ~Worker();  // stops
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Jobs run from now on. The thread itself begins with the first: a worker that nobody asks costs none.
    void start();
    // Lets the running job end, drops the queued ones (on this thread), joins. What has ended waits for
    // deliver().
    void finish();
    // The same, and drops what waits for deliver().
    void stop();

    // False at the limit, after finish(), and when the system has no thread to give; the job is then dropped.
    [[nodiscard]] bool submit(Job job);

    int fd() const;  // readable while completions wait
    // Runs the completions that wait.
    void deliver();

    Duration since_progress() const;  // since the running job began; 0 while idle. The watchdog's measure.
    Duration progress_limit() const;

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace sitepower
