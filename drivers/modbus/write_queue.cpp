#include "drivers/modbus/write_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace sitepower::modbus {

WriteQueue::WriteQueue() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

WriteQueue::~WriteQueue() {
    ::close(fd_);
}

bool WriteQueue::push(WriteOrder order) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || count_ >= capacity) return false;
        ++count_;
        waiting_.push_back(std::move(order));
    }
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the bus is awake anyway.
    [[maybe_unused]] const auto n = write(fd_, &one, sizeof one);
    return true;
}

std::vector<WriteOrder> WriteQueue::take() {
    std::uint64_t count = 0;
    // An empty eventfd answers EAGAIN: nothing waits.
    if (read(fd_, &count, sizeof count) < 0) return {};
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

void WriteQueue::finished() {
    const std::lock_guard lock(mutex_);
    --count_;
}

std::vector<WriteOrder> WriteQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    count_ -= waiting_.size();
    return std::exchange(waiting_, {});
}

}  // namespace sitepower::modbus
