// A Modbus slave that misbehaves on request: on a real TCP socket (Modbus TCP or RTU frames), or on a real
// pseudo-terminal. It answers for every unit and address, from its own thread; a test says how, per request.
// Owned by the test; all functions may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/link.hpp"

namespace sitepower::support {

enum class Wire : std::uint8_t { tcp, rtu_over_tcp, serial };

// What the slave does with one request.
struct Behaviour {
    enum class Kind : std::uint8_t {
        answer,
        silent,
        late,            // after `delay`, while later requests are answered at once
        split,           // in three pieces, `delay` apart
        duplicate,       // twice; the second copy after `delay`
        truncated,       // without its last three bytes; TCP: and nothing more on this connection
        wrong_unit,      // a sound frame in the name of the next unit
        wrong_function,  // a sound frame of another function
        wrong_count,     // a sound frame with one register less
        bad_checksum,    // RTU: of the CRC; TCP: with another transaction id
        noise,           // random bytes instead
        close,           // the connection is closed (serial: no answer)
        exception,
    };
    Kind kind = Kind::answer;
    std::chrono::milliseconds delay{0};  // for a plain answer: what the device takes, in order
    std::uint8_t exception = 0x02;
};

// A request as the slave saw it. `serial` counts all requests of this slave, from 1.
struct SeenRequest {
    modbus::Question question;  // of a write: where and how many
    std::uint64_t serial = 0;
    std::optional<modbus::WriteRequest> write{};
};

// The registers of the default content tell where and when they come from: at addresses that are 0, 1, 2 and
// 3 modulo 4 stand the address, the unit, and the high and low word of the request's serial number. A bit is
// 1 where unit + address is odd.
std::uint16_t tell_tale(const SeenRequest& request, std::uint16_t address);

// What it tells of itself by function 43: "unit 7, object 1". An answer holds three objects in a row.
std::string identity_text(int unit, std::uint8_t object);

class FakeSlave {
  public:
    using Content = std::function<std::uint16_t(const SeenRequest&, std::uint16_t address)>;
    using Taker = std::function<void(const modbus::WriteRequest&)>;
    using Manners = std::function<Behaviour(const SeenRequest&)>;

    explicit FakeSlave(Wire wire);
    ~FakeSlave();
    FakeSlave(const FakeSlave&) = delete;
    FakeSlave& operator=(const FakeSlave&) = delete;

    // Where it can be reached, for BusSettings::endpoint.
    std::variant<modbus::TcpEndpoint, modbus::SerialEndpoint, modbus::RtuOverTcpEndpoint> endpoint() const;

    // Called on the slave's thread for each request; they must not call the slave. At first every request is
    // answered at once.
    void set_manners(Manners manners);
    void set_content(Content content);
    // Called on the slave's thread for each write that is not answered with an exception.
    void set_taker(Taker taker);

    std::uint64_t requests() const { return requests_.load(); }
    std::uint64_t requests(int unit) const;
    // How much later than it meant to the slave sent something: what a busy machine adds to its faults.
    std::chrono::milliseconds most_overdue() const { return std::chrono::milliseconds(overdue_ms_.load()); }
    std::uint64_t connections() const { return connections_.load(); }

    // TCP only. While refusing, connections are closed as soon as they are made; while away, nobody listens
    // on the port and all connections are cut.
    void drop_connections();
    void refuse_connections(bool refuse) { refusing_.store(refuse); }
    void limit_connections(int most) { most_connections_.store(most); }  // a further one is closed
    void go_away();
    void come_back();

  private:
    struct Peer {
        int fd = -1;
        std::vector<std::uint8_t> received{};
        bool silenced = false;
    };
    struct Delivery {
        std::chrono::steady_clock::time_point at;
        int fd = -1;
        std::vector<std::uint8_t> bytes;
    };

    void open_terminal();
    void listen_on(std::uint16_t port);
    void command(std::function<void()> action);
    void run();
    int wait_ms() const;
    void deliver_due();
    void accept_peer();
    void read_from(Peer& peer);
    void take_requests(Peer& peer);
    void handle(Peer& peer, SeenRequest request, std::uint16_t transaction);
    void take_write(const modbus::WriteRequest& write);
    Behaviour behaviour_for(const SeenRequest& request);
    void silence(Peer& peer);
    void forget(int fd);
    std::vector<std::uint8_t> pdu_for(const SeenRequest& request, std::uint16_t count, std::uint8_t function);
    std::vector<std::uint8_t> frame(std::uint8_t unit, std::vector<std::uint8_t> pdu, std::uint16_t id) const;
    void send_after(int fd, std::chrono::steady_clock::duration delay, std::vector<std::uint8_t> bytes);
    void send_split(int fd, std::chrono::milliseconds delay, const std::vector<std::uint8_t>& bytes);
    std::vector<std::uint8_t> noise();

    const Wire wire_;
    std::uint16_t port_ = 0;
    std::string terminal_;
    int terminal_slave_ = -1;  // held open, so that the line survives a client that closes it
    int listener_ = -1;
    int wake_ = -1;
    std::vector<Peer> peers_;
    std::vector<Delivery> deliveries_;
    std::chrono::steady_clock::time_point busy_until_{};
    std::minstd_rand random_{1};
    std::atomic<std::uint64_t> requests_ = 0;
    std::atomic<std::uint64_t> connections_ = 0;
    std::atomic<std::int64_t> overdue_ms_ = 0;
    std::atomic<bool> refusing_ = false;
    std::atomic<int> most_connections_ = 64;
    std::vector<std::atomic<std::uint64_t>> requests_of_unit_ = std::vector<std::atomic<std::uint64_t>>(256);
    std::atomic<bool> ending_ = false;
    std::mutex mutex_;
    Manners manners_;                         // guarded by mutex_
    Content content_ = tell_tale;             // guarded by mutex_
    Taker taker_;                             // guarded by mutex_
    std::vector<std::function<void()>> due_;  // guarded by mutex_; run on the slave's thread
    std::thread thread_;
};

}  // namespace sitepower::support
