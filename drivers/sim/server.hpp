// Serves simulated units over Modbus TCP, RTU over TCP, and RTU on a pseudo-terminal, all on the calling
// thread with poll(): a unit that takes its time or hangs keeps no other one waiting. Owned by the
// simulation; listens on the loopback address only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "drivers/sim/descriptor.hpp"
#include "drivers/sim/register_bank.hpp"
#include "drivers/sim/served_mailbox.hpp"
#include "drivers/sim/slave.hpp"

struct pollfd;

namespace sitepower::sim {

// dropped: off the bus. Its port refuses connections; where others share the port the gateway answers for it
// with exception 0x0B, and on a serial line nobody does. hung: takes requests and never answers.
enum class Behaviour : std::uint8_t { normal, dropped, hung };

struct Unit {
    int id = 1;
    std::string device;
    RegisterBank bank;
    RequestLimits limits;
    Behaviour behaviour = Behaviour::normal;
    std::chrono::microseconds delay{0};     // of each answer
    std::chrono::microseconds lateness{0};  // added by a fault
    std::function<void(RegisterBank&)> before_answer;
    std::vector<ServedMailbox> mailboxes;
};

class Server {
  public:
    using Clock = std::chrono::steady_clock;

    // What happens at a limit: a further connection is closed at once, a further answer that has to wait is
    // not given, and a client that does not take its answers is disconnected.
    static constexpr std::size_t max_connections = 512;
    static constexpr std::size_t max_waiting_answers = 4096;
    static constexpr std::size_t max_unsent_bytes = 65'536;

    Server() = default;
    ~Server();  // removes the links of its serial lines
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Each gives the number of a new channel; throws std::system_error that names port or path. Port 0 takes
    // a free one.
    std::size_t add_tcp(std::uint16_t port, Framing framing = Framing::tcp);
    // Opens a pseudo-terminal pair and makes `link` a symbolic link to the side that a client opens.
    std::size_t add_serial(const std::string& link);

    // The unit must be there while the server runs; its id must be new on the channel.
    void add_unit(std::size_t channel, Unit& unit);
    // After a unit's behaviour has changed: opens and closes ports accordingly.
    void apply_behaviour();

    std::uint16_t port(std::size_t channel) const { return channels_.at(channel).port; }

    // Calls `readable` from run_once whenever fd can be read. Not owned.
    void watch(int fd, std::function<void()> readable);

    // Waits at most `longest` for something to do, and does it.
    void run_once(std::chrono::microseconds longest);

    // Since the start, over all channels.
    std::uint64_t requests() const { return requests_; }
    std::size_t connections() const { return connections_.size(); }

  private:
    struct Channel {
        Framing framing = Framing::tcp;
        std::uint16_t port = 0;  // 0 on a serial line
        std::string link;        // of a serial line
        Descriptor listener;
        Descriptor client_side;  // of a serial line: kept open, or its peer would see an end of file
        std::vector<Unit*> units;
    };
    struct Connection {
        std::uint64_t id = 0;
        std::size_t channel = 0;
        Descriptor fd;
        Bytes received;
        Bytes unsent;
    };
    struct Answer {
        Clock::time_point due;
        std::uint64_t order = 0;
        std::uint64_t connection = 0;
        Bytes frame;
    };
    struct Later {
        bool operator()(const Answer& a, const Answer& b) const {
            return a.due != b.due ? a.due > b.due : a.order > b.order;
        }
    };
    struct Watch {
        int fd = -1;
        std::function<void()> readable;
    };

    // In the order connections, ports, watches.
    std::vector<pollfd> interests() const;
    std::chrono::nanoseconds time_to_next(std::chrono::microseconds longest) const;
    void accept_from(std::size_t channel);
    void receive(Connection& connection);
    // Finds the unit and answers for it, now or later or not at all, as it behaves.
    void serve(Connection& connection, const Request& request);
    void answer(Connection& connection, const Unit* unit, Bytes frame);
    // Sends what the peer takes now and keeps the rest, up to max_unsent_bytes.
    void send(Connection& connection, const Bytes& frame);
    void flush(Connection& connection);
    // Answers whose connection has gone in the meantime are forgotten.
    void send_due();
    void forget_closed();

    std::vector<Channel> channels_;
    std::vector<Connection> connections_;
    std::vector<Watch> watches_;
    std::priority_queue<Answer, std::vector<Answer>, Later> waiting_;
    std::uint64_t next_id_ = 1;
    std::uint64_t requests_ = 0;
};

}  // namespace sitepower::sim
