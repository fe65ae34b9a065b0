#include "tests/support/fake_slave.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <stdexcept>
#include <system_error>

#include "drivers/modbus/planner.hpp"
#include "drivers/modbus/rtu_frame.hpp"

namespace sitepower::support {
namespace {

using modbus::Table;
using Clock = std::chrono::steady_clock;

constexpr std::size_t mbap_size = 6;

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

std::uint16_t word_at(const std::vector<std::uint8_t>& bytes, std::size_t at) {
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

void append_word(std::vector<std::uint8_t>& bytes, unsigned word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFFU));
}

Table table_of(std::uint8_t function) {
    constexpr std::array tables{Table::coil, Table::discrete, Table::holding, Table::input};
    return tables[(function - 1U) % tables.size()];
}

// Unit and PDU of the request at `unit_at`; 0 while that cannot be told yet.
std::size_t request_size(const std::vector<std::uint8_t>& bytes, std::size_t unit_at) {
    if (bytes.size() < unit_at + 7) return 0;
    const auto function = bytes[unit_at + 1];
    return function == 15 || function == 16 ? 7U + bytes[unit_at + 6] : 6U;
}

modbus::WriteRequest write_from(const std::vector<std::uint8_t>& bytes, std::size_t unit_at) {
    const auto function = bytes[unit_at + 1];
    modbus::WriteRequest write{.unit = bytes[unit_at],
                               .table = function == 5 || function == 15 ? Table::coil : Table::holding,
                               .address = word_at(bytes, unit_at + 2),
                               .words = {word_at(bytes, unit_at + 4)},
                               .multiple = function > 6};
    if (function == 5) write.words.front() = write.words.front() == 0xFF00 ? 1 : 0;
    if (function <= 6) return write;
    const auto count = write.words.front();
    write.words.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const auto data = unit_at + 7;
        write.words.push_back(function == 16
                                  ? word_at(bytes, data + 2 * i)
                                  : static_cast<std::uint16_t>((bytes[data + i / 8] >> (i % 8)) & 1U));
    }
    return write;
}

SeenRequest request_from(const std::vector<std::uint8_t>& bytes, std::size_t unit_at) {
    const auto function = bytes[unit_at + 1];
    SeenRequest request;
    if (function == modbus::identification_function) {
        const auto first = bytes[unit_at + 4];
        request.question = {.unit = bytes[unit_at], .identity = modbus::IdentityObject{first, first}};
        return request;
    }
    if (function > 4) {
        request.write = write_from(bytes, unit_at);
        request.question = {request.write->unit, request.write->table, request.write->address,
                            static_cast<std::uint16_t>(request.write->words.size())};
        return request;
    }
    request.question = {.unit = bytes[unit_at],
                        .table = table_of(function),
                        .address = word_at(bytes, unit_at + 2),
                        .count = word_at(bytes, unit_at + 4)};
    return request;
}

// Three objects from the one that was asked for; one of another count begins one later.
std::vector<std::uint8_t> identity_pdu(const SeenRequest& request, std::uint16_t count,
                                       std::uint8_t function) {
    constexpr int objects = 3;
    const auto first = request.question.identity->first + (count == request.question.count ? 0 : 1);
    const auto asked = modbus::identity_request(*request.question.identity);
    std::vector<std::uint8_t> pdu{function, asked[1], asked[2], 0x83, 0, 0, objects};
    for (int object = first; object < first + objects; ++object) {
        const auto text = identity_text(request.question.unit, static_cast<std::uint8_t>(object));
        pdu.push_back(static_cast<std::uint8_t>(object));
        pdu.push_back(static_cast<std::uint8_t>(text.size()));
        pdu.insert(pdu.end(), text.begin(), text.end());
    }
    return pdu;
}

std::vector<std::uint8_t> write_pdu(const modbus::WriteRequest& write, std::uint16_t count) {
    const auto function = function_of(write);
    std::vector<std::uint8_t> pdu{function};
    append_word(pdu, write.address);
    // One of another count is one of another content, where there is no count.
    const auto more = count - static_cast<unsigned>(write.words.size());
    const unsigned told = function > 6    ? count
                          : function == 5 ? (write.words.front() != 0 ? 0xFF00U : 0U)
                                          : write.words.front();
    append_word(pdu, (function > 6 ? told : told + more) & 0xFFFFU);
    return pdu;
}

}  // namespace

std::string identity_text(int unit, std::uint8_t object) {
    return "unit " + std::to_string(unit) + ", object " + std::to_string(object);
}

std::uint16_t tell_tale(const SeenRequest& request, std::uint16_t address) {
    if (modbus::is_bit_table(request.question.table)) {
        return static_cast<std::uint16_t>((request.question.unit + address) & 1U);
    }
    switch (address % 4) {
        case 0:
            return address;
        case 1:
            return request.question.unit;
        case 2:
            return static_cast<std::uint16_t>(request.serial >> 16);
        default:
            return static_cast<std::uint16_t>(request.serial);
    }
}

FakeSlave::FakeSlave(Wire wire)
    : wire_(wire), wake_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
    if (wire == Wire::serial) {
        open_terminal();
    } else {
        listen_on(0);
    }
    thread_ = std::thread(&FakeSlave::run, this);
}

FakeSlave::~FakeSlave() {
    ending_.store(true);
    command([] {});
    thread_.join();
    for (const auto& peer : peers_) close(peer.fd);
    if (terminal_slave_ >= 0) close(terminal_slave_);
    if (listener_ >= 0) close(listener_);
    close(wake_);
}

void FakeSlave::open_terminal() {
    int master = -1;
    std::array<char, 128> name{};
    checked(openpty(&master, &terminal_slave_, name.data(), nullptr, nullptr), "openpty");
    termios raw{};
    tcgetattr(terminal_slave_, &raw);
    cfmakeraw(&raw);
    tcsetattr(terminal_slave_, TCSANOW, &raw);
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(master, F_SETFD, FD_CLOEXEC);
    fcntl(terminal_slave_, F_SETFD, FD_CLOEXEC);
    terminal_ = name.data();
    peers_.push_back({.fd = master});
}

void FakeSlave::listen_on(std::uint16_t port) {
    listener_ = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    checked(bind(listener_, generic, size), "bind");
    checked(listen(listener_, 16), "listen");
    checked(getsockname(listener_, generic, &size), "getsockname");
    port_ = ntohs(address.sin_port);
}

std::variant<modbus::TcpEndpoint, modbus::SerialEndpoint, modbus::RtuOverTcpEndpoint> FakeSlave::endpoint()
    const {
    switch (wire_) {
        case Wire::tcp:
            return modbus::TcpEndpoint{"127.0.0.1", port_};
        case Wire::rtu_over_tcp:
            return modbus::RtuOverTcpEndpoint{"127.0.0.1", port_};
        case Wire::serial:
            break;
    }
    return modbus::SerialEndpoint{.path = terminal_, .baud = 115'200};
}

void FakeSlave::set_manners(Manners manners) {
    const std::lock_guard lock(mutex_);
    manners_ = std::move(manners);
}

void FakeSlave::set_taker(Taker taker) {
    const std::lock_guard lock(mutex_);
    taker_ = std::move(taker);
}

void FakeSlave::take_write(const modbus::WriteRequest& write) {
    const std::lock_guard lock(mutex_);
    if (taker_) taker_(write);
}

void FakeSlave::set_content(Content content) {
    const std::lock_guard lock(mutex_);
    content_ = std::move(content);
}

std::uint64_t FakeSlave::requests(int unit) const {
    return requests_of_unit_[static_cast<std::size_t>(unit)].load();
}

void FakeSlave::command(std::function<void()> action) {
    {
        const std::lock_guard lock(mutex_);
        due_.push_back(std::move(action));
    }
    const std::uint64_t one = 1;
    checked(static_cast<int>(write(wake_, &one, sizeof one)), "write");
}

void FakeSlave::drop_connections() {
    std::promise<void> done;
    command([&] {
        while (!peers_.empty()) forget(peers_.back().fd);
        done.set_value();
    });
    done.get_future().wait();
}

void FakeSlave::go_away() {
    std::promise<void> done;
    command([&] {
        while (!peers_.empty()) forget(peers_.back().fd);
        close(listener_);
        listener_ = -1;
        done.set_value();
    });
    done.get_future().wait();
}

void FakeSlave::come_back() {
    std::promise<void> done;
    command([&] {
        listen_on(port_);
        done.set_value();
    });
    done.get_future().wait();
}

void FakeSlave::run() {
    while (!ending_.load()) {
        std::vector<pollfd> waits{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
        for (const auto& peer : peers_) waits.push_back({peer.fd, POLLIN, 0});
        poll(waits.data(), waits.size(), wait_ms());
        std::uint64_t count = 0;
        [[maybe_unused]] const auto n = read(wake_, &count, sizeof count);
        std::vector<std::function<void()>> actions;
        {
            const std::lock_guard lock(mutex_);
            actions.swap(due_);
        }
        for (const auto& action : actions) action();
        deliver_due();
        for (std::size_t i = 2; i < waits.size(); ++i) {
            const auto peer = std::ranges::find(peers_, waits[i].fd, &Peer::fd);
            if (waits[i].revents != 0 && peer != peers_.end()) read_from(*peer);
        }
        if (listener_ >= 0 && (waits[1].revents & POLLIN) != 0) accept_peer();
    }
}

int FakeSlave::wait_ms() const {
    if (deliveries_.empty()) return 1000;
    const auto next = std::ranges::min(deliveries_, {}, &Delivery::at).at;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

void FakeSlave::deliver_due() {
    const auto now = Clock::now();
    std::ranges::stable_sort(deliveries_, {}, &Delivery::at);
    while (!deliveries_.empty() && deliveries_.front().at <= now) {
        const auto delivery = std::move(deliveries_.front());
        const auto overdue = std::chrono::floor<std::chrono::milliseconds>(now - delivery.at).count();
        overdue_ms_.store(std::max<std::int64_t>(overdue_ms_.load(), overdue));
        deliveries_.erase(deliveries_.begin());
        if (wire_ == Wire::serial) {
            [[maybe_unused]] const auto n = write(delivery.fd, delivery.bytes.data(), delivery.bytes.size());
        } else {
            send(delivery.fd, delivery.bytes.data(), delivery.bytes.size(), MSG_NOSIGNAL);
        }
    }
}

void FakeSlave::accept_peer() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    connections_.fetch_add(1);
    if (refusing_.load() || peers_.size() >= static_cast<std::size_t>(most_connections_.load())) {
        close(fd);
        return;
    }
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    peers_.push_back({.fd = fd});
}

// Modbus TCP has no checksum: more bytes after a cut answer would be its end. A stream that breaks off has no
// hole, and so nothing more comes over this connection.
void FakeSlave::silence(Peer& peer) {
    peer.silenced = true;
    std::erase_if(deliveries_, [&](const Delivery& delivery) { return delivery.fd == peer.fd; });
}

void FakeSlave::forget(int fd) {
    std::erase_if(deliveries_, [fd](const Delivery& delivery) { return delivery.fd == fd; });
    std::erase_if(peers_, [fd](const Peer& peer) { return peer.fd == fd; });
    close(fd);
}

void FakeSlave::read_from(Peer& peer) {
    std::array<std::uint8_t, 512> bytes{};
    const auto got = read(peer.fd, bytes.data(), bytes.size());
    if (got > 0) {
        peer.received.insert(peer.received.end(), bytes.begin(), bytes.begin() + got);
        take_requests(peer);
    } else if (wire_ != Wire::serial && (got == 0 || errno != EAGAIN)) {
        forget(peer.fd);
    }
}

void FakeSlave::take_requests(Peer& peer) {
    const int fd = peer.fd;
    const std::size_t unit_at = wire_ == Wire::tcp ? mbap_size : 0;
    const std::size_t behind = wire_ == Wire::tcp ? 0 : 2;  // the CRC
    auto received = std::exchange(peer.received, {});
    for (;;) {
        // Of a read over TCP the seventh byte is missing: it is as long as its count.
        const bool read = received.size() >= unit_at + 6 && received[unit_at + 1] < 7;
        const bool identity =
            received.size() >= unit_at + 5 && received[unit_at + 1] == modbus::identification_function;
        const auto asked = identity ? 5U : read ? 6U : request_size(received, unit_at);
        const auto size = unit_at + asked + behind;
        if (asked == 0 || received.size() < size) break;
        const std::vector<std::uint8_t> request(received.begin(),
                                                received.begin() + static_cast<std::ptrdiff_t>(size));
        received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(size));
        if (wire_ == Wire::tcp) {
            handle(peer, request_from(request, unit_at), word_at(request, 0));
        } else if (modbus::crc16(request) == 0) {
            handle(peer, request_from(request, unit_at), 0);
        } else {
            received.clear();
        }
        if (peers_.empty() || std::ranges::find(peers_, fd, &Peer::fd) == peers_.end()) return;
    }
    peer.received = std::move(received);
}

std::vector<std::uint8_t> FakeSlave::pdu_for(const SeenRequest& request, std::uint16_t count,
                                             std::uint8_t function) {
    if (request.write) {
        auto pdu = write_pdu(*request.write, count);
        pdu.front() = function;
        return pdu;
    }
    if (request.question.identity) return identity_pdu(request, count, function);
    const std::lock_guard lock(mutex_);
    const auto& question = request.question;
    const auto bytes = modbus::answer_bytes(question.table, count);
    std::vector<std::uint8_t> pdu{function, static_cast<std::uint8_t>(bytes)};
    if (!modbus::is_bit_table(question.table)) {
        for (std::uint16_t i = 0; i < count; ++i) {
            append_word(pdu, content_(request, static_cast<std::uint16_t>(question.address + i)));
        }
        return pdu;
    }
    pdu.resize(2U + bytes);
    for (std::uint16_t i = 0; i < count; ++i) {
        const auto bit = content_(request, static_cast<std::uint16_t>(question.address + i)) & 1U;
        pdu[2U + i / 8U] = static_cast<std::uint8_t>(pdu[2U + i / 8U] | (bit << (i % 8U)));
    }
    return pdu;
}

std::vector<std::uint8_t> FakeSlave::frame(std::uint8_t unit, std::vector<std::uint8_t> pdu,
                                           std::uint16_t id) const {
    std::vector<std::uint8_t> bytes;
    if (wire_ == Wire::tcp) {
        append_word(bytes, id);
        append_word(bytes, 0);
        append_word(bytes, static_cast<unsigned>(pdu.size() + 1));
    }
    bytes.push_back(unit);
    bytes.insert(bytes.end(), pdu.begin(), pdu.end());
    if (wire_ != Wire::tcp) {
        const auto crc = modbus::crc16(bytes);
        append_word(bytes, (crc << 8 | crc >> 8) & 0xFFFFU);
    }
    return bytes;
}

void FakeSlave::send_after(int fd, Clock::duration delay, std::vector<std::uint8_t> bytes) {
    deliveries_.push_back({Clock::now() + delay, fd, std::move(bytes)});
    if (delay == Clock::duration::zero()) deliver_due();
}

void FakeSlave::send_split(int fd, std::chrono::milliseconds delay, const std::vector<std::uint8_t>& bytes) {
    // A TCP peer does not write one answer into the middle of another; a serial line may garble them so.
    const auto end = Clock::now() + 2 * delay;
    for (auto& delivery : deliveries_) {
        if (wire_ == Wire::tcp && delivery.fd == fd) delivery.at = std::max(delivery.at, end + delay);
    }
    const auto third = static_cast<std::ptrdiff_t>(bytes.size() / 3);
    const std::array cuts{bytes.begin(), bytes.begin() + third, bytes.begin() + 2 * third, bytes.end()};
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        send_after(fd, static_cast<int>(i) * delay, std::vector<std::uint8_t>(cuts[i], cuts[i + 1]));
    }
}

std::vector<std::uint8_t> FakeSlave::noise() {
    std::vector<std::uint8_t> bytes(1 + random_() % 40);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
}

Behaviour FakeSlave::behaviour_for(const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    return manners_ ? manners_(request) : Behaviour{};
}

void FakeSlave::handle(Peer& peer, SeenRequest request, std::uint16_t transaction) {
    const int fd = peer.fd;
    const auto question = request.question;
    request.serial = requests_.fetch_add(1) + 1;
    requests_of_unit_[question.unit].fetch_add(1);
    const auto behaviour = behaviour_for(request);
    if (peer.silenced) return;
    if (request.write && behaviour.kind != Behaviour::Kind::exception) take_write(*request.write);
    const auto function = request.write ? function_of(*request.write) : modbus::function_of(question);
    auto bytes = frame(question.unit, pdu_for(request, question.count, function), transaction);
    const auto next_unit = static_cast<std::uint8_t>(question.unit + 1);
    using Kind = Behaviour::Kind;
    switch (behaviour.kind) {
        case Kind::answer: {
            // One thing after the other, as a device does it.
            const auto now = Clock::now();
            busy_until_ = std::max(busy_until_, now) + behaviour.delay;
            return send_after(fd, busy_until_ - now, std::move(bytes));
        }
        case Kind::silent:
            return;
        case Kind::late:
            return send_after(fd, behaviour.delay, std::move(bytes));
        case Kind::split:
            return send_split(fd, behaviour.delay, bytes);
        case Kind::duplicate:
            send_after(fd, Clock::duration::zero(), bytes);
            return send_after(fd, behaviour.delay, std::move(bytes));
        case Kind::truncated:
            bytes.resize(bytes.size() - 3);
            send_after(fd, Clock::duration::zero(), std::move(bytes));
            if (wire_ == Wire::tcp) silence(peer);
            return;
        case Kind::wrong_unit:
            return send_after(fd, Clock::duration::zero(),
                              frame(next_unit, pdu_for(request, question.count, function), transaction));
        case Kind::wrong_function:
            return send_after(
                fd, Clock::duration::zero(),
                frame(question.unit, pdu_for(request, question.count, function ^ 0x07U), transaction));
        case Kind::wrong_count: {
            const auto fewer = static_cast<std::uint16_t>(question.count > 1 ? question.count - 1 : 2);
            return send_after(fd, Clock::duration::zero(),
                              frame(question.unit, pdu_for(request, fewer, function), transaction));
        }
        case Kind::bad_checksum:
            (wire_ == Wire::tcp ? bytes.front() : bytes.back()) ^= 0x40U;
            return send_after(fd, Clock::duration::zero(), std::move(bytes));
        case Kind::noise:
            return send_after(fd, Clock::duration::zero(), noise());
        case Kind::close:
            if (wire_ != Wire::serial) forget(fd);
            return;
        case Kind::exception:
            return send_after(
                fd, behaviour.delay,
                frame(question.unit, {static_cast<std::uint8_t>(function | 0x80U), behaviour.exception},
                      transaction));
    }
}

}  // namespace sitepower::support
