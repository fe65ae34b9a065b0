// The executor's outlets in the running daemon: publisher, store and the worker that reads the outbox. Owned
// by the app; loop thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/executor/executor.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/retained_messages.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class LiveOutlets final : public ExecutorOutlets {
  public:
    using ReadOutbox = std::function<void(BacklogPump::Order)>;

    LiveOutlets(Store& store, ReadOutbox read_outbox) : store_(store), read_outbox_(std::move(read_outbox)) {}

    // Null while there is no broker configured, or while a reload exchanges it.
    void use(Publisher* publisher) { publisher_ = publisher; }

    bool publish(std::shared_ptr<const Message> message) override {
        // Nobody remembers the topic, and a new publisher clears what it does not know.
        if (publisher_ == nullptr) return is_clear(*message);
        return publisher_->publish(std::move(message));
    }
    // Without a broker in the configuration nothing waits for delivery: readings are kept as history, and
    // messages that are not readings only exist to be delivered.
    void deliver_later(bool yes) { deliver_later_ = yes; }
    bool append(Row row) override {
        const auto* message = row.message();
        if (deliver_later_ || message == nullptr) return store_.append(std::move(row));
        if (!std::holds_alternative<FramePtr>(message->message->body)) return true;
        const std::array keys{message->message->key};
        if (!store_.append(std::move(row))) return false;
        store_.delivered(keys);
        return true;
    }
    void commit_soon() override { store_.commit_soon(); }
    bool send_backlog(std::vector<std::shared_ptr<const Message>> batch) override {
        return publisher_ != nullptr && publisher_->backlog(std::move(batch));
    }
    void read_outbox(BacklogPump::Order order) override { read_outbox_(order); }

  private:
    Store& store_;
    ReadOutbox read_outbox_;
    Publisher* publisher_ = nullptr;
    bool deliver_later_ = true;
};

}  // namespace sitepower
