#include "daemon/store/row_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sitepower {

namespace {

// What may be refused when the writer cannot keep up.
bool is_reading(const Row& row) {
    const auto* message = row.message();
    return message != nullptr && message->message->kind == MessageKind::readings;
}

// What is committed at once.
bool is_urgent(const Row& row) {
    if (const auto* message = row.message()) {
        return message->message->kind == MessageKind::alert || message->message->kind == MessageKind::event;
    }
    const auto& record = *row.record();
    return std::holds_alternative<AlertRow>(record) || std::holds_alternative<WindowRow>(record) ||
           std::holds_alternative<AuditRow>(record);
}

}  // namespace

void Batch::clear() {
    rows.clear();
    delivered.clear();
}

bool RowQueue::append(Row row) {
    const bool reading = is_reading(row);
    const bool urgent = is_urgent(row);
    bool wake = urgent;
    {
        const std::lock_guard lock(mutex_);
        auto& count = reading ? readings_ : others_;
        if (count >= (reading ? readings_limit_ : other_rows_limit)) {
            ++refused_;
            return false;
        }
        ++count;
        ++(reading ? queued_readings_ : queued_others_);
        queue_.rows.push_back(std::move(row));
        if (queued_readings_ == readings_limit_ / 2 || queued_others_ == other_rows_limit / 2) wake = true;
        if (wake) wanted_ = true;
    }
    if (wake) wake_.notify_one();
    return true;
}

void RowQueue::delivered(std::span<const MessageKey> keys) {
    const std::lock_guard lock(mutex_);
    const auto room = delivered_limit - std::min(delivered_limit, held_delivered_ + queue_.delivered.size());
    const auto kept = keys.first(std::min(keys.size(), room));
    queue_.delivered.insert(queue_.delivered.end(), kept.begin(), kept.end());
}

void RowQueue::ask() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        asked_ = true;
    }
    wake_.notify_one();
}

void RowQueue::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
}

bool RowQueue::take(Deadline deadline, Batch& batch) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, deadline, [this] { return wanted_ || stopping_; });
    wanted_ = false;
    if (batch.empty()) {
        std::swap(batch, queue_);
    } else {
        batch.rows.insert(batch.rows.end(), std::make_move_iterator(queue_.rows.begin()),
                          std::make_move_iterator(queue_.rows.end()));
        batch.delivered.insert(batch.delivered.end(), queue_.delivered.begin(), queue_.delivered.end());
    }
    queue_.clear();
    queued_readings_ = 0;
    queued_others_ = 0;
    held_delivered_ = batch.delivered.size();
    return std::exchange(asked_, false);
}

void RowQueue::pause(Deadline deadline) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, deadline, [this] { return stopping_; });
}

void RowQueue::done() {
    const std::lock_guard lock(mutex_);
    readings_ = queued_readings_;
    others_ = queued_others_;
    held_delivered_ = 0;
}

bool RowQueue::stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

std::uint64_t RowQueue::refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
}

}  // namespace sitepower
