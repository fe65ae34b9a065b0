#include "daemon/notify/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace sitepower::notify_test {
namespace {

// The service manager's end of the notification socket.
class Manager {
  public:
    Manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_ = ::testing::TempDir() + "notify-" + std::to_string(getpid());
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        unlink(path_.c_str());
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    ~Manager() {
        close(fd_);
        unlink(path_.c_str());
        unsetenv("NOTIFY_SOCKET");
    }
    std::string receive() const {
        std::array<char, 512> buffer{};
        const auto n = recv(fd_, buffer.data(), buffer.size(), 0);
        return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : "";
    }

  private:
    int fd_;
    std::string path_;
};

TEST(Notify, TellsTheManager) {
    const Manager manager;
    notify::ready();
    EXPECT_EQ(manager.receive(), "READY=1");
    notify::status("5/5 devices");
    EXPECT_EQ(manager.receive(), "STATUS=5/5 devices");
    notify::feed_watchdog();
    EXPECT_EQ(manager.receive(), "WATCHDOG=1");
    notify::stopping();
    EXPECT_EQ(manager.receive(), "STOPPING=1");
}

TEST(Notify, WatchdogIntervalComesFromTheEnvironment) {
    unsetenv("WATCHDOG_USEC");
    EXPECT_EQ(notify::watchdog_interval(), Duration{0});
    setenv("WATCHDOG_USEC", "20000000", 1);
    EXPECT_EQ(notify::watchdog_interval(), Duration{20'000});
    setenv("WATCHDOG_PID", "1", 1);  // meant for another process
    EXPECT_EQ(notify::watchdog_interval(), Duration{0});
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

TEST(Notify, WithoutAManagerNothingHappens) {
    unsetenv("NOTIFY_SOCKET");
    notify::ready();
    notify::status("nobody listens");
}

}  // namespace
}  // namespace sitepower::notify_test
