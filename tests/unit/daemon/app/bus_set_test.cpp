#include "daemon/app/bus_set.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <system_error>

namespace sitepower::bus_set_test {
namespace {

class Ignored final : public modbus::BusSink {
  public:
    void frame(FramePtr /*frame*/) override {}
    void poll_failed(DeviceIndex /*device*/, Time /*time*/, std::string /*reason*/) override {}
};

config::BusConfig bus(const std::string& id) {
    config::BusConfig plan;
    plan.settings.id = id;
    plan.settings.endpoint = modbus::TcpEndpoint{.host = "127.0.0.1", .port = 1};
    return plan;
}

TEST(BusSet, EndsOnlyTheNamedOnes) {
    Ignored sink;
    BusSet buses(sink);
    buses.start(buses.make(bus("a")));
    buses.start(buses.make(bus("b")));
    buses.stop(std::vector<std::string>{"a", "no such bus"});
    EXPECT_EQ(buses.find("a"), nullptr);
    ASSERT_NE(buses.find("b"), nullptr);
    EXPECT_EQ(buses.all().size(), 1U);
}

// No descriptor is left for this process.
class NoDescriptors {
  public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(next);
        rlimit less = before_;
        less.rlim_cur = static_cast<rlim_t>(next);
        setrlimit(RLIMIT_NOFILE, &less);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST(BusSet, ABusThatCannotBeMadeLeavesTheOthersRunning) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer looks at memory through descriptors of its own";
#endif
    Ignored sink;
    BusSet buses(sink);
    buses.start(buses.make(bus("a")));
    {
        const NoDescriptors none;
        EXPECT_THROW((void)buses.make(bus("b")), std::system_error);
    }
    EXPECT_NE(buses.find("a"), nullptr);
    EXPECT_NO_THROW((void)buses.make(bus("b")));
}

}  // namespace
}  // namespace sitepower::bus_set_test
