#include "daemon/publish/mqtt_connection.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sitepower {
namespace {

constexpr std::size_t most_receive_maximum = 65'535;
constexpr int session_taken_over = 0x8E;
constexpr int protocol_version_not_supported = 0x84;
constexpr int v311_protocol_version_refused = 1;
// What a broker would answer to what libmosquitto does not even send.
constexpr int topic_name_invalid = 0x90;
constexpr int packet_too_large = 0x95;
constexpr int retain_not_supported = 0x9A;
constexpr int qos_not_supported = 0x9B;
constexpr int payload_format_invalid = 0x99;

std::optional<int> refusal_of(int code) {
    switch (code) {
        case MOSQ_ERR_INVAL:
            return topic_name_invalid;
        case MOSQ_ERR_MALFORMED_UTF8:
            return payload_format_invalid;
        case MOSQ_ERR_PAYLOAD_SIZE:
        case MOSQ_ERR_OVERSIZE_PACKET:
            return packet_too_large;
        case MOSQ_ERR_RETAIN_NOT_SUPPORTED:
            return retain_not_supported;
        case MOSQ_ERR_QOS_NOT_SUPPORTED:
            return qos_not_supported;
        default:
            return std::nullopt;
    }
}

// Properties of one packet, freed at the end of the scope.
class Properties {
  public:
    Properties() = default;
    ~Properties() { mosquitto_property_free_all(&list_); }
    Properties(const Properties&) = delete;
    Properties& operator=(const Properties&) = delete;

    void add_int32(int identifier, std::uint32_t value) {
        mosquitto_property_add_int32(&list_, identifier, value);
    }
    void add_binary(int identifier, std::string_view value) {
        mosquitto_property_add_binary(
            &list_, identifier, value.data(),
            static_cast<std::uint16_t>(std::min<std::size_t>(value.size(), 65'535)));
    }
    const mosquitto_property* get() const { return list_; }

  private:
    mosquitto_property* list_ = nullptr;
};

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

ReceivedMessage copy(const mosquitto_message& message, const mosquitto_property* properties) {
    ReceivedMessage copied{
        .topic = message.topic,
        .payload = {static_cast<const char*>(message.payload), static_cast<std::size_t>(message.payloadlen)},
        .retained = message.retain,
        .response_topic = string_property(properties, MQTT_PROP_RESPONSE_TOPIC),
        .correlation_data = binary_property(properties, MQTT_PROP_CORRELATION_DATA),
        .expiry_s = std::nullopt};
    std::uint32_t expiry_s = 0;
    if (mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry_s, false) !=
        nullptr)
        copied.expiry_s = expiry_s;
    return copied;
}

// "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed": the part that people read.
std::string_view readable(std::string_view complaint) {
    const auto colons = complaint.rfind("::");
    if (colons != std::string_view::npos) return complaint.substr(colons + 2);
    if (complaint.starts_with("Error: ")) return complaint.substr(7);
    return complaint;
}

// An encrypted key must fail, and not ask for a password on a terminal that nobody looks at.
int no_password(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*owner*/) {
    return 0;
}

const char* c_string_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

}  // namespace

// They only note what has happened: libmosquitto must not be called back from within.
struct MqttCallbacks {
    static MqttConnection& self(void* owner) { return *static_cast<MqttConnection*>(owner); }

    static void on_connect(mosquitto* /*client*/, void* owner, int code, int /*flags*/,
                           const mosquitto_property* properties) {
        if (code != 0) {
            self(owner).refused(code);
            return;
        }
        std::uint16_t receive_maximum = most_receive_maximum;
        mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &receive_maximum, false);
        self(owner).receive_maximum_ = receive_maximum;
        self(owner).accepted_ = true;
    }
    static void on_disconnect(mosquitto* /*client*/, void* owner, int code,
                              const mosquitto_property* /*properties*/) {
        self(owner).closed(code);
    }
    static void on_publish(mosquitto* /*client*/, void* owner, int mid, int reason_code,
                           const mosquitto_property* /*properties*/) {
        self(owner).acknowledgements_.push_back({.mid = mid, .reason_code = reason_code});
    }
    static void on_message(mosquitto* /*client*/, void* owner, const mosquitto_message* message,
                           const mosquitto_property* properties) {
        self(owner).messages_.push_back(copy(*message, properties));
    }
    static void on_log(mosquitto* /*client*/, void* owner, int level, const char* text) {
        // The first names the cause, e.g. the wrong host name; OpenSSL's errors that follow say less.
        const bool is_complaint = level == MOSQ_LOG_ERR || level == MOSQ_LOG_WARNING;
        if (is_complaint && self(owner).complaint_.empty()) self(owner).complaint_ = text;
    }
};

void MqttConnection::Destroy::operator()(mosquitto* client) const {
    mosquitto_destroy(client);
}

MqttConnection::MqttConnection(const PublisherSettings& settings, ConnectionTarget target, const Will& will)
    : target_(std::move(target)),
      tls_(settings.tls.enabled),
      client_(mosquitto_new(target_.client_id.c_str(), true, this)) {
    if (!client_) {
        finish({.kind = EndKind::failed, .reason = std::strerror(errno)});
        return;
    }
    set_callbacks();
    int code = configure(settings, will);
    if (code != MOSQ_ERR_SUCCESS) {
        finish({.kind = EndKind::failed, .reason = reason_of(code)});
        return;
    }
    const auto keepalive_s = std::max<Duration::rep>(settings.keepalive.count() / 1000, 5);
    // The only asynchronous connect there is; it takes no MQTT 5 properties.
    code =
        mosquitto_connect_bind_async(client_.get(), target_.address.host.c_str(), target_.address.port,
                                     static_cast<int>(keepalive_s), c_string_or_null(target_.local_address));
    check(code);
}

MqttConnection::~MqttConnection() = default;

int MqttConnection::configure(const PublisherSettings& settings, const Will& will) {
    mosquitto* client = client_.get();
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                         target_.protocol_5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    // The library's own limit of 20 would hold messages back behind our window's back.
    mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, static_cast<int>(most_receive_maximum));
    // Bursts are put together by begin_burst(); what is sent alone must not wait for an acknowledgement.
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    if (!settings.user.empty()) {
        const int code =
            mosquitto_username_pw_set(client, settings.user.c_str(), c_string_or_null(settings.password));
        if (code != MOSQ_ERR_SUCCESS) return code;
    }
    if (settings.tls.enabled) {
        const int code = configure_tls(settings.tls);
        if (code != MOSQ_ERR_SUCCESS) return code;
    }
    return mosquitto_will_set(client, will.topic.c_str(), static_cast<int>(will.payload.size()),
                              will.payload.data(), 1, true);
}

int MqttConnection::configure_tls(const TlsSettings& tls) {
    mosquitto* client = client_.get();
    if (tls.ca_file.empty()) mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    const int code = mosquitto_tls_set(client, c_string_or_null(tls.ca_file), nullptr,
                                       c_string_or_null(tls.certificate_file), c_string_or_null(tls.key_file),
                                       no_password);
    if (code != MOSQ_ERR_SUCCESS) {
        complaint_ = "Error: cannot read the certificate files";
        return MOSQ_ERR_TLS;
    }
    return mosquitto_tls_insecure_set(client, !tls.verify_hostname);
}

void MqttConnection::set_callbacks() {
    mosquitto* client = client_.get();
    mosquitto_connect_v5_callback_set(client, MqttCallbacks::on_connect);
    mosquitto_disconnect_v5_callback_set(client, MqttCallbacks::on_disconnect);
    mosquitto_publish_v5_callback_set(client, MqttCallbacks::on_publish);
    mosquitto_message_v5_callback_set(client, MqttCallbacks::on_message);
    mosquitto_log_callback_set(client, MqttCallbacks::on_log);
}

int MqttConnection::socket() const {
    return end_ || !client_ ? -1 : mosquitto_socket(client_.get());
}

// While a TLS handshake waits for the peer, libmosquitto wants to write what it cannot write yet: poll()
// would return at once for ever. on_readable() carries the handshake on, and writes as soon as it may.
bool MqttConnection::wants_write() const {
    if (end_) return false;
    if (tls_ && tcp_established_ && !accepted_) return false;
    return mosquitto_want_write(client_.get());
}

void MqttConnection::on_readable() {
    if (end_ || !is_established()) return;
    check(mosquitto_loop_read(client_.get(), 1));
    if (!end_ && mosquitto_want_write(client_.get())) check(mosquitto_loop_write(client_.get(), 1));
}

void MqttConnection::on_writable() {
    if (end_ || !is_established()) return;
    check(mosquitto_loop_write(client_.get(), 1));
}

// Asks the socket once how its connect ended: libmosquitto would only say that the connection is lost.
bool MqttConnection::is_established() {
    if (tcp_established_) return true;
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(mosquitto_socket(client_.get()), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) finish({.kind = EndKind::failed, .reason = std::strerror(error)});
    tcp_established_ = error == 0;
    return tcp_established_;
}

void MqttConnection::on_tick() {
    if (end_) return;
    check(mosquitto_loop_misc(client_.get()));
    if (!end_ && tls_ && !accepted_ && tcp_established_ && mosquitto_want_write(client_.get()))
        check(mosquitto_loop_write(client_.get(), 1));
}

void MqttConnection::give_up(EndKind kind, std::string reason) {
    finish({.kind = kind, .reason = std::move(reason)});
}

void MqttConnection::disconnect() {
    if (end_) return;
    disconnecting_ = true;
    mosquitto_disconnect(client_.get());
    if (!end_ && mosquitto_socket(client_.get()) >= 0 && mosquitto_want_write(client_.get()))
        mosquitto_loop_write(client_.get(), 1);
    finish({.kind = EndKind::lost, .reason = "stopped"});
}

void MqttConnection::refused(int code) {
    const bool about_version = code == protocol_version_not_supported ||
                               (!target_.protocol_5 && code == v311_protocol_version_refused);
    const char* words = target_.protocol_5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code);
    finish({.kind = about_version ? EndKind::version_refused : EndKind::failed, .reason = words});
}

void MqttConnection::closed(int code) {
    if (code == session_taken_over && target_.protocol_5) {
        finish({.kind = EndKind::taken_over, .reason = "another client uses our client id"});
        return;
    }
    const bool early = code == MOSQ_ERR_CONN_LOST && complaint_.empty();
    finish({.kind = accepted_ ? EndKind::lost : (early ? EndKind::closed_early : EndKind::failed),
            .reason = reason_of(code)});
}

// The callbacks have usually said more already; this is for what they did not see.
void MqttConnection::check(int code) {
    if (end_) return;
    if (code == MOSQ_ERR_SUCCESS && mosquitto_socket(client_.get()) >= 0) return;
    closed(code == MOSQ_ERR_SUCCESS ? MOSQ_ERR_CONN_LOST : code);
}

void MqttConnection::finish(ConnectionEnd end) {
    if (!end_) end_ = std::move(end);
}

std::string MqttConnection::reason_of(int code) const {
    switch (code) {
        case MOSQ_ERR_TLS:
            return "TLS: " + std::string(readable(complaint_));
        case MOSQ_ERR_ERRNO:
            return std::strerror(errno);
        case MOSQ_ERR_CONN_LOST:
            return accepted_ ? "connection closed by the broker" : "closed before accepting";
        case MOSQ_ERR_KEEPALIVE:
            return "no answer within the keep-alive time";
        case MOSQ_ERR_EAI:
            return "the name of the broker is not known";
        default:
            break;
    }
    // From 0x80 on these are the broker's words.
    return code >= 0x80 ? mosquitto_reason_string(code) : mosquitto_strerror(code);
}

void MqttConnection::take_acknowledgements(std::vector<Acknowledgement>& into) {
    into.clear();
    into.swap(acknowledgements_);
}

void MqttConnection::take_messages(std::vector<ReceivedMessage>& into) {
    into.clear();
    into.swap(messages_);
}

SendResult MqttConnection::publish(const OutgoingMessage& message) {
    if (end_) return {};
    Properties properties;
    if (target_.protocol_5 && message.expiry) {
        properties.add_int32(
            MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
            static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(*message.expiry).count()));
    }
    if (target_.protocol_5 && !message.correlation_data.empty())
        properties.add_binary(MQTT_PROP_CORRELATION_DATA, message.correlation_data);
    int mid = 0;
    const int code = mosquitto_publish_v5(client_.get(), &mid, message.topic.c_str(),
                                          static_cast<int>(message.payload.size()), message.payload.data(), 1,
                                          message.retained, properties.get());
    if (code == MOSQ_ERR_SUCCESS && !end_) return {.outcome = SendOutcome::sent, .mid = mid};
    if (const auto reason = refusal_of(code))
        return {.outcome = SendOutcome::refused, .reason_code = *reason};
    check(code);
    return {};
}

void MqttConnection::subscribe(std::span<const std::string> filters, SubscribeMode mode) {
    if (end_) return;
    std::vector<char*> names;
    for (const auto& filter : filters) names.push_back(const_cast<char*>(filter.c_str()));
    int options = 0;
    if (target_.protocol_5) {
        options =
            MQTT_SUB_OPT_NO_LOCAL | (mode == SubscribeMode::new_messages ? MQTT_SUB_OPT_SEND_RETAIN_NEVER
                                                                         : MQTT_SUB_OPT_SEND_RETAIN_ALWAYS);
    }
    check(mosquitto_subscribe_multiple(client_.get(), nullptr, static_cast<int>(names.size()), names.data(),
                                       mode == SubscribeMode::retained_ones ? 0 : 1, options, nullptr));
}

void MqttConnection::unsubscribe(std::span<const std::string> filters) {
    if (end_) return;
    std::vector<char*> names;
    for (const auto& filter : filters) names.push_back(const_cast<char*>(filter.c_str()));
    check(mosquitto_unsubscribe_multiple(client_.get(), nullptr, static_cast<int>(names.size()), names.data(),
                                         nullptr));
}

// TCP_CORK: libmosquitto writes each packet by itself, and each write to an idle loopback or network socket
// is a segment of its own; held together, a burst costs the kernel a fraction.
void MqttConnection::begin_burst() {
    const int on = 1;
    setsockopt(socket(), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

void MqttConnection::end_burst() {
    const int off = 0;
    setsockopt(socket(), IPPROTO_TCP, TCP_CORK, &off, sizeof off);
}

void start_mqtt_library() {
    mosquitto_lib_init();
}

void stop_mqtt_library() {
    mosquitto_lib_cleanup();
}

}  // namespace sitepower
