#include "tests/support/fake_broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace sitepower::support {
namespace {

constexpr unsigned char connect_packet = 0x10;
constexpr unsigned char publish_packet = 0x30;
constexpr unsigned char ping_packet = 0xC0;

// One packet taken off the front of what was received: its first byte and its body.
struct Packet {
    unsigned char type = 0;
    std::string body;
};

std::optional<Packet> take_packet(std::string& received) {
    std::size_t length = 0;
    std::size_t at = 1;
    for (unsigned shift = 0;; shift += 7, ++at) {
        if (at >= received.size() || shift > 21) return std::nullopt;
        const auto byte = static_cast<unsigned char>(received[at]);
        length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) break;
    }
    ++at;
    if (received.size() < at + length) return std::nullopt;
    Packet packet{.type = static_cast<unsigned char>(received[0]), .body = received.substr(at, length)};
    received.erase(0, at + length);
    return packet;
}

// The protocol level stands behind the protocol's name, "MQTT" with its length.
int protocol_level(const Packet& connect) {
    return connect.body.size() > 6 ? connect.body[6] : 0;
}

std::string acknowledgement_of(const Packet& publish) {
    const auto topic_length =
        (static_cast<unsigned char>(publish.body[0]) << 8U) | static_cast<unsigned char>(publish.body[1]);
    const auto at = static_cast<std::size_t>(topic_length) + 2;
    return {'\x40', '\x02', publish.body[at], publish.body[at + 1]};
}

struct Client {
    int fd = -1;
    std::string received = {};
    bool open = true;
};

class Conversation {
  public:
    Conversation(FakeBrokerManner manner, std::atomic<int>& publishes)
        : manner_(manner), publishes_(publishes) {}

    void answer(Client& client, const Packet& packet) {
        switch (packet.type & 0xF0U) {
            case connect_packet:
                accept(client, protocol_level(packet));
                break;
            case publish_packet:
                ++publishes_;
                if (manner_ != FakeBrokerManner::never_acknowledges) say(client, acknowledgement_of(packet));
                break;
            case ping_packet:
                say(client, std::string("\xD0\x00", 2));
                break;
            default:
                break;
        }
    }

  private:
    void accept(Client& client, int level) {
        const bool wrong_version = level == 5 && (manner_ == FakeBrokerManner::closes_mqtt_5 ||
                                                  manner_ == FakeBrokerManner::refuses_mqtt_5);
        if (wrong_version && manner_ == FakeBrokerManner::refuses_mqtt_5)
            say(client, std::string("\x20\x02\x00\x01", 4));
        if (!wrong_version) {
            say(client,
                level == 5 ? std::string("\x20\x03\x00\x00\x00", 5) : std::string("\x20\x02\x00\x00", 4));
        }
        const bool takes_over = manner_ == FakeBrokerManner::takes_over;
        if (takes_over) say(client, std::string("\xE0\x01\x8E", 3));
        if (wrong_version || takes_over || manner_ == FakeBrokerManner::closes_soon) client.open = false;
    }
    static void say(const Client& client, const std::string& bytes) {
        [[maybe_unused]] const auto sent = send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    FakeBrokerManner manner_;
    std::atomic<int>& publishes_;
};

// False when the peer has closed.
bool receive(Client& client) {
    std::array<char, 4096> buffer{};
    const auto count = recv(client.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) client.received.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EAGAIN);
}

}  // namespace

FakeBroker::FakeBroker(FakeBrokerManner manner)
    : manner_(manner),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener_ < 0 || wake_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::system_error(errno, std::generic_category(), "fake broker");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeBroker::~FakeBroker() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
    thread_.join();
    close(listener_);
    close(wake_);
}

void FakeBroker::run() {
    Conversation conversation(manner_, publishes_);
    std::vector<Client> clients;
    while (true) {
        std::vector<pollfd> polls{{.fd = wake_, .events = POLLIN, .revents = 0},
                                  {.fd = listener_, .events = POLLIN, .revents = 0}};
        for (const auto& client : clients) polls.push_back({.fd = client.fd, .events = POLLIN, .revents = 0});
        poll(polls.data(), polls.size(), -1);
        if (polls[0].revents != 0) break;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            Client& client = clients[i];
            if (polls[i + 2].revents == 0) continue;
            client.open = receive(client);
            if (manner_ == FakeBrokerManner::silent) continue;
            while (const auto packet = take_packet(client.received)) conversation.answer(client, *packet);
        }
        if (polls[1].revents != 0) {
            clients.push_back({.fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)});
            ++connects_;
        }
        std::erase_if(clients, [](const Client& client) { return !client.open && close(client.fd) == 0; });
    }
    for (const auto& client : clients) close(client.fd);
}

}  // namespace sitepower::support
