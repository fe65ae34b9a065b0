// What the tests of the publisher share: an observer that records and waits, and an outbox as simple as can
// be, which answers backlog_wanted() the way the executor does.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/publish/publisher.hpp"

namespace sitepower {

inline constexpr std::uint64_t test_epoch = 0x00c0ffee12345678;
inline const std::string test_site = "DC-TEST-01";
inline const std::string test_root = "sitepower/v1/DC-TEST-01/";

PublisherSettings settings_for(std::uint16_t port);

std::shared_ptr<const Message> text_message(std::uint64_t sequence, const std::string& topic,
                                            std::string text, bool retained = false);
std::shared_ptr<const Message> frame_message(std::uint64_t sequence);
// The "id" of a payload.
std::string id_of(const std::string& payload);

class RecordingObserver : public PublisherObserver {
  public:
    void delivered(std::span<const MessageKey> keys) override;
    void refused(MessageKey key, int reason_code) override;
    void connection_changed(const ConnectionState& state) override;
    void backlog_wanted() override;
    void request(MqttRequest request) override;

    template <class Condition>
    bool wait_until(Condition condition, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, at_most, condition);
    }
    bool wait_connected(std::chrono::milliseconds at_most = std::chrono::seconds(20));
    bool wait_disconnected(std::chrono::milliseconds at_most = std::chrono::seconds(20));

    std::mutex mutex;
    std::condition_variable changed;
    // All guarded by mutex; conditions of wait_until run under it.
    std::multiset<MessageKey> delivered_keys;
    std::map<MessageKey, int> refused_keys;
    std::vector<ConnectionState> states;
    std::vector<MqttRequest> requests;
    int wanted = 0;
};

// Keeps every message until it is delivered, and sends what is left when the publisher asks.
class Outbox {
  public:
    Outbox(Publisher& publisher, RecordingObserver& observer) : publisher_(publisher), observer_(observer) {}

    void publish(const std::shared_ptr<const Message>& message);
    // Answers requests for backlog until all is delivered; false at the deadline.
    bool drain(std::chrono::milliseconds at_most = std::chrono::seconds(30));

  private:
    std::vector<std::shared_ptr<const Message>> next_batch();

    Publisher& publisher_;
    RecordingObserver& observer_;
    std::map<MessageKey, std::shared_ptr<const Message>> kept_;
    MessageKey cursor_{};
    int answered_ = 0;
};

}  // namespace sitepower
