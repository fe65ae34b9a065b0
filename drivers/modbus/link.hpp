// A link: one connection to a Modbus endpoint, over which questions are asked one at a time. Three kinds: TCP
// (over libmodbus), RTU on a serial line, and RTU frames over a TCP connection. Owned by a bus's worker and
// called from its thread; interrupt() alone may come from another.
//
// Why two ways. On TCP a transaction id ties each answer to its question, and libmodbus checks it: it is kept
// there. On RTU nothing does, and libmodbus 3.1.6 hands a late answer out as data (17 of 20 reads wrong after
// one late answer); it also cannot tell what it threw away, refuses unit ids above 247, and has no RTU over
// TCP at all. So both RTU kinds frame for themselves (rtu_frame.hpp) and report every byte that nobody asked
// for; libmodbus only sets up the serial port.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/identification.hpp"
#include "drivers/modbus/steady_time.hpp"
#include "drivers/modbus/stop_signal.hpp"
#include "drivers/modbus/write.hpp"

namespace sitepower::modbus {

// One read request.
struct Question {
    std::uint8_t unit = 1;
    Table table = Table::holding;
    std::uint16_t address = 0;
    std::uint16_t count = 1;  // registers, or bits
    // Instead of registers: a text of the device's identification. Its characters fill `count` words, two in
    // each, and a text that is not there is answered as exception 0x02.
    std::optional<IdentityObject> identity{};
};

enum class AnswerKind : std::uint8_t {
    data,
    exception,  // the device, or a gateway before it, answered with an exception code
    timeout,
    bad_frame,  // something came that is not an answer to the question
    lost,       // the connection or the serial port is gone
    refused,    // the question cannot be asked on this link
    postponed,  // not asked: on this link its answer could not be told from a late one yet
};

struct Answer {
    AnswerKind kind = AnswerKind::timeout;
    std::uint8_t exception = 0;
    std::string_view detail;  // a literal; says more about lost, bad_frame and refused

    bool good() const { return kind == AnswerKind::data; }
    // The unit says that it has no such registers: exceptions 1 to 4. 0x0A and 0x0B are a gateway's words for
    // a silent unit; 0x05 and 0x06 ask for patience.
    bool is_refusal() const {
        return kind == AnswerKind::exception && exception >= 0x01 && exception <= 0x04;
    }
    // Exceptions 2 and 3: of these registers, fewer or others may well be readable.
    bool denies_registers() const {
        return kind == AnswerKind::exception && (exception == 0x02 || exception == 0x03);
    }
};

// Bytes that nobody asked for. Which answer it was, where that can be told; unit 0 when it cannot.
struct Stray {
    std::uint8_t unit = 0;
    std::uint8_t function = 0;
    std::uint8_t byte_count = 0;
};

class Link {
  public:
    virtual ~Link() = default;

    // Connects; takes at most `timeout` (and what name resolution takes for an endpoint that is not given by
    // its address). The error says endpoint and cause.
    virtual Status open(SteadySpan timeout) = 0;
    virtual bool is_open() const = 0;
    virtual void close() = 0;

    // Asks and waits for the whole answer, at most `timeout` (serial: plus the time that the bytes take on
    // the wire). `words` gets one word per register or bit; it must have room for question.count. After
    // `lost`, and on TCP after anything but data and an exception, the link is closed.
    virtual Answer read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) = 0;

    // Writes and waits for the acknowledgement: `data` when it has come. After anything but data and an
    // exception nobody knows whether the write was carried out, `refused` aside. Closes like read().
    virtual Answer write(const WriteRequest& request, SteadySpan timeout) = 0;

    // What came unasked before or during the last read() or write(); valid until the next.
    virtual std::span<const Stray> strays() const { return {}; }
    // Whether the protocol ties answers to questions; if not, the rule of quarantine.hpp applies.
    virtual bool ties_answers() const { return false; }
    // Silence that the line needs before each request, whatever the unit.
    virtual SteadySpan line_gap() const { return {}; }

    // Any thread, after the stop signal was requested: makes a blocked call return.
    virtual void interrupt() {}
};

// "tcp 10.0.0.7:502", "serial /dev/ttyUSB0", "rtu over tcp 10.0.0.7:8080".
std::string describe_endpoint(const BusSettings& settings);

// `stop` ends every wait of the link and must outlive it.
std::unique_ptr<Link> make_link(const BusSettings& settings, const StopSignal& stop);

// Function code of a read of this table: 1 to 4.
std::uint8_t function_of(Table table);
std::uint8_t function_of(const Question& question);
// Bytes of data in the answer to a read.
std::uint16_t answer_bytes(Table table, std::uint16_t count);

// The answer for an identification that does not hold the object asked for.
Answer no_such_object();

// "holding 40-59 (function 3)", "identification object 0x88 (function 43)".
std::string describe(const Question& question);
// "exception 0x02: illegal data address", "no answer in time", ...
std::string describe(const Answer& answer);

}  // namespace sitepower::modbus
