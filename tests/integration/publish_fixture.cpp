#include "tests/integration/publish_fixture.hpp"

#include <nlohmann/json.hpp>

namespace sitepower {
namespace {

constexpr std::size_t batch_size = 500;
const Epoch epoch{.bits = test_epoch, .number = 1};

}  // namespace

PublisherSettings settings_for(std::uint16_t port) {
    PublisherSettings settings;
    settings.brokers = {{.host = "127.0.0.1", .port = port}};
    settings.reconnect_min = Duration{50};
    settings.reconnect_max = Duration{200};
    settings.keepalive = Duration{5000};
    return settings;
}

std::shared_ptr<const Message> text_message(std::uint64_t sequence, const std::string& topic,
                                            std::string text, bool retained) {
    auto message = std::make_shared<Message>();
    message->key = epoch.key(sequence);
    message->epoch_bits = epoch.bits;
    message->seq = sequence;
    message->kind = retained ? MessageKind::state : MessageKind::event;
    message->topic = topic;
    message->retained = retained;
    message->body = std::move(text);
    return message;
}

std::shared_ptr<const Message> frame_message(std::uint64_t sequence) {
    static const auto layout = [] {
        auto made = std::make_shared<Layout>();
        made->device = "UPS-01";
        made->group = "fast";
        for (int i = 0; i < 20; ++i) {
            made->points.push_back(
                {.name = "jar" + std::to_string(i) + ".voltage_v", .unit = "V", .scale = 1, .offset = 0});
        }
        return std::shared_ptr<const Layout>(made);
    }();
    auto frame = std::make_shared<Frame>();
    frame->layout = layout;
    frame->time = from_ms(1'763'794'468'000 + static_cast<std::int64_t>(sequence));
    frame->values.assign(20, 12.0 + 0.001 * static_cast<double>(sequence % 1000));
    frame->quality.assign(20, Quality::good);
    auto message = std::make_shared<Message>();
    message->key = epoch.key(sequence);
    message->epoch_bits = epoch.bits;
    message->seq = sequence;
    message->topic = "device/UPS-01/readings";
    message->body = FramePtr(frame);
    return message;
}

std::string id_of(const std::string& payload) {
    return nlohmann::json::parse(payload).at("id").get<std::string>();
}

void RecordingObserver::delivered(std::span<const MessageKey> keys) {
    {
        const std::lock_guard lock(mutex);
        delivered_keys.insert(keys.begin(), keys.end());
    }
    changed.notify_all();
}

void RecordingObserver::refused(MessageKey key, int reason_code) {
    {
        const std::lock_guard lock(mutex);
        refused_keys[key] = reason_code;
    }
    changed.notify_all();
}

void RecordingObserver::connection_changed(const ConnectionState& state) {
    {
        const std::lock_guard lock(mutex);
        states.push_back(state);
    }
    changed.notify_all();
}

void RecordingObserver::backlog_wanted() {
    {
        const std::lock_guard lock(mutex);
        ++wanted;
    }
    changed.notify_all();
}

void RecordingObserver::request(MqttRequest request) {
    {
        const std::lock_guard lock(mutex);
        requests.push_back(std::move(request));
    }
    changed.notify_all();
}

bool RecordingObserver::wait_connected(std::chrono::milliseconds at_most) {
    return wait_until([this] { return !states.empty() && states.back().connected; }, at_most);
}

bool RecordingObserver::wait_disconnected(std::chrono::milliseconds at_most) {
    return wait_until([this] { return !states.empty() && !states.back().connected; }, at_most);
}

void Outbox::publish(const std::shared_ptr<const Message>& message) {
    kept_.emplace(message->key, message);
    publisher_.publish(message);
}

std::vector<std::shared_ptr<const Message>> Outbox::next_batch() {
    std::vector<std::shared_ptr<const Message>> batch;
    for (auto at = kept_.upper_bound(cursor_); at != kept_.end() && batch.size() < batch_size; ++at)
        batch.push_back(at->second);
    cursor_ = batch.empty() ? MessageKey{} : batch.back()->key;
    return batch;
}

bool Outbox::drain(std::chrono::milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (true) {
        const bool news = observer_.wait_until(
            [this] {
                return observer_.wanted > answered_ || observer_.delivered_keys.size() >= kept_.size();
            },
            std::chrono::milliseconds(100));
        {
            const std::lock_guard lock(observer_.mutex);
            std::erase_if(
                kept_, [this](const auto& entry) { return observer_.delivered_keys.contains(entry.first); });
            if (kept_.empty()) return true;
            if (observer_.wanted == answered_ && news) continue;
        }
        if (std::chrono::steady_clock::now() > deadline) return false;
        const std::lock_guard lock(observer_.mutex);
        if (observer_.wanted == answered_) continue;
        answered_ = observer_.wanted;
        publisher_.backlog(next_batch());
    }
}

}  // namespace sitepower
