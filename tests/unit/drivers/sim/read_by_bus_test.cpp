// Both ends of the profiles together: the simulated site served over real sockets and a real pseudo-terminal,
// and read by the buses that a daemon would use.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drivers/modbus/bus.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/sim/simulated_site.hpp"

namespace sitepower::sim::read_by_bus_test {
namespace {

constexpr Duration period{100};

// Keeps the newest frame of each poll group.
class Collector : public modbus::BusSink {
  public:
    void frame(FramePtr frame) override {
        const std::lock_guard lock(mutex_);
        frames_[frame->layout->group] = std::move(frame);
        arrived_.notify_all();
    }
    void poll_failed(DeviceIndex /*device*/, Time /*time*/, std::string reason) override {
        const std::lock_guard lock(mutex_);
        reasons_.push_back(std::move(reason));
    }

    // Empty when not all groups have come in time.
    std::map<std::string, FramePtr> wait_for(std::size_t groups) {
        std::unique_lock lock(mutex_);
        const bool all =
            arrived_.wait_for(lock, std::chrono::seconds(20), [&] { return frames_.size() == groups; });
        return all ? frames_ : std::map<std::string, FramePtr>{};
    }
    std::vector<std::string> reasons() {
        const std::lock_guard lock(mutex_);
        return reasons_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::string, FramePtr> frames_;
    std::vector<std::string> reasons_;
};

struct Case {
    const char* profile;
    const char* device;
    int unit;
    std::size_t channel;  // of the site's server; the last one is the serial line
};

class ReadByBus : public testing::TestWithParam<Case> {
  protected:
    ReadByBus()
        : directory_(std::filesystem::path(testing::TempDir()) / ("sim-bus-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
        SiteOptions options;
        options.directory = directory_;
        options.profile_directory = SITEPOWER_SOURCE_DIR "/config/devices";
        options.port_base = 0;
        site_ = std::make_unique<SimulatedSite>(options, server_);
        thread_ = std::thread([this] {
            while (!stop_) server_.run_once(std::chrono::milliseconds(5));
        });
    }
    ~ReadByBus() override {
        stop_ = true;
        thread_.join();
        std::filesystem::remove_all(directory_);
    }

    ExpandedDevice expand_case() const {
        schema::Diagnostics diagnostics;
        const auto profile = load_profile(
            std::string(SITEPOWER_SOURCE_DIR "/config/devices/") + GetParam().profile + ".toml", diagnostics);
        DeviceOptions options{
            .device = {}, .device_id = GetParam().device, .unit = GetParam().unit, .periods = {}};
        for (const auto& [group, usual] : profile.value().poll) options.periods.emplace_back(group, period);
        return expand(*profile, options).value();
    }

    modbus::BusSettings settings() const {
        modbus::BusSettings settings;
        settings.id = "bus";
        if (const auto port = server_.port(GetParam().channel); port != 0) {
            settings.endpoint = modbus::TcpEndpoint{.host = "127.0.0.1", .port = port};
        } else {
            modbus::SerialEndpoint line;
            line.path = directory_ / "ttySIM0";
            settings.endpoint = line;
        }
        return settings;
    }

    std::filesystem::path directory_;
    Server server_;
    std::unique_ptr<SimulatedSite> site_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

TEST_P(ReadByBus, EveryValueArrivesAsThePlantHasIt) {
    const ExpandedDevice device = expand_case();
    Collector collector;
    modbus::Bus bus(settings(), {device.plan}, collector);
    bus.start();
    const auto frames = collector.wait_for(device.plan.groups.size());
    bus.stop();
    for (const std::string& reason : collector.reasons()) ADD_FAILURE() << reason;
    ASSERT_EQ(frames.size(), device.plan.groups.size());

    const int meter = GetParam().unit - 1;
    for (const auto& [group, frame] : frames) {
        for (std::size_t i = 0; i < frame->values.size(); ++i) {
            const DevicePoint& point = device.points.at(frame->layout->first_slot + i);
            const auto measure = find_measure(GetParam().profile, point.pattern);
            if (!measure) {  // a setting: it holds what was written
                EXPECT_EQ(point.name, "charge.limit_a");
                EXPECT_EQ(frame->values[i], 0);
                continue;
            }
            const auto truth = measure(site_->plant(), point.indices, meter);
            ASSERT_TRUE(truth) << point.name;
            ASSERT_EQ(frame->quality[i], Quality::good) << point.name;
            // Half the last digit that the register shows; floats have 24 bits.
            const double digit = std::abs(point.registers.scale) * (point.registers.scale_factor ? 10 : 1);
            EXPECT_NEAR(frame->values[i], *truth, 0.51 * digit + 1e-7 * std::abs(*truth)) << point.name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Devices, ReadByBus,
                         testing::Values(Case{"sim-ups", "UPS-01", 1, 0},
                                         Case{"sim-battery-monitor", "MON-01", 1, 1},
                                         Case{"sim-bms", "BMS-01", 1, 2}, Case{"sim-meter", "MTR-01", 1, 3},
                                         Case{"sim-meter", "MTR-02", 2, 3}),
                         [](const auto& device) {
                             std::string name = device.param.device;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace sitepower::sim::read_by_bus_test
