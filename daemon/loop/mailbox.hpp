// A bounded queue between threads: many may push, one drains. Pushing wakes the owner through an eventfd only
// when the queue was empty, so that a busy owner is not woken for each value. When full, push() refuses and
// says so; what to do then is the caller's decision, written at each use.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace sitepower {

template <class T>
class Mailbox {
  public:
    // capacity: how many values wait at most.
    explicit Mailbox(std::size_t capacity)
        : capacity_(capacity), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Mailbox() { close(fd_); }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    // Any thread. False, and `value` untouched, when the queue is full.
    [[nodiscard]] bool push(T&& value) {
        bool was_empty = false;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.size() >= capacity_) return false;
            was_empty = queue_.empty();
            queue_.push_back(std::move(value));
        }
        if (was_empty) wake();
        return true;
    }

    // Any thread that may be slowed down: as push(), but waits up to `at_most` for room.
    [[nodiscard]] bool push_within(T&& value, std::chrono::milliseconds at_most) {
        bool was_empty = false;
        {
            std::unique_lock lock(mutex_);
            if (!room_.wait_for(lock, at_most, [this] { return queue_.size() < capacity_; })) {
                return false;
            }
            was_empty = queue_.empty();
            queue_.push_back(std::move(value));
        }
        if (was_empty) {
            wake();
        }
        return true;
    }

    // The owner: takes everything that waits, in order. `into` is cleared first and keeps its memory.
    void drain(std::vector<T>& into) {
        into.clear();
        std::uint64_t count = 0;
        // An empty eventfd answers EAGAIN: nothing to reset.
        [[maybe_unused]] const auto n = read(fd_, &count, sizeof count);
        {
            const std::lock_guard lock(mutex_);
            queue_.swap(into);
        }
        room_.notify_all();
    }

    // Wakes the owner without a value.
    void wake() {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then the owner is awake anyway.
        [[maybe_unused]] const auto n = write(fd_, &one, sizeof one);
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }
    std::size_t capacity() const { return capacity_; }
    int fd() const { return fd_; }  // readable while values wait; for poll or sd-event

  private:
    const std::size_t capacity_;
    const int fd_;
    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::vector<T> queue_;  // guarded by mutex_
};

}  // namespace sitepower
