// The orders on their way to a bus's thread. Bounded: at most `capacity` orders of a bus are waiting or under
// way; a further one is refused at once. push() from any thread, the rest on the bus's.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "drivers/modbus/write.hpp"

namespace sitepower::modbus {

class WriteQueue {
  public:
    static constexpr std::size_t capacity = 16;

    WriteQueue();  // throws std::system_error
    ~WriteQueue();
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;

    // False at the limit, and after close(). Wakes the bus.
    [[nodiscard]] bool push(WriteOrder order);

    int fd() const { return fd_; }  // readable while orders wait
    // All that wait, in order; they stay counted until finished() has been called for each.
    std::vector<WriteOrder> take();
    void finished();
    // Takes no more, and gives back what still waits.
    std::vector<WriteOrder> close();

  private:
    const int fd_;
    mutable std::mutex mutex_;
    std::vector<WriteOrder> waiting_;  // guarded by mutex_
    std::size_t count_ = 0;            // guarded by mutex_: waiting or under way
    bool closed_ = false;              // guarded by mutex_
};

}  // namespace sitepower::modbus
