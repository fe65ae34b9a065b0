#include "daemon/release/release_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

namespace sitepower {
namespace {

using Json = nlohmann::json;

constexpr const char* format_name = "sitepower-release-1";

Error trouble(const std::string& what, const std::string& path) {
    return {.code = ErrorCode::service_unavailable,
            .message = fmt::format("{} {}: {}", what, path, std::generic_category().message(errno)),
            .detail = {}};
}

Json describe_endpoint_of(const modbus::BusSettings& bus) {
    if (const auto* tcp = std::get_if<modbus::TcpEndpoint>(&bus.endpoint))
        return {{"type", "tcp"}, {"host", tcp->host}, {"port", tcp->port}};
    if (const auto* rtu = std::get_if<modbus::RtuOverTcpEndpoint>(&bus.endpoint))
        return {{"type", "rtu_over_tcp"}, {"host", rtu->host}, {"port", rtu->port}};
    const auto& line = std::get<modbus::SerialEndpoint>(bus.endpoint);
    return {{"type", "rtu"},
            {"path", line.path},
            {"baud", line.baud},
            {"parity", std::string(1, static_cast<char>(line.parity))},
            {"data_bits", line.data_bits},
            {"stop_bits", line.stop_bits}};
}

void read_endpoint(const Json& json, modbus::BusSettings& bus) {
    const auto type = json.at("type").get<std::string>();
    if (type == "tcp") {
        bus.endpoint = modbus::TcpEndpoint{json.at("host"), json.at("port")};
    } else if (type == "rtu_over_tcp") {
        bus.endpoint = modbus::RtuOverTcpEndpoint{json.at("host"), json.at("port")};
    } else {
        bus.endpoint = modbus::SerialEndpoint{
            .path = json.at("path"),
            .baud = json.at("baud"),
            .parity = static_cast<modbus::Parity>(json.at("parity").get<std::string>().at(0)),
            .data_bits = json.at("data_bits"),
            .stop_bits = json.at("stop_bits")};
    }
}

Json describe_write(const ReleaseWrite& write) {
    return {{"device", write.device},
            {"bus", write.bus.id},
            {"endpoint", describe_endpoint_of(write.bus)},
            {"connect_delay_ms", write.bus.connect_delay.count()},
            {"unit", write.request.unit},
            {"table", write.request.table == modbus::Table::coil ? "coil" : "holding"},
            {"address", write.request.address},
            {"words", write.request.words},
            {"multiple", write.request.multiple},
            {"response_timeout_ms", write.response_timeout.count()}};
}

ReleaseWrite read_write(const Json& json) {
    ReleaseWrite write;
    write.device = json.at("device");
    write.bus.id = json.at("bus");
    read_endpoint(json.at("endpoint"), write.bus);
    write.bus.connect_delay = Duration{json.at("connect_delay_ms").get<std::int64_t>()};
    write.request.unit = json.at("unit");
    write.request.table = json.at("table") == "coil" ? modbus::Table::coil : modbus::Table::holding;
    write.request.address = json.at("address");
    write.request.words = json.at("words").get<std::vector<std::uint16_t>>();
    write.request.multiple = json.at("multiple");
    write.response_timeout = Duration{json.at("response_timeout_ms").get<std::int64_t>()};
    return write;
}

bool write_whole(int fd, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const auto n = ::write(fd, text.data() + sent, text.size() - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        sent += static_cast<std::size_t>(n);
    }
    return ::fsync(fd) == 0;
}

}  // namespace

Status keep_releases(const std::string& path, const std::vector<ReleaseWrite>& writes) {
    if (writes.empty()) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) return trouble("cannot take away", path);
        return Done{};
    }
    Json all = Json::array();
    for (const auto& write : writes) all.push_back(describe_write(write));
    const auto text = Json{{"format", format_name}, {"writes", std::move(all)}}.dump(2) + "\n";
    const auto fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) return trouble("cannot write", fresh);
    const bool written = write_whole(fd, text);
    const bool closed = ::close(fd) == 0;
    if (!written || !closed || std::rename(fresh.c_str(), path.c_str()) != 0)
        return trouble("cannot write", path);
    const auto directory = std::filesystem::path(path).parent_path().string();
    if (const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
    return Done{};
}

Result<std::vector<ReleaseWrite>> read_releases(const std::string& path) {
    std::vector<ReleaseWrite> writes;
    std::ifstream file(path);
    if (!file) {
        if (errno == ENOENT) return writes;
        return trouble("cannot read", path);
    }
    std::stringstream text;
    text << file.rdbuf();
    try {
        const auto json = Json::parse(text.str());
        if (json.at("format") != format_name) throw std::invalid_argument("another format");
        for (const auto& each : json.at("writes")) writes.push_back(read_write(each));
    } catch (const std::exception& error) {
        return Error{.code = ErrorCode::validation_error,
                     .message = fmt::format("{} cannot be used: {}", path, error.what()),
                     .detail = {}};
    }
    return writes;
}

}  // namespace sitepower
