#include "drivers/modbus/socket.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drivers/net/name_lookup.hpp"

namespace {

// Name servers that do not answer: this program's look-ups of "silent.invalid" wait until the test lets go.
// And a name with two addresses, 127.0.0.2 before 127.0.0.1.
struct NameServers {
    std::mutex mutex;
    std::condition_variable changed;
    bool silent = true;
    int waiting = 0;
};

NameServers& name_servers() {
    static auto* servers = new NameServers;  // outlives every abandoned look-up
    return *servers;
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
    using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
    const bool is_numeric = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
    if (!is_numeric && name != nullptr && std::strcmp(name, "two.invalid") == 0) {
        if (const int failure = real("127.0.0.2", service, hints, found); failure != 0) return failure;
        return real("127.0.0.1", service, hints, &(*found)->ai_next);
    }
    if (is_numeric || name == nullptr || std::strcmp(name, "silent.invalid") != 0)
        return real(name, service, hints, found);
    auto& servers = name_servers();
    std::unique_lock lock(servers.mutex);
    ++servers.waiting;
    servers.changed.notify_all();
    servers.changed.wait(lock, [&] { return !servers.silent; });
    --servers.waiting;
    servers.changed.notify_all();
    return EAI_AGAIN;
}

namespace sitepower::modbus::socket_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SilentNameServers : public testing::Test {
  protected:
    SilentNameServers() {
        const std::lock_guard lock(servers_.mutex);
        servers_.silent = true;
    }
    ~SilentNameServers() override {
        std::unique_lock lock(servers_.mutex);
        servers_.silent = false;
        servers_.changed.notify_all();
        servers_.changed.wait(lock, [this] { return servers_.waiting == 0; });
    }
    void wait_until_asked() {
        std::unique_lock lock(servers_.mutex);
        ASSERT_TRUE(servers_.changed.wait_for(lock, seconds(20), [this] { return servers_.waiting > 0; }));
    }

    NameServers& servers_ = name_servers();
    StopSignal stop_;
};

TEST_F(SilentNameServers, DoNotHoldUpAStop) {
    Result<Descriptor> connected = Descriptor();
    std::thread worker([&] { connected = connect_tcp("silent.invalid", 502, seconds(600), stop_); });
    wait_until_asked();
    stop_.request();
    worker.join();  // would take ten minutes
    EXPECT_FALSE(connected);
}

TEST_F(SilentNameServers, AreNamedWhenTheTimeIsOver) {
    const auto connected = connect_tcp("silent.invalid", 502, milliseconds(20), stop_);
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().message,
              "cannot connect to silent.invalid:502: the name servers do not answer");
}

// A process whose look-ups all hang has so many threads and no more; a further one is refused, and says why.
TEST_F(SilentNameServers, AreAskedByALimitedNumberAtATime) {
    std::vector<std::unique_ptr<NameLookup>> waiting;
    for (int i = 0; i < most_name_lookups; ++i)
        waiting.push_back(std::make_unique<NameLookup>("silent.invalid", 502));
    for (const auto& lookup : waiting) EXPECT_FALSE(lookup->answer());
    const auto refused = connect_tcp("silent.invalid", 502, seconds(600), stop_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(
        refused.error().message,
        "cannot connect to silent.invalid:502: the name was not looked up: the name servers do not answer "
        "those who asked before");
    waiting.clear();  // abandoned ones count until the resolver is done with them
    EXPECT_TRUE(NameLookup("silent.invalid", 502).answer());
}

TEST_F(SilentNameServers, AreAskedAgainWhenTheyAreBack) {
    {
        const std::lock_guard lock(servers_.mutex);
        servers_.silent = false;
    }
    const StopSignal stop;
    std::string told;
    // Abandoned look-ups count until their threads have noticed.
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    do {
        const auto unknown = connect_tcp("silent.invalid", 502, seconds(20), stop);
        ASSERT_FALSE(unknown);
        told = unknown.error().message;
    } while (told.find("not looked up") != std::string::npos && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(told.find("not looked up"), std::string::npos) << told;
}

// A listening socket on a free port of 127.0.0.1, or on the given one of another loopback address.
class Listener {
  public:
    explicit Listener(std::uint32_t host = INADDR_LOOPBACK, std::uint16_t port = 0)
        : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(host);
        address.sin_port = htons(port);
        socklen_t size = sizeof address;
        bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size);
        getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    void listen() { ::listen(fd_.get(), 1); }
    // The kernel drops connections beyond the backlog, so that a further one waits for ever.
    void fall_silent() {
        ::listen(fd_.get(), 0);
        sockaddr_in address{};
        socklen_t size = sizeof address;
        getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        for (int i = 0; i < 4; ++i) {
            auto& one = crowd_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            connect(one.get(), reinterpret_cast<sockaddr*>(&address), size);
        }
    }
    std::uint16_t port() const { return port_; }

  private:
    Descriptor fd_;
    std::vector<Descriptor> crowd_;
    std::uint16_t port_ = 0;
};

// The first address of a name, often its IPv6 one, may lead nowhere.
TEST(ConnectTcp, ReachesTheSecondAddressWhenTheFirstIsSilent) {
    Listener listener;
    listener.listen();
    Listener silent(INADDR_LOOPBACK + 1, listener.port());
    silent.fall_silent();
    const StopSignal stop;
    EXPECT_FALSE(connect_tcp("127.0.0.2", listener.port(), milliseconds(300), stop));
    const auto connected = connect_tcp("two.invalid", listener.port(), milliseconds(2000), stop);
    ASSERT_TRUE(connected) << connected.error().message;
}

TEST(ConnectTcp, ReachesANameAndAnAddress) {
    Listener listener;
    listener.listen();
    const StopSignal stop;
    for (const char* host : {"127.0.0.1", "localhost"}) {
        const auto connected = connect_tcp(host, listener.port(), seconds(20), stop);
        ASSERT_TRUE(connected) << connected.error().message;
        EXPECT_TRUE(connected->is_open());
    }
}

TEST(ConnectTcp, NamesHostPortAndCause) {
    const Listener bound;  // and not listening
    const StopSignal stop;
    const auto refused = connect_tcp("127.0.0.1", bound.port(), seconds(20), stop);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "cannot connect to 127.0.0.1:" + std::to_string(bound.port()) + ": Connection refused");
    const auto unknown = connect_tcp("no-such-host.invalid", 502, seconds(20), stop);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message.find("cannot connect to no-such-host.invalid:502: "), 0U);
}

}  // namespace
}  // namespace sitepower::modbus::socket_test
