#include "core/site/device_watch.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {
namespace {

bool same_points(const Layout& a, const Layout& b) {
    return a.device == b.device && a.group == b.group && a.first_slot == b.first_slot &&
           std::ranges::equal(a.points, b.points, {}, &LayoutPoint::name, &LayoutPoint::name);
}

bool is_well_formed(const Frame& frame) {
    const auto count = frame.layout->points.size();
    return frame.values.size() == count && frame.quality.size() == count;
}

Duration period_of(const Layout& layout) {
    return layout.period > Duration::zero() ? layout.period : DeviceWatch::without_pause;
}

std::string seconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

DeviceWatch::DeviceWatch(const SiteModel& model, const SiteSettings& settings)
    : missed_polls_(std::max(1, settings.missed_polls_until_offline)),
      state_interval_(settings.state_interval),
      repeat_interval_(settings.repeat_interval),
      devices_(model.devices.size()),
      states_(model.devices.size()) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        states_[i].device = static_cast<DeviceIndex>(i);
        states_[i].reason = "not heard yet";
        const auto slots = model.devices[i].points.size();
        for (const auto& layout : model.devices[i].layouts) {
            if (layout->first_slot + layout->points.size() > slots) continue;
            devices_[i].groups.push_back({.layout = layout});
        }
    }
}

void DeviceWatch::start(const Moment& moment) {
    if (started_) return;
    started_ = true;
    for (auto& device : devices_) {
        for (auto& group : device.groups) group.last_heard = moment.steady;
    }
    for (auto& state : states_) state.since = moment.wall;
}

// Links that a reload left alone go on with their old layouts, so equal ones are as good as the same.
DeviceWatch::Group* DeviceWatch::find_group(Watched& device, const Frame& frame) {
    for (Group& group : device.groups) {
        if (group.layout == frame.layout) return &group;
    }
    for (Group& group : device.groups) {
        if (same_points(*group.layout, *frame.layout)) return &group;
    }
    return nullptr;
}

bool DeviceWatch::heard(const Frame& frame, const Moment& moment) {
    start(moment);
    if (!frame.layout || position(frame.layout->device_index) >= devices_.size()) return false;
    const auto index = position(frame.layout->device_index);
    Watched& device = devices_[index];
    Group* group = find_group(device, frame);
    if (group == nullptr || !is_well_formed(frame)) return false;
    const Time time = std::min(frame.time, moment.wall);
    if (group->seen && group->steps_back == moment.steps_back && time <= group->last_time) return false;
    group->last_time = time;
    group->last_heard = moment.steady;
    group->steps_back = moment.steps_back;
    group->seen = group->usable = true;
    device.failures = 0;
    device.failure.clear();
    states_[index].last_seen = frame.time;
    if (states_[index].status != DeviceStatus::online) judge(index, moment);
    return true;
}

void DeviceWatch::failed(const PollFailed& failure, const Moment& moment) {
    start(moment);
    if (position(failure.device) >= devices_.size()) return;
    const auto index = position(failure.device);
    Watched& device = devices_[index];
    device.failures = std::min(device.failures + 1, missed_polls_);
    device.failure = failure.reason;
    const bool soon = moment.steady - device.failed_at <= failing_period(device);
    device.partial_failures = soon ? std::min(device.partial_failures + 1, missed_polls_) : 1;
    device.partial_failure = failure.reason;
    device.failed_at = moment.steady;
    judge(index, moment);
    if (states_[index].status == DeviceStatus::offline && states_[index].reason != device.failure) {
        states_[index].reason = device.failure;
        device.reason_changed = true;
    }
}

void DeviceWatch::tick(const Moment& moment, std::vector<LostPoints>& lost) {
    start(moment);
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        judge(i, moment);
        lose_groups(i, moment, lost);
    }
}

bool DeviceWatch::take_over(DeviceIndex device, const DeviceWatch& before, DeviceIndex old_device,
                            const Moment& moment) {
    start(moment);
    Watched& watched = devices_[position(device)];
    const Watched& old = before.devices_[position(old_device)];
    const bool same = std::ranges::equal(watched.groups, old.groups, [](const Group& a, const Group& b) {
        return same_points(*a.layout, *b.layout) && a.layout->period == b.layout->period;
    });
    if (!same || !before.started_) return false;
    std::vector<Group> groups = std::exchange(watched, old).groups;
    for (std::size_t i = 0; i < groups.size(); ++i) watched.groups[i].layout = groups[i].layout;
    states_[position(device)] = before.states_[position(old_device)];
    states_[position(device)].device = device;
    return true;
}

Duration DeviceWatch::usable_for(const Layout& layout) const {
    const Duration period = period_of(layout);
    const Duration limit = std::max(missed_polls_ * period + period / 2, shortest_offline);
    return layout.max_age > Duration::zero() ? std::min(limit, layout.max_age) : limit;
}

bool DeviceWatch::is_late(const Group& group, const Moment& moment) const {
    const Duration period = period_of(*group.layout);
    return moment.steady - group.last_heard > std::max(period + period / 2, shortest_stale);
}

bool DeviceWatch::is_silent(const Group& group, const Moment& moment) const {
    return moment.steady - group.last_heard > usable_for(*group.layout);
}

// What is read seldom decides only where there is nothing else.
bool DeviceWatch::is_silent(const Watched& device, const Moment& moment) const {
    const auto is_frequent = [](const Group& group) { return period_of(*group.layout) < seldom; };
    const bool any_frequent = std::ranges::any_of(device.groups, is_frequent);
    return !device.groups.empty() && std::ranges::all_of(device.groups, [&](const Group& group) {
        return (any_frequent && !is_frequent(group)) || is_silent(group, moment);
    });
}

// Something of the device was heard within its shortest period and a half: what fails then is a unit of it,
// or a group, and not the device.
bool DeviceWatch::is_answering(const Watched& device, const Moment& moment) const {
    Duration shortest = Duration::max();
    Duration since_heard = Duration::max();
    for (const Group& group : device.groups) {
        shortest = std::min(shortest, period_of(*group.layout));
        if (group.seen) since_heard = std::min(since_heard, moment.steady - group.last_heard);
    }
    return !device.groups.empty() && since_heard <= std::max(shortest + shortest / 2, shortest_stale);
}

Duration DeviceWatch::failing_period(const Watched& device) {
    Duration longest{0};
    for (const Group& group : device.groups) {
        const Duration period = period_of(*group.layout);
        if (period < seldom) longest = std::max(longest, period);
    }
    return std::max(longest + longest / 2, shortest_offline);
}

std::string DeviceWatch::failing_part(const Watched& device, int failures, const Moment& moment) {
    const bool fails =
        device.partial_failures >= failures && moment.steady - device.failed_at <= failing_period(device);
    return fails ? device.partial_failure : std::string();
}

void DeviceWatch::judge(std::size_t index, const Moment& moment) {
    const Watched& device = devices_[index];
    const bool silent = is_silent(device, moment);
    const bool failed = device.failures >= missed_polls_ && !is_answering(device, moment);
    if (failed || silent) {
        if (states_[index].status == DeviceStatus::offline) return;
        become(index, DeviceStatus::offline, device.failure.empty() ? "no answer" : device.failure, moment);
        return;
    }
    if (!states_[index].last_seen) return;
    const auto late =
        std::ranges::find_if(device.groups, [&](const Group& group) { return is_late(group, moment); });
    if (late == device.groups.end()) {
        become(index, DeviceStatus::online, "", moment);
        auto part = failing_part(device, missed_polls_, moment);
        if (states_[index].reason != part) {
            states_[index].reason = std::move(part);
            devices_[index].reason_changed = true;
        }
    } else if (states_[index].status != DeviceStatus::stale) {
        const auto part = failing_part(device, 1, moment);
        become(index, DeviceStatus::stale,
               "group " + late->layout->group + " not heard for " +
                   seconds(moment.steady - late->last_heard) + (part.empty() ? "" : ": " + part),
               moment);
    }
}

void DeviceWatch::become(std::size_t index, DeviceStatus status, std::string reason, const Moment& moment) {
    DeviceState& state = states_[index];
    if (state.status == status) return;
    state.status = status;
    state.reason = std::move(reason);
    state.since = moment.wall;
    devices_[index].status_changed = true;
}

void DeviceWatch::lose_groups(std::size_t index, const Moment& moment, std::vector<LostPoints>& lost) {
    const bool offline = states_[index].status == DeviceStatus::offline;
    for (Group& group : devices_[index].groups) {
        const bool given_up = offline && period_of(*group.layout) < seldom;
        if (!group.usable || !(given_up || is_silent(group, moment))) continue;
        group.usable = false;
        lost.push_back({static_cast<DeviceIndex>(index), group.layout->first_slot,
                        static_cast<std::uint32_t>(group.layout->points.size())});
    }
}

void DeviceWatch::tell(DeviceIndex device, const Moment& moment, std::vector<DeviceState>& out) {
    Watched& watched = devices_[position(device)];
    const Duration untold =
        watched.told_at && *watched.told_at <= moment.wall ? moment.wall - *watched.told_at : Duration::max();
    const bool due = watched.status_changed || (watched.told_at && untold >= repeat_interval_) ||
                     (watched.reason_changed && untold >= state_interval_);
    if (!due) return;
    watched.told_at = moment.wall;
    watched.status_changed = watched.reason_changed = false;
    out.push_back(states_[position(device)]);
}

}  // namespace sitepower
