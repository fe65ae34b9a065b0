#include "bench/bare/mqtt_loop.hpp"

#include <mosquitto.h>

#include <stdexcept>

namespace sitepower::bench {
namespace {

constexpr int keepalive_s = 60;

void check(int result) {
    if (result != MOSQ_ERR_SUCCESS) {
        throw std::runtime_error(std::string("MQTT: ") + mosquitto_strerror(result));
    }
}

}  // namespace

BareMqtt::BareMqtt(std::uint16_t port)
    : client_((mosquitto_lib_init(), mosquitto_new(nullptr, true, this)), &mosquitto_destroy) {
    mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(client_.get(), 0);
    mosquitto_publish_callback_set(client_.get(), &BareMqtt::on_acknowledged);
    check(mosquitto_connect(client_.get(), "127.0.0.1", port, keepalive_s));
}

BareMqtt::~BareMqtt() = default;

void BareMqtt::publish(const std::string& topic, std::string_view payload) {
    check(mosquitto_publish(client_.get(), nullptr, topic.c_str(), static_cast<int>(payload.size()),
                            payload.data(), 1, false));
    ++published_;
}

void BareMqtt::run_loop(std::chrono::milliseconds wait) {
    check(mosquitto_loop(client_.get(), static_cast<int>(wait.count()), 1));
}

void BareMqtt::on_acknowledged(mosquitto* /*client*/, void* self, int /*packet*/) {
    ++static_cast<BareMqtt*>(self)->acknowledged_;
}

}  // namespace sitepower::bench
