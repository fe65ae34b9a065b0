#include "tests/support/modbus_plans.hpp"

#include <algorithm>

namespace sitepower::support {

modbus::PollGroup word_group(DeviceIndex device, const std::string& name, Duration period,
                             std::uint16_t address, int count) {
    auto layout = std::make_shared<Layout>();
    layout->device_index = device;
    layout->device = "device-" + std::to_string(position(device));
    layout->group = name;
    layout->period = period;
    modbus::PollGroup group;
    for (int i = 0; i < count; ++i) {
        layout->points.push_back({.name = "word" + std::to_string(address + i), .unit = ""});
        group.points.push_back({.address = static_cast<std::uint16_t>(address + i)});
    }
    group.layout = std::move(layout);
    return group;
}

modbus::UnitPlan word_unit(int unit, Duration period, std::uint16_t address, int count) {
    const auto device = static_cast<DeviceIndex>(unit);
    return {.device = device,
            .device_id = "device-" + std::to_string(unit),
            .unit = unit,
            .limits = {},
            .timing = {},
            .groups = {word_group(device, "fast", period, address, count)}};
}

void RecordingSink::frame(FramePtr frame) {
    if (on_frame) on_frame(*frame);
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
    changed_.notify_all();
}

void RecordingSink::poll_failed(DeviceIndex device, Time /*time*/, std::string reason) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({device, std::move(reason)});
    changed_.notify_all();
}

void RecordingSink::write_finished(modbus::WriteReport report) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(std::move(report));
    changed_.notify_all();
}

std::vector<modbus::WriteReport> RecordingSink::reports() const {
    const std::lock_guard lock(mutex_);
    return reports_;
}

std::vector<FramePtr> RecordingSink::frames() const {
    const std::lock_guard lock(mutex_);
    return frames_;
}

std::vector<FramePtr> RecordingSink::frames(DeviceIndex device) const {
    auto of_device = frames();
    std::erase_if(of_device, [&](const FramePtr& frame) { return frame->layout->device_index != device; });
    return of_device;
}

std::vector<RecordingSink::Failure> RecordingSink::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

bool RecordingSink::wait(const std::function<bool()>& holds, std::chrono::milliseconds deadline) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        if (holds()) return true;
        std::unique_lock lock(mutex_);
        // Conditions about other things than frames are looked at from time to time.
        changed_.wait_for(lock, std::chrono::milliseconds(5));
        lock.unlock();
        if (std::chrono::steady_clock::now() >= until) return holds();
    }
}

bool RecordingSink::wait_for_frames(std::size_t count, std::chrono::milliseconds deadline) {
    return wait(
        [&] {
            const std::lock_guard lock(mutex_);
            return frames_.size() >= count;
        },
        deadline);
}

}  // namespace sitepower::support
