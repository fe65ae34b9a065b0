#include "drivers/sim/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "drivers/sim/endpoint.hpp"

namespace sitepower::sim {
namespace {

timespec to_timespec(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

bool must_wait() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

Server::~Server() {
    for (const Channel& channel : channels_) {
        if (!channel.link.empty()) unlink(channel.link.c_str());
    }
}

std::size_t Server::add_tcp(std::uint16_t port, Framing framing) {
    Channel channel;
    channel.framing = framing;
    channel.port = port;
    channel.listener = listen_on_loopback(channel.port);
    channels_.push_back(std::move(channel));
    return channels_.size() - 1;
}

std::size_t Server::add_serial(const std::string& link) {
    SerialLine line = open_serial_line(link);
    Channel channel;
    channel.framing = Framing::rtu;
    channel.link = link;
    channel.client_side = std::move(line.client_side);
    channels_.push_back(std::move(channel));
    connections_.push_back({.id = next_id_++,
                            .channel = channels_.size() - 1,
                            .fd = std::move(line.device_side),
                            .received = {},
                            .unsent = {}});
    return channels_.size() - 1;
}

void Server::add_unit(std::size_t channel, Unit& unit) {
    channels_.at(channel).units.push_back(&unit);
}

void Server::apply_behaviour() {
    for (std::size_t i = 0; i < channels_.size(); ++i) {
        Channel& channel = channels_[i];
        if (channel.port == 0) continue;
        const bool off = !channel.units.empty() && std::ranges::all_of(channel.units, [](const Unit* unit) {
            return unit->behaviour == Behaviour::dropped;
        });
        if (off) {
            channel.listener.reset();
            for (Connection& connection : connections_) {
                if (connection.channel == i) connection.fd.reset();
            }
        } else if (!channel.listener) {
            channel.listener = listen_on_loopback(channel.port);
        }
    }
    forget_closed();
}

void Server::watch(int fd, std::function<void()> readable) {
    watches_.push_back({.fd = fd, .readable = std::move(readable)});
}

std::vector<pollfd> Server::interests() const {
    std::vector<pollfd> all;
    all.reserve(connections_.size() + channels_.size() + watches_.size());
    for (const Connection& connection : connections_) {
        const int events = connection.unsent.empty() ? POLLIN : POLLIN | POLLOUT;
        all.push_back({.fd = connection.fd.get(), .events = static_cast<short>(events), .revents = 0});
    }
    // A negative descriptor, as of a closed port, is skipped by poll().
    for (const Channel& channel : channels_) {
        all.push_back({.fd = channel.listener.get(), .events = POLLIN, .revents = 0});
    }
    for (const Watch& watched : watches_) all.push_back({.fd = watched.fd, .events = POLLIN, .revents = 0});
    return all;
}

std::chrono::nanoseconds Server::time_to_next(std::chrono::microseconds longest) const {
    if (waiting_.empty()) return longest;
    const std::chrono::nanoseconds left = waiting_.top().due - Clock::now();
    return std::clamp<std::chrono::nanoseconds>(left, std::chrono::nanoseconds{0}, longest);
}

void Server::run_once(std::chrono::microseconds longest) {
    std::vector<pollfd> ready = interests();
    const timespec timeout = to_timespec(time_to_next(longest));
    const int count = ppoll(ready.data(), ready.size(), &timeout, nullptr);
    if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
    send_due();
    if (count <= 0) return;

    const std::size_t connections = connections_.size();
    for (std::size_t i = 0; i < connections; ++i) {
        if ((ready[i].revents & POLLOUT) != 0) flush(connections_[i]);
        if ((ready[i].revents & ~POLLOUT) != 0) receive(connections_[i]);
    }
    for (std::size_t i = 0; i < channels_.size(); ++i) {
        if (ready[connections + i].revents != 0) accept_from(i);
    }
    forget_closed();
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        if (ready[connections + channels_.size() + i].revents != 0) watches_[i].readable();
    }
}

void Server::accept_from(std::size_t channel) {
    while (Descriptor accepted = sim::accept_from(channels_[channel].listener)) {
        if (connections_.size() >= max_connections) continue;
        connections_.push_back(
            {.id = next_id_++, .channel = channel, .fd = std::move(accepted), .received = {}, .unsent = {}});
    }
}

void Server::receive(Connection& connection) {
    if (!connection.fd) return;
    std::array<std::uint8_t, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t count = read(connection.fd.get(), buffer.data(), buffer.size());
    if (count < 0 && must_wait()) return;
    if (count <= 0) {
        connection.fd.reset();
        return;
    }
    connection.received.insert(connection.received.end(), buffer.begin(), buffer.begin() + count);
    bool broken = false;
    const Framing framing = channels_[connection.channel].framing;
    while (const auto request = take_request(framing, connection.received, broken))
        serve(connection, *request);
    if (broken) connection.fd.reset();
}

void Server::serve(Connection& connection, const Request& request) {
    ++requests_;
    const Channel& channel = channels_[connection.channel];
    const auto found =
        std::ranges::find_if(channel.units, [&](const Unit* unit) { return unit->id == request.unit; });
    Unit* unit = found != channel.units.end() ? *found : nullptr;
    if (unit == nullptr || unit->behaviour == Behaviour::dropped) {
        if (channel.framing == Framing::rtu) return;
        answer(connection, nullptr,
               frame_answer(channel.framing, request, exception_pdu(request.pdu, gateway_target_silent)));
        return;
    }
    if (unit->behaviour == Behaviour::hung) return;
    if (unit->before_answer) unit->before_answer(unit->bank);
    for (auto& mailbox : unit->mailboxes) mailbox.before(request.pdu, Clock::now(), unit->bank);
    const auto pdu = answer_pdu(unit->bank, unit->limits, request.pdu);
    for (auto& mailbox : unit->mailboxes) mailbox.after(request.pdu, pdu, Clock::now(), unit->bank);
    answer(connection, unit, frame_answer(channel.framing, request, pdu));
}

void Server::answer(Connection& connection, const Unit* unit, Bytes frame) {
    const auto delay = unit != nullptr ? unit->delay + unit->lateness : std::chrono::microseconds{0};
    if (delay.count() == 0) {
        send(connection, frame);
    } else if (waiting_.size() < max_waiting_answers) {
        waiting_.push({.due = Clock::now() + delay,
                       .order = requests_,
                       .connection = connection.id,
                       .frame = std::move(frame)});
    }
}

void Server::send(Connection& connection, const Bytes& frame) {
    if (connection.unsent.size() + frame.size() > max_unsent_bytes) {
        if (channels_[connection.channel].port != 0) connection.fd.reset();
        return;
    }
    connection.unsent.insert(connection.unsent.end(), frame.begin(), frame.end());
    flush(connection);
}

void Server::flush(Connection& connection) {
    if (!connection.fd || connection.unsent.empty()) return;
    const bool socket = channels_[connection.channel].port != 0;
    const ssize_t count =
        socket ? ::send(connection.fd.get(), connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL)
               : write(connection.fd.get(), connection.unsent.data(), connection.unsent.size());
    if (count < 0) {
        if (!must_wait()) connection.fd.reset();
        return;
    }
    connection.unsent.erase(connection.unsent.begin(), connection.unsent.begin() + count);
}

void Server::send_due() {
    const auto now = Clock::now();
    while (!waiting_.empty() && waiting_.top().due <= now) {
        const Answer& due = waiting_.top();
        const auto connection = std::ranges::find(connections_, due.connection, &Connection::id);
        if (connection != connections_.end()) send(*connection, due.frame);
        waiting_.pop();
    }
}

void Server::forget_closed() {
    std::erase_if(connections_, [](const Connection& connection) { return !connection.fd; });
}

}  // namespace sitepower::sim
