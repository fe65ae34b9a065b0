#include "drivers/sim/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "drivers/sim/endpoint.hpp"

namespace sitepower::sim::server_test {
namespace {

using Clock = std::chrono::steady_clock;
using modbus::Table;
using std::chrono::milliseconds;

constexpr milliseconds patience{5000};

Descriptor connect_to(std::uint16_t port) {
    Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        client.reset();
    return client;
}

bool readable(const Descriptor& fd) {
    pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
    return poll(&one, 1, 0) == 1;
}

void put(const Descriptor& fd, const Bytes& bytes) {
    ASSERT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

// Everything that can be read now; nothing after the end of the stream.
Bytes get(const Descriptor& fd) {
    Bytes all;
    std::array<std::uint8_t, 512> buffer{};
    while (readable(fd)) {
        const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        all.insert(all.end(), buffer.begin(), buffer.begin() + count);
    }
    return all;
}

Bytes tcp_request(std::uint16_t transaction, std::uint8_t unit, std::uint8_t first, std::uint8_t count) {
    return {static_cast<std::uint8_t>(transaction >> 8),
            static_cast<std::uint8_t>(transaction),
            0,
            0,
            0,
            6,
            unit,
            3,
            0,
            first,
            0,
            count};
}

Bytes rtu_request(std::uint8_t unit, std::uint8_t first, std::uint8_t count) {
    Bytes request{unit, 3, 0, first, 0, count};
    const std::uint16_t crc = crc16(request);
    request.push_back(static_cast<std::uint8_t>(crc));
    request.push_back(static_cast<std::uint8_t>(crc >> 8));
    return request;
}

class ServerTest : public testing::Test {
  protected:
    static Unit make_unit(int id, std::uint16_t word) {
        Unit unit;
        unit.id = id;
        unit.bank.define(Table::holding, 0, 100);
        unit.bank.set(Table::holding, 0, word);
        return unit;
    }

    // Serves until the condition holds; false when patience is over.
    template <class Condition>
    bool serve_until(Condition condition) {
        const auto deadline = Clock::now() + patience;
        while (Clock::now() < deadline) {
            if (condition()) return true;
            server_.run_once(milliseconds(5));
        }
        return condition();
    }

    Bytes ask(const Descriptor& client, const Bytes& request) {
        put(client, request);
        EXPECT_TRUE(serve_until([&] { return readable(client); }));
        return get(client);
    }

    Server server_;
};

TEST_F(ServerTest, AnswersOverTcp) {
    Unit unit = make_unit(3, 0x1234);
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, unit);
    const Descriptor client = connect_to(server_.port(channel));
    EXPECT_EQ(ask(client, tcp_request(77, 3, 0, 1)), (Bytes{0, 77, 0, 0, 0, 5, 3, 3, 2, 0x12, 0x34}));
    EXPECT_EQ(server_.requests(), 1U);
}

TEST_F(ServerTest, AnUnknownUnitIsAnsweredByTheGateway) {
    Unit unit = make_unit(3, 1);
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, unit);
    const Descriptor client = connect_to(server_.port(channel));
    EXPECT_EQ(ask(client, tcp_request(1, 4, 0, 1)),
              (Bytes{0, 1, 0, 0, 0, 3, 4, 0x83, gateway_target_silent}));
}

TEST_F(ServerTest, ManyUnitsAndConnectionsShareAPort) {
    std::vector<Unit> units;
    for (int id = 1; id <= 36; ++id) units.push_back(make_unit(id, static_cast<std::uint16_t>(id * 100)));
    const auto channel = server_.add_tcp(0);
    for (Unit& unit : units) server_.add_unit(channel, unit);
    std::vector<Descriptor> clients;
    for (int i = 0; i < 36; ++i) clients.push_back(connect_to(server_.port(channel)));
    for (int i = 0; i < 36; ++i) {
        put(clients[static_cast<std::size_t>(i)], tcp_request(0, static_cast<std::uint8_t>(i + 1), 0, 1));
    }
    ASSERT_TRUE(serve_until([&] { return server_.requests() == 36; }));
    for (int i = 0; i < 36; ++i) {
        const Bytes answer = get(clients[static_cast<std::size_t>(i)]);
        ASSERT_EQ(answer.size(), 11U);
        EXPECT_EQ(answer[9] << 8 | answer[10], (i + 1) * 100);
    }
}

TEST_F(ServerTest, ASlowUnitKeepsNobodyWaiting) {
    Unit slow = make_unit(1, 1);
    slow.delay = milliseconds(60);
    Unit quick = make_unit(1, 2);
    const auto slow_channel = server_.add_tcp(0);
    const auto quick_channel = server_.add_tcp(0);
    server_.add_unit(slow_channel, slow);
    server_.add_unit(quick_channel, quick);
    const Descriptor slow_client = connect_to(server_.port(slow_channel));
    const Descriptor quick_client = connect_to(server_.port(quick_channel));
    const auto begin = Clock::now();
    put(slow_client, tcp_request(1, 1, 0, 1));
    ASSERT_TRUE(serve_until([&] { return server_.requests() == 1; }));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(quick_client, tcp_request(2, 1, 0, 1)).size(), 11U);
    EXPECT_EQ(ask(slow_client, {}).size(), 11U);
    EXPECT_GE(Clock::now() - begin, milliseconds(60));
}

TEST_F(ServerTest, LateAnswersComeLateAndNotToAnotherConnection) {
    Unit unit = make_unit(1, 7);
    unit.lateness = milliseconds(40);
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, unit);
    {
        const Descriptor gone = connect_to(server_.port(channel));
        put(gone, tcp_request(1, 1, 0, 1));
        ASSERT_TRUE(serve_until([&] { return server_.requests() == 1; }));
    }
    const Descriptor client = connect_to(server_.port(channel));
    const Bytes answer = ask(client, tcp_request(2, 1, 0, 1));
    ASSERT_EQ(answer.size(), 11U);
    EXPECT_EQ(answer[1], 2);
}

TEST_F(ServerTest, AHungUnitTakesRequestsAndSaysNothing) {
    Unit hung = make_unit(1, 7);
    Unit well = make_unit(2, 8);
    hung.behaviour = Behaviour::hung;
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, hung);
    server_.add_unit(channel, well);
    const Descriptor client = connect_to(server_.port(channel));
    put(client, tcp_request(1, 1, 0, 1));
    const Bytes answer = ask(client, tcp_request(2, 2, 0, 1));
    ASSERT_EQ(answer.size(), 11U);
    EXPECT_EQ(answer[1], 2);
    EXPECT_EQ(server_.requests(), 2U);
}

TEST_F(ServerTest, ADroppedUnitClosesItsPortUntilItReturns) {
    Unit unit = make_unit(1, 7);
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, unit);
    const Descriptor client = connect_to(server_.port(channel));
    ASSERT_EQ(ask(client, tcp_request(1, 1, 0, 1)).size(), 11U);
    unit.behaviour = Behaviour::dropped;
    server_.apply_behaviour();
    EXPECT_EQ(server_.connections(), 0U);
    EXPECT_FALSE(connect_to(server_.port(channel)));
    unit.behaviour = Behaviour::normal;
    server_.apply_behaviour();
    const Descriptor again = connect_to(server_.port(channel));
    ASSERT_TRUE(again);
    EXPECT_EQ(ask(again, tcp_request(2, 1, 0, 1)).size(), 11U);
}

TEST_F(ServerTest, ADroppedUnitBehindAGatewayGivesItsException) {
    Unit dropped = make_unit(1, 7);
    Unit well = make_unit(2, 8);
    dropped.behaviour = Behaviour::dropped;
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, dropped);
    server_.add_unit(channel, well);
    server_.apply_behaviour();
    const Descriptor client = connect_to(server_.port(channel));
    EXPECT_EQ(ask(client, tcp_request(1, 1, 0, 1)).back(), gateway_target_silent);
    EXPECT_EQ(ask(client, tcp_request(2, 2, 0, 1)).size(), 11U);
}

TEST_F(ServerTest, AStreamThatIsNotModbusIsClosed) {
    const auto channel = server_.add_tcp(0);
    const Descriptor client = connect_to(server_.port(channel));
    put(client, {'G', 'E', 'T', ' ', '/', '\r', '\n', '\r', '\n'});
    EXPECT_TRUE(serve_until([&] { return readable(client); }));
    EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(ServerTest, FurtherConnectionsThanTheLimitAreClosed) {
    const auto channel = server_.add_tcp(0);
    std::vector<Descriptor> clients;
    for (std::size_t i = 0; i < Server::max_connections; ++i) {
        clients.push_back(connect_to(server_.port(channel)));
        ASSERT_TRUE(clients.back());
        server_.run_once(milliseconds(0));
    }
    ASSERT_TRUE(serve_until([&] { return server_.connections() == Server::max_connections; }));
    const Descriptor one_more = connect_to(server_.port(channel));
    EXPECT_TRUE(serve_until([&] { return readable(one_more); }));
    EXPECT_EQ(server_.connections(), Server::max_connections);
    clients.clear();
    EXPECT_TRUE(serve_until([&] { return server_.connections() == 0; }));
}

TEST_F(ServerTest, AClientThatTakesNoAnswersIsDisconnected) {
    Unit unit = make_unit(1, 7);
    const auto channel = server_.add_tcp(0);
    server_.add_unit(channel, unit);
    const Descriptor client = connect_to(server_.port(channel));
    ASSERT_EQ(fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
    const Bytes request = tcp_request(1, 1, 0, 100);
    EXPECT_TRUE(serve_until([&] {
        for (int i = 0; i < 2000; ++i) {
            if (send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
        }
        return server_.requests() > 0 && server_.connections() == 0;
    }));
}

TEST_F(ServerTest, RtuOverTcp) {
    Unit unit = make_unit(9, 0x0102);
    const auto channel = server_.add_tcp(0, Framing::rtu);
    server_.add_unit(channel, unit);
    const Descriptor client = connect_to(server_.port(channel));
    const Bytes answer = ask(client, rtu_request(9, 0, 1));
    ASSERT_EQ(answer.size(), 7U);
    EXPECT_EQ(answer[4], 0x02);
    EXPECT_EQ(crc16(answer), 0);
}

TEST_F(ServerTest, CallsTheWatcherOfADescriptor) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const Descriptor from(ends[0]);
    const Descriptor to(ends[1]);
    int calls = 0;
    server_.watch(from.get(), [&] {
        ++calls;
        get(from);
    });
    put(to, {1});
    EXPECT_TRUE(serve_until([&] { return calls == 1; }));
}

class SerialTest : public ServerTest {
  protected:
    SerialTest()
        : directory_(std::filesystem::path(testing::TempDir()) / ("sim-serial-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
    }
    ~SerialTest() override { std::filesystem::remove_all(directory_); }

    std::string link() const { return directory_ / "ttySIM0"; }
    Descriptor open_line() const { return Descriptor(open(link().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)); }

    std::filesystem::path directory_;
};

TEST_F(SerialTest, AnswersOnAPseudoTerminal) {
    Unit one = make_unit(1, 0x0A0D);  // bytes that a terminal that is not raw would change
    Unit two = make_unit(2, 0x1103);
    const auto channel = server_.add_serial(link());
    server_.add_unit(channel, one);
    server_.add_unit(channel, two);
    for (int round = 0; round < 2; ++round) {  // clients come and go
        const Descriptor client = open_line();
        ASSERT_TRUE(client);
        EXPECT_EQ(ask(client, rtu_request(1, 0, 1)).at(3), 0x0A);
        EXPECT_EQ(ask(client, rtu_request(2, 0, 1)).at(3), 0x11);
    }
}

TEST_F(SerialTest, NobodyAnswersForAUnitThatIsNotThere) {
    Unit unit = make_unit(1, 7);
    Unit dropped = make_unit(2, 8);
    dropped.behaviour = Behaviour::dropped;
    const auto channel = server_.add_serial(link());
    server_.add_unit(channel, unit);
    server_.add_unit(channel, dropped);
    server_.apply_behaviour();
    const Descriptor client = open_line();
    put(client, rtu_request(2, 0, 1));
    put(client, rtu_request(5, 0, 1));
    const Bytes answer = ask(client, rtu_request(1, 0, 1));
    ASSERT_EQ(answer.size(), 7U);
    EXPECT_EQ(answer[0], 1);
    EXPECT_EQ(server_.requests(), 3U);
}

TEST_F(SerialTest, ReplacesAnOldLinkButNothingElse) {
    std::filesystem::create_symlink("/nowhere", link());
    { const SerialLine line = open_serial_line(link()); }
    EXPECT_NE(std::filesystem::read_symlink(link()), "/nowhere");
    std::filesystem::remove(link());
    std::ofstream(link()) << "precious";
    EXPECT_THROW(open_serial_line(link()), std::system_error);
    EXPECT_TRUE(std::filesystem::is_regular_file(link()));
}

TEST_F(SerialTest, RemovesItsLink) {
    {
        Server server;
        server.add_serial(link());
        EXPECT_TRUE(std::filesystem::is_symlink(link()));
    }
    EXPECT_FALSE(std::filesystem::is_symlink(link()));
}

TEST(ServerStart, APortThatIsTakenIsNamed) {
    Server server;
    const auto channel = server.add_tcp(0);
    Server second;
    try {
        second.add_tcp(server.port(channel));
        FAIL() << "listening twice";
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find(std::to_string(server.port(channel))), std::string::npos);
    }
}

}  // namespace
}  // namespace sitepower::sim::server_test
