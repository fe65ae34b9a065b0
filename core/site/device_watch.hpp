// Who answers: online, stale, offline, with reason and last seen. Also the doorkeeper of frames: only those
// of this model, and newer than the last, get past it. Owned by Site.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/frame.hpp"
#include "core/site/clock.hpp"
#include "core/site/event.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "core/site/state.hpp"

namespace sitepower {

// The points of one poll group that have not been heard for too long.
struct LostPoints {
    DeviceIndex device{};
    std::uint32_t first_slot = 0;
    std::uint32_t count = 0;
};

class DeviceWatch {
  public:
    // A group that is polled without a pause comes as soon as its line lets it: at a slow one with many units
    // that may take so long.
    static constexpr Duration without_pause{10'000};
    // Groups that are read this seldom hold what does not change, such as ratings: a failure of others says
    // nothing about it.
    static constexpr Duration seldom = std::chrono::hours{1};
    // Jitter of polls and ticks is forgiven up to these, however short the period.
    static constexpr Duration shortest_stale{1'000};
    static constexpr Duration shortest_offline{2'000};

    DeviceWatch(const SiteModel& model, const SiteSettings& settings);

    // False for a frame that must not change anything: of a layout that this model does not know, malformed,
    // or not newer than the last one of its layout (unless the wall clock was set back in between).
    bool heard(const Frame& frame, const Moment& moment);
    void failed(const PollFailed& failure, const Moment& moment);
    // Adds to `lost` the poll groups that have just become too old to be used.
    void tick(const Moment& moment, std::vector<LostPoints>& lost);

    // Of a reload: the device goes on as `before` knew it under another index, if its points are the same;
    // false if not. Both have the same clock.
    bool take_over(DeviceIndex device, const DeviceWatch& before, DeviceIndex old_device,
                   const Moment& moment);

    // When a poll group has been silent for so long, what it measured is not used any more: the offline
    // limit, or the group's own max_age.
    Duration usable_for(const Layout& layout) const;

    std::span<const DeviceState> states() const { return states_; }
    // Adds the state if it is to be told: a change of status at once, of reason at most every state_interval,
    // any state every repeat_interval.
    void tell(DeviceIndex device, const Moment& moment, std::vector<DeviceState>& out);

  private:
    struct Group {
        std::shared_ptr<const Layout> layout;
        Time last_heard{};  // steady
        Time last_time{};   // of the frame, never in the future of the event that brought it
        std::uint32_t steps_back = 0;
        bool seen = false;
        bool usable = false;
    };
    struct Watched {
        std::vector<Group> groups;
        int failures = 0;
        std::string failure;  // of the last failed poll since the last frame
        // Failed polls that came soon after each other, whatever was heard in between: a part of it fails.
        int partial_failures = 0;
        std::string partial_failure;  // the last of them
        Time failed_at{};             // steady
        std::optional<Time> told_at;  // wall
        bool status_changed = false;
        bool reason_changed = false;
    };

    Group* find_group(Watched& device, const Frame& frame);
    bool is_late(const Group& group, const Moment& moment) const;
    bool is_silent(const Group& group, const Moment& moment) const;
    bool is_silent(const Watched& device, const Moment& moment) const;
    bool is_answering(const Watched& device, const Moment& moment) const;
    // Within how long a failing group of the device fails again.
    static Duration failing_period(const Watched& device);
    // Why a part of it has no values, after so many failures; empty: it has, or nobody knows.
    static std::string failing_part(const Watched& device, int failures, const Moment& moment);
    void judge(std::size_t index, const Moment& moment);
    void become(std::size_t index, DeviceStatus status, std::string reason, const Moment& moment);
    void lose_groups(std::size_t index, const Moment& moment, std::vector<LostPoints>& lost);
    void start(const Moment& moment);

    int missed_polls_;
    Duration state_interval_;
    Duration repeat_interval_;
    std::vector<Watched> devices_;
    std::vector<DeviceState> states_;
    bool started_ = false;
};

}  // namespace sitepower
