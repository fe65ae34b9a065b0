#include "bench/harness/subscriber.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>

namespace sitepower::bench {
namespace {

constexpr int wait_ms = 50;  // how long the thread may take to see that it is to stop
constexpr std::chrono::milliseconds reconnect_pause{20};

bool send_all(const Descriptor& socket, std::string_view bytes) {
    return send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

Subscriber::Subscriber(SubscriberSettings settings, Receiver& receiver)
    : settings_(std::move(settings)),
      receiver_(receiver),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
    wait_until("the subscriber is connected", Seconds{10}, [this] { return subscribed(); });
}

Subscriber::~Subscriber() = default;

void Subscriber::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (const auto socket = connect_to_loopback(settings_.port)) {
            session(socket, stop);
        }
        subscribed_.store(false, std::memory_order_release);
        std::this_thread::sleep_for(reconnect_pause);
    }
}

void Subscriber::session(const Descriptor& socket, const std::stop_token& stop) {
    std::array<char, 65'536> bytes{};
    std::string waiting;
    std::string reply =
        connect_packet(settings_.connect) + subscribe_packet(settings_.filters, settings_.quality_of_service);
    while (!stop.stop_requested()) {
        if (!reply.empty() && !send_all(socket, reply)) {
            return;
        }
        reply.clear();
        pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
        if (poll(&readable, 1, wait_ms) <= 0) {
            continue;
        }
        const auto count = recv(socket.get(), bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            return;
        }
        waiting.append(bytes.data(), static_cast<std::size_t>(count));
        take_packets(waiting, SteadyClock::now(), reply);
    }
}

void Subscriber::take_packets(std::string& waiting, SteadyTime arrived, std::string& reply) {
    std::string_view rest = waiting;
    while (const auto packet = parse_packet(rest)) {
        take(*packet, arrived, reply);
        rest.remove_prefix(packet->size);
    }
    waiting.erase(0, waiting.size() - rest.size());
}

void Subscriber::take(const Packet& packet, SteadyTime arrived, std::string& reply) {
    if (packet.type == static_cast<std::uint8_t>(PacketType::suback)) {
        subscribed_.store(true, std::memory_order_release);
    }
    if (packet.type != static_cast<std::uint8_t>(PacketType::publish)) {
        return;
    }
    if (const auto publication = parse_publication(packet)) {
        receiver_.receive({.topic = publication->topic, .payload = publication->payload, .arrived = arrived});
        received_.fetch_add(1, std::memory_order_relaxed);
        if (publication->packet_id != 0) {
            append_acknowledgement(publication->packet_id, reply);
        }
    }
}

}  // namespace sitepower::bench
