#include "daemon/operation/worker.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/loop/mailbox.hpp"

namespace sitepower {

class Worker::Thread {
  public:
    Thread(std::size_t capacity, Duration longest_job)
        : capacity_(capacity), longest_job_(longest_job), completions_(capacity) {}

    void start() {
        stopping_ = false;
        started_ = true;
        if (!jobs_.empty()) static_cast<void>(run_thread());
    }

    void finish() {
        std::deque<Job> dropped;
        started_ = false;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            dropped.swap(jobs_);
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
        outstanding_ -= dropped.size();
        dropped.clear();  // their Replies answer here, on the loop thread
    }

    void stop() {
        finish();
        completions_.drain(delivered_);
        delivered_.clear();
        outstanding_ = 0;
    }

    bool submit(Job job) {
        if (outstanding_ >= capacity_) return false;
        if (started_ && !run_thread()) return false;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return false;
            jobs_.push_back(std::move(job));
        }
        ++outstanding_;
        wake_.notify_one();
        return true;
    }

    void deliver() {
        completions_.drain(delivered_);
        outstanding_ -= delivered_.size();
        for (auto& completion : delivered_) completion();
        delivered_.clear();
    }

    int fd() const { return completions_.fd(); }

    Duration since_progress() const {
        const auto began = job_began_ms_.load(std::memory_order_relaxed);
        return began == idle ? Duration{0} : Duration{steady_ms() - began};
    }
    Duration progress_limit() const { return longest_job_; }

  private:
    static constexpr std::int64_t idle = -1;

    static std::int64_t steady_ms() {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration_cast<Duration>(now).count();
    }

    // False when the system gives no thread now.
    bool run_thread() {
        if (thread_.joinable()) return true;
        try {
            thread_ = std::thread([this] { run(); });
            return true;
        } catch (const std::system_error&) {
            return false;
        }
    }

    void run() {
        while (true) {
            auto job = next();
            if (!job) return;
            job_began_ms_.store(steady_ms(), std::memory_order_relaxed);
            auto completion = job();
            job_began_ms_.store(idle, std::memory_order_relaxed);
            // Cannot be full: submit() counts what is not delivered yet, up to the same capacity.
            static_cast<void>(completions_.push(std::move(completion)));
        }
    }

    // Waits for a job; an empty one when the thread is to end.
    Job next() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return {};
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        return job;
    }

    const std::size_t capacity_;
    const Duration longest_job_;
    bool started_ = false;               // loop thread only
    std::size_t outstanding_ = 0;        // loop thread only
    std::vector<Completion> delivered_;  // loop thread only
    Mailbox<Completion> completions_;
    std::atomic<std::int64_t> job_began_ms_{idle};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;   // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

Worker::Worker(std::size_t capacity, Duration longest_job)
    : thread_(std::make_unique<Thread>(capacity, longest_job)) {}

Worker::~Worker() {
    stop();
}

void Worker::start() {
    thread_->start();
}
void Worker::finish() {
    thread_->finish();
}
void Worker::stop() {
    thread_->stop();
}
bool Worker::submit(Job job) {
    return thread_->submit(std::move(job));
}
int Worker::fd() const {
    return thread_->fd();
}
void Worker::deliver() {
    thread_->deliver();
}
Duration Worker::since_progress() const {
    return thread_->since_progress();
}
Duration Worker::progress_limit() const {
    return thread_->progress_limit();
}

}  // namespace sitepower
