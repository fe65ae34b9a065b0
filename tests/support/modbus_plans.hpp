// Small register plans and a recording sink for tests that run a bus against a FakeSlave.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/modbus/bus.hpp"

namespace sitepower::support {

// A group whose points are single u16 holding registers: `count` of them from `address` on.
modbus::PollGroup word_group(DeviceIndex device, const std::string& name, Duration period,
                             std::uint16_t address, int count);

// A unit with one such group; the device's index and name follow the unit's number.
modbus::UnitPlan word_unit(int unit, Duration period, std::uint16_t address = 100, int count = 4);

// Keeps everything a bus says. `on_frame`, when set, is called on the bus's thread before the frame is kept.
class RecordingSink : public modbus::BusSink {
  public:
    struct Failure {
        DeviceIndex device{};
        std::string reason;
    };

    void frame(FramePtr frame) override;
    void poll_failed(DeviceIndex device, Time time, std::string reason) override;
    void write_finished(modbus::WriteReport report) override;

    std::vector<FramePtr> frames() const;
    std::vector<FramePtr> frames(DeviceIndex device) const;
    std::vector<Failure> failures() const;
    std::vector<modbus::WriteReport> reports() const;

    // Waits until `holds` is true, looked at after each frame, failure and report; false after `deadline`.
    bool wait(const std::function<bool()>& holds,
              std::chrono::milliseconds deadline = std::chrono::seconds(10));
    bool wait_for_frames(std::size_t count, std::chrono::milliseconds deadline = std::chrono::seconds(10));

    std::function<void(const Frame&)> on_frame;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<FramePtr> frames_;              // guarded by mutex_
    std::vector<Failure> failures_;             // guarded by mutex_
    std::vector<modbus::WriteReport> reports_;  // guarded by mutex_
};

}  // namespace sitepower::support
