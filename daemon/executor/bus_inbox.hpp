// Where the buses' threads hand over what they read. Bounded: when the loop falls behind, a bus waits for
// room (its polls come later and are counted as missed) and gives a reading up only after `patience`;
// readings given up are counted. Owned by the app; drained on the loop thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/site/event.hpp"
#include "daemon/loop/mailbox.hpp"
#include "drivers/modbus/bus.hpp"

namespace sitepower {

// A SunSpec device that is not, or no longer, what its points were made from.
struct MapChange {
    DeviceIndex device{};
    std::string description;
    std::string problem;
};

class BusInbox final : public modbus::BusSink {
  public:
    static constexpr std::size_t capacity = 8192;
    static constexpr Duration patience{2000};

    void frame(FramePtr frame) override { push(Event(std::move(frame))); }
    void poll_failed(DeviceIndex device, Time time, std::string reason) override {
        push(PollFailed{.device = device, .time = time, .reason = std::move(reason)});
    }
    // Refused when full: the bus tells it again.
    void map_changed(DeviceIndex device, std::string description, std::string problem) override {
        static_cast<void>(maps_.push({device, std::move(description), std::move(problem)}));
    }

    // There is room for all orders that may be under way, and for those that ending buses give back.
    void write_finished(modbus::WriteReport report) override {
        static_cast<void>(reports_.push(std::move(report)));
    }

    int fd() const { return box_.fd(); }
    void drain(std::vector<Event>& into) { box_.drain(into); }
    int maps_fd() const { return maps_.fd(); }
    void drain_maps(std::vector<MapChange>& into) { maps_.drain(into); }
    int reports_fd() const { return reports_.fd(); }
    void drain_reports(std::vector<modbus::WriteReport>& into) { reports_.drain(into); }
    std::uint64_t given_up() const { return given_up_.load(std::memory_order_relaxed); }

  private:
    void push(Event event) {
        if (!box_.push_within(std::move(event), patience)) {
            given_up_.fetch_add(1, std::memory_order_relaxed);
        }
    }

    Mailbox<Event> box_{capacity};
    Mailbox<MapChange> maps_{64};
    Mailbox<modbus::WriteReport> reports_{256};
    std::atomic<std::uint64_t> given_up_{0};
};

}  // namespace sitepower
