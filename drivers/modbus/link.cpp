#include "drivers/modbus/link.hpp"

#include <fmt/format.h>

#include "drivers/modbus/planner.hpp"
#include "drivers/modbus/rtu_link.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "drivers/modbus/tcp_link.hpp"

namespace sitepower::modbus {
namespace {

std::string_view meaning_of(std::uint8_t exception) {
    switch (exception) {
        case 0x01:
            return "illegal function";
        case 0x02:
            return "illegal data address";
        case 0x03:
            return "illegal data value";
        case 0x04:
            return "device failure";
        case 0x05:
            return "acknowledge, still working on it";
        case 0x06:
            return "device busy";
        case 0x07:
            return "negative acknowledge";
        case 0x08:
            return "memory parity error";
        case 0x0A:
            return "gateway path unavailable";
        case 0x0B:
            return "gateway target device failed to respond";
        default:
            return "unknown exception";
    }
}

std::string_view name_of(Table table) {
    switch (table) {
        case Table::holding:
            return "holding";
        case Table::input:
            return "input";
        case Table::coil:
            return "coil";
        case Table::discrete:
            return "discrete";
    }
    return "";
}

struct EndpointText {
    std::string operator()(const TcpEndpoint& tcp) const {
        return fmt::format("tcp {}:{}", tcp.host, tcp.port);
    }
    std::string operator()(const SerialEndpoint& serial) const {
        return fmt::format("serial {}", serial.path);
    }
    std::string operator()(const RtuOverTcpEndpoint& rtu) const {
        return fmt::format("rtu over tcp {}:{}", rtu.host, rtu.port);
    }
};

struct EndpointLink {
    const StopSignal& stop;

    std::unique_ptr<Link> operator()(const TcpEndpoint& tcp) const {
        return std::make_unique<TcpLink>(tcp, stop);
    }
    std::unique_ptr<Link> operator()(const SerialEndpoint& serial) const {
        return std::make_unique<RtuLink>(std::make_unique<SerialPort>(serial), stop);
    }
    std::unique_ptr<Link> operator()(const RtuOverTcpEndpoint& rtu) const {
        return std::make_unique<RtuLink>(std::make_unique<RtuSocket>(rtu), stop);
    }
};

}  // namespace

std::unique_ptr<Link> make_link(const BusSettings& settings, const StopSignal& stop) {
    return std::visit(EndpointLink{stop}, settings.endpoint);
}

std::string describe_endpoint(const BusSettings& settings) {
    return std::visit(EndpointText{}, settings.endpoint);
}

std::uint8_t function_of(Table table) {
    switch (table) {
        case Table::holding:
            return 3;
        case Table::input:
            return 4;
        case Table::coil:
            return 1;
        case Table::discrete:
            return 2;
    }
    return 0;
}

std::uint8_t function_of(const Question& question) {
    return question.identity ? identification_function : function_of(question.table);
}

std::uint8_t function_of(const WriteRequest& request) {
    const bool single = request.words.size() == 1 && !request.multiple;
    if (request.table == Table::coil) return single ? 5 : 15;
    return single ? 6 : 16;
}

std::uint16_t answer_bytes(Table table, std::uint16_t count) {
    return static_cast<std::uint16_t>(is_bit_table(table) ? (count + 7) / 8 : count * 2);
}

namespace {

std::string describe(Table table, std::uint16_t address, std::size_t count, std::uint8_t function) {
    const auto last = count > 1 ? fmt::format("-{}", address + count - 1) : "";
    return fmt::format("{} {}{} (function {})", name_of(table), address, last, function);
}

}  // namespace

std::string describe(const Question& question) {
    if (question.identity) {
        return fmt::format("identification object 0x{:02X} (function {})", question.identity->object,
                           identification_function);
    }
    return describe(question.table, question.address, question.count, function_of(question.table));
}

std::string describe(const WriteRequest& request) {
    return describe(request.table, request.address, request.words.size(), function_of(request));
}

Answer no_such_object() {
    return {.kind = AnswerKind::exception, .exception = 0x02};
}

std::string describe(const Answer& answer) {
    switch (answer.kind) {
        case AnswerKind::data:
            return "answered";
        case AnswerKind::exception:
            return fmt::format("exception 0x{:02X}: {}", answer.exception, meaning_of(answer.exception));
        case AnswerKind::timeout:
            return "no answer in time";
        case AnswerKind::bad_frame:
            return fmt::format("bad answer: {}", answer.detail);
        case AnswerKind::lost:
            return fmt::format("link lost: {}", answer.detail);
        case AnswerKind::refused:
            return fmt::format("cannot be asked: {}", answer.detail);
        case AnswerKind::postponed:
            return "waiting until a late answer can no longer come";
    }
    return "";
}

}  // namespace sitepower::modbus
