#include "daemon/publish/backlog_batch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sitepower {
namespace {

// How soon to ask again when there was nothing, and when there is something for sure.
constexpr auto idle_interval = std::chrono::seconds(5);
constexpr auto eager_interval = std::chrono::milliseconds(200);

}  // namespace

void BacklogBatch::replace(std::vector<std::shared_ptr<const Message>> batch,
                           std::span<const MessageKey> on_their_way, Steady now) {
    waiting_.clear();
    outstanding_.clear();
    ask_at_ = batch.empty() ? now + idle_interval : now;
    for (auto& message : batch) {
        if (std::ranges::binary_search(on_their_way, message->key))
            outstanding_.push_back(message->key);
        else
            waiting_.push_back(std::move(message));
    }
    std::ranges::sort(outstanding_);
}

void BacklogBatch::next_sent() {
    const MessageKey key = waiting_.front()->key;
    outstanding_.insert(std::ranges::upper_bound(outstanding_, key), key);
    waiting_.pop_front();
}

void BacklogBatch::next_settled() {
    waiting_.pop_front();
}

void BacklogBatch::settled(MessageKey key) {
    const auto found = std::ranges::lower_bound(outstanding_, key);
    if (found != outstanding_.end() && *found == key) outstanding_.erase(found);
}

std::optional<Steady> BacklogBatch::ask_at() const {
    return is_done() ? std::optional<Steady>(ask_at_) : std::nullopt;
}

void BacklogBatch::asked(Steady now) {
    ask_at_ = now + idle_interval;
}

void BacklogBatch::something_was_left(Steady now) {
    ask_at_ = std::min(ask_at_, now + eager_interval);
}

}  // namespace sitepower
