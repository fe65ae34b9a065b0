// A bus: one Modbus link (a TCP connection or a serial line) with the units behind it, polled by one thread
// of its own, so that a hung neighbour delays nobody else. Owned by the app; start() and stop() from the loop
// thread, the sink is called from the bus's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/frame.hpp"
#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/modbus/write.hpp"

namespace sitepower::modbus {

struct TcpEndpoint {
    std::string host;
    std::uint16_t port = 502;
};

enum class Parity : char { none = 'N', even = 'E', odd = 'O' };

struct SerialEndpoint {
    std::string path;  // "/dev/ttyUSB0"
    int baud = 9600;
    Parity parity = Parity::none;
    int data_bits = 8;
    int stop_bits = 1;
};

// RTU frames (unit, PDU, CRC) carried over a TCP connection, as many serial servers do.
struct RtuOverTcpEndpoint {
    std::string host;
    std::uint16_t port = 502;
};

struct BusSettings {
    std::string id;
    std::variant<TcpEndpoint, SerialEndpoint, RtuOverTcpEndpoint> endpoint;
    Duration connect_timeout{3000};
    Duration connect_delay{0};    // between connecting and the first request
    Duration frame_gap{0};        // silence between any two requests on the link
    Duration reconnect_min{500};  // back-off with jitter, doubling up to the cap
    // The cap decides how soon a device is polled again that comes back after a long absence.
    Duration reconnect_max{1000};
    bool close_after_cycle = false;
};

// Where a bus tells what it found. Called from the bus's thread; must not block.
class BusSink {
  public:
    virtual ~BusSink() = default;
    virtual void frame(FramePtr frame) = 0;
    // A poll that gave no frame at all; `reason` names bus, unit, address and meaning.
    virtual void poll_failed(DeviceIndex device, Time time, std::string reason) = 0;
    // What the unit of the device holds is not what its plan was made from: `description` as its inspector
    // gives it, `problem` when the device does not conform. Nothing of it is polled until its bus is made
    // anew; it is told again every half minute.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps both texts.
    virtual void map_changed(DeviceIndex /*device*/, std::string /*description*/, std::string /*problem*/) {}
    // What came of an order; once for each that was taken, also when the bus ends.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps the text.
    virtual void write_finished(WriteReport /*report*/) {}
};

// Counts since start; a snapshot of relaxed atomics.
struct BusCounters {
    std::uint64_t requests = 0;
    std::uint64_t answers = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t exceptions = 0;
    std::uint64_t bad_frames = 0;
    std::uint64_t connects = 0;
    std::uint64_t unsent = 0;        // requests that were due while the bus was not connected
    std::uint64_t missed_polls = 0;  // a period that passed before its poll could start
    std::uint64_t quarantines = 0;
    bool connected = false;
    // From sending the last request that was answered with data to the end of its answer.
    std::optional<double> latency_ms{};
};

struct UnitCounters {
    std::uint64_t polls = 0;
    std::uint64_t failures = 0;
    std::uint64_t exceptions = 0;
    std::uint64_t timeouts = 0;
};

class Link;
class StopSignal;

// Makes the link that a bus uses; usually make_link of link.hpp.
using LinkMaker = std::function<std::unique_ptr<Link>(const BusSettings&, const StopSignal&)>;

class Bus {
  public:
    Bus(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink);
    // With a link of another kind; for tests.
    Bus(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink, const LinkMaker& maker);
    ~Bus();  // stops
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    void start();
    // Asks the thread to end and joins it; takes at most one response time-out or connect time-out.
    void stop();

    // Any thread: has a write carried out between two polls. Orders to one unit are carried out one after the
    // other, each to its end. False when too many wait (WriteQueue::capacity), or the bus is ending; the sink
    // then hears nothing of it.
    [[nodiscard]] bool order(WriteOrder order);

    const BusSettings& settings() const;
    BusCounters counters() const;
    UnitCounters counters(DeviceIndex device) const;
    // Steady milliseconds since the worker last showed that it is alive; the watchdog's measure. A healthy
    // worker reports at least once per `progress_limit`.
    Duration since_progress() const;
    Duration progress_limit() const;

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace sitepower::modbus
