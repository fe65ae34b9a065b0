#include "tests/support/subscriber.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace sitepower::support {
namespace {

void check(int code, const char* what) {
    if (code != MOSQ_ERR_SUCCESS)
        throw std::runtime_error(std::string(what) + ": " + mosquitto_strerror(code));
}

std::string string_property(const mosquitto_property* properties, int identifier) {
    char* value = nullptr;
    if (mosquitto_property_read_string(properties, identifier, &value, false) == nullptr) return {};
    std::string text(value);
    std::free(value);
    return text;
}

std::string binary_property(const mosquitto_property* properties, int identifier) {
    void* value = nullptr;
    std::uint16_t length = 0;
    if (mosquitto_property_read_binary(properties, identifier, &value, &length, false) == nullptr) return {};
    std::string bytes(static_cast<const char*>(value), length);
    std::free(value);
    return bytes;
}

Received copy(const mosquitto_message& message, const mosquitto_property* properties) {
    Received received;
    received.topic = message.topic;
    received.payload.assign(static_cast<const char*>(message.payload),
                            static_cast<std::size_t>(message.payloadlen));
    received.retained = message.retain;
    received.qos = message.qos;
    received.response_topic = string_property(properties, MQTT_PROP_RESPONSE_TOPIC);
    received.correlation_data = binary_property(properties, MQTT_PROP_CORRELATION_DATA);
    std::uint32_t expiry_s = 0;
    if (mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry_s, false) !=
        nullptr)
        received.expiry_s = expiry_s;
    return received;
}

}  // namespace

struct SubscriberCallbacks {
    static void connected(mosquitto* client, void* owner, int code, int /*flags*/,
                          const mosquitto_property* /*properties*/) {
        if (code != 0) return;
        auto& self = *static_cast<Subscriber*>(owner);
        {
            const std::lock_guard lock(self.mutex_);
            ++self.connects_;
            self.granted_ = 0;
        }
        self.changed_.notify_all();
        for (const auto& filter : self.options_.filters)
            mosquitto_subscribe_v5(client, nullptr, filter.c_str(), 1, 0, nullptr);
    }

    static void subscribed(mosquitto* /*client*/, void* owner, int /*mid*/, int /*count*/, const int* /*qos*/,
                           const mosquitto_property* /*properties*/) {
        auto& self = *static_cast<Subscriber*>(owner);
        {
            const std::lock_guard lock(self.mutex_);
            ++self.granted_;
        }
        self.changed_.notify_all();
    }

    static void received(mosquitto* /*client*/, void* owner, const mosquitto_message* message,
                         const mosquitto_property* properties) {
        auto& self = *static_cast<Subscriber*>(owner);
        {
            const std::lock_guard lock(self.mutex_);
            self.received_.push_back(copy(*message, properties));
        }
        self.changed_.notify_all();
    }
};

Subscriber::Subscriber(SubscriberOptions options) : options_(std::move(options)) {
    mosquitto_lib_init();
    client_ = mosquitto_new(options_.client_id.empty() ? nullptr : options_.client_id.c_str(),
                            !options_.persistent, this);
    if (client_ == nullptr) throw std::runtime_error("mosquitto_new");
    try {
        configure();
        connect();
    } catch (...) {
        end();  // a destructor is not run for what was never built
        throw;
    }
}

Subscriber::~Subscriber() {
    end();
}

void Subscriber::connect() {
    mosquitto_property* properties = nullptr;
    if (options_.persistent)
        mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3600);
    const char* host = options_.ca_file.empty() ? "127.0.0.1" : "localhost";
    const int code = mosquitto_connect_bind_v5(client_, host, options_.port, 30, nullptr, properties);
    mosquitto_property_free_all(&properties);
    check(code, "the subscriber's connect");
    check(mosquitto_loop_start(client_), "the subscriber's thread");
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return connects_ > 0 && granted_ == options_.filters.size(); };
    if (!changed_.wait_for(lock, options_.ready_within, ready))
        throw std::runtime_error("the subscriber was not granted its filters");
}

void Subscriber::configure() const {
    mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(client_, MOSQ_OPT_RECEIVE_MAXIMUM, 65535);
    mosquitto_reconnect_delay_set(client_, 1, 1, false);
    mosquitto_connect_v5_callback_set(client_, SubscriberCallbacks::connected);
    mosquitto_subscribe_v5_callback_set(client_, SubscriberCallbacks::subscribed);
    mosquitto_message_v5_callback_set(client_, SubscriberCallbacks::received);
    if (!options_.user.empty())
        check(mosquitto_username_pw_set(client_, options_.user.c_str(), options_.password.c_str()), "user");
    if (!options_.ca_file.empty()) {
        check(mosquitto_tls_set(client_, options_.ca_file.c_str(), nullptr, nullptr, nullptr, nullptr),
              "TLS");
    }
}

void Subscriber::end() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, true);
    mosquitto_destroy(client_);
}

bool Subscriber::wait_until(const std::function<bool(const Record&)>& condition,
                            std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return condition(received_); });
}

bool Subscriber::wait_for_count(std::size_t count, std::chrono::milliseconds at_most) {
    return wait_until([count](const Record& record) { return record.size() >= count; }, at_most);
}

Subscriber::Record Subscriber::received(std::size_t from) const {
    const std::lock_guard lock(mutex_);
    return {received_.begin() + static_cast<std::ptrdiff_t>(std::min(from, received_.size())),
            received_.end()};
}

std::vector<Received> Subscriber::received_on(const std::string& topic) const {
    auto all = received();
    std::erase_if(all, [&](const Received& message) { return message.topic != topic; });
    return all;
}

void Subscriber::forget() {
    const std::lock_guard lock(mutex_);
    received_.clear();
}

int Subscriber::connects() const {
    const std::lock_guard lock(mutex_);
    return connects_;
}

void Subscriber::publish(const Outgoing& message) {
    mosquitto_property* properties = nullptr;
    if (!message.response_topic.empty())
        mosquitto_property_add_string(&properties, MQTT_PROP_RESPONSE_TOPIC, message.response_topic.c_str());
    if (!message.correlation_data.empty()) {
        mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA,
                                      message.correlation_data.data(),
                                      static_cast<std::uint16_t>(message.correlation_data.size()));
    }
    if (message.expiry_s)
        mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, *message.expiry_s);
    const int code = mosquitto_publish_v5(client_, nullptr, message.topic.c_str(),
                                          static_cast<int>(message.payload.size()), message.payload.data(), 1,
                                          message.retained, properties);
    mosquitto_property_free_all(&properties);
    check(code, "the subscriber's publish");
}

}  // namespace sitepower::support
