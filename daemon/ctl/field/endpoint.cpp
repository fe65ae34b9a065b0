#include "daemon/ctl/field/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "drivers/modbus/rtu_port.hpp"

namespace sitepower::ctl {
namespace {

Error refuse(std::string_view text, std::string_view why) {
    return {
        ErrorCode::validation_error,
        fmt::format("{}: {}; expected tcp:HOST:PORT, rtu:PATH:BAUD:8N1 or rtu_over_tcp:HOST:PORT", text, why),
        ""};
}

std::optional<int> number(std::string_view text, int lowest, int highest) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < lowest || value > highest) {
        return std::nullopt;
    }
    return value;
}

// "host", "host:502", "[::1]:502".
struct HostAndPort {
    std::string host;
    std::uint16_t port = 502;
};

// What is wrong; empty: nothing.
std::string take_peer(std::string_view text, HostAndPort& found) {
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return "the host has no ]";
        found.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        found.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? "" : text.substr(colon);
    }
    if (found.host.empty()) return "the host is missing";
    if (rest.empty()) return "";
    if (!rest.starts_with(':')) return fmt::format("no \"{}\" goes behind the host", rest);
    const auto port = number(rest.substr(1), 1, 65535);
    if (!port) return fmt::format("the port \"{}\" is not 1 to 65535", rest.substr(1));
    found.port = static_cast<std::uint16_t>(*port);
    return "";
}

// "8N1"
bool take_framing(std::string_view text, modbus::SerialEndpoint& line) {
    if (text.size() != 3 || (text[0] != '7' && text[0] != '8') || (text[2] != '1' && text[2] != '2'))
        return false;
    if (text[1] != 'N' && text[1] != 'E' && text[1] != 'O') return false;
    line.data_bits = text[0] - '0';
    line.parity = static_cast<modbus::Parity>(text[1]);
    line.stop_bits = text[2] - '0';
    return true;
}

// What is wrong; empty: nothing.
std::string take_line(std::string_view text, modbus::SerialEndpoint& line) {
    const auto colon = text.find(':');
    line.path = text.substr(0, colon);
    if (!line.path.starts_with('/')) {
        return fmt::format("\"{}\" is no path of a serial device, such as /dev/ttyUSB0", line.path);
    }
    if (colon == std::string_view::npos) return "";
    const auto rest = text.substr(colon + 1);
    const auto second = rest.find(':');
    const auto speed = rest.substr(0, second);
    const auto baud = number(speed, 300, 4'000'000);
    if (!baud || !modbus::is_serial_speed(*baud)) {
        return fmt::format("the speed \"{}\" is none that serial lines have, such as 9600 or 19200", speed);
    }
    line.baud = *baud;
    if (second == std::string_view::npos || take_framing(rest.substr(second + 1), line)) return "";
    return fmt::format("the framing \"{}\" is not 7 or 8, N, E or O, and 1 or 2", rest.substr(second + 1));
}

}  // namespace

Result<modbus::BusSettings> parse_endpoint(std::string_view text) {
    modbus::BusSettings settings;
    settings.id = "by-hand";
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    const auto rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    if (kind == "rtu") {
        modbus::SerialEndpoint line;
        if (const auto wrong = take_line(rest, line); !wrong.empty()) return refuse(text, wrong);
        settings.endpoint = std::move(line);
        return settings;
    }
    if (kind != "tcp" && kind != "rtu_over_tcp") {
        return refuse(text, fmt::format("\"{}\" is no kind of endpoint", kind));
    }
    HostAndPort peer;
    if (const auto wrong = take_peer(rest, peer); !wrong.empty()) return refuse(text, wrong);
    if (kind == "tcp") {
        settings.endpoint = modbus::TcpEndpoint{peer.host, peer.port};
    } else {
        settings.endpoint = modbus::RtuOverTcpEndpoint{peer.host, peer.port};
    }
    return settings;
}

Result<std::vector<int>> parse_units(std::string_view text) {
    std::vector<int> units;
    const auto refuse_units = [&] {
        return Error{ErrorCode::validation_error,
                     fmt::format("{}: expected unit ids such as 1-10,100; 0 to 247, and 255", text), ""};
    };
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto part = text.substr(0, comma);
        const auto dash = part.find('-');
        const auto first = number(part.substr(0, dash), 0, 255);
        const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1), 0, 255);
        if (!first || !last || *first > *last) return refuse_units();
        for (int unit = *first; unit <= *last; ++unit) units.push_back(unit);
        text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    std::ranges::sort(units);
    units.erase(std::unique(units.begin(), units.end()), units.end());
    const bool reserved = std::ranges::any_of(units, [](int unit) { return unit > 247 && unit < 255; });
    if (units.empty() || reserved) return refuse_units();
    return units;
}

}  // namespace sitepower::ctl
