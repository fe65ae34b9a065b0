#include "daemon/lab/replay/replayed_site.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/site/clock.hpp"

namespace sitepower::lab {
namespace {

constexpr Duration tick{1000};
// A longer silence than the engine takes for a stepped clock need not be ticked through: nothing was heard.
constexpr Duration longest_ticking = Clock::longest_step;

}  // namespace

void Difference::add(const std::optional<double>& replayed, const std::optional<double>& told) {
    if (replayed.has_value() != told.has_value()) {
        ++unlike;
        return;
    }
    ++compared;
    if (replayed) largest = std::max(largest, std::abs(*replayed - *told));
}

ReplayedSite::ReplayedSite(std::shared_ptr<const SiteModel> model, SiteSettings settings)
    : model_(std::move(model)), settings_(std::move(settings)), expected_(model_->batteries.size()) {
    for (std::size_t i = 0; i < expected_.size(); ++i) {
        expected_[i].difference.battery = model_->batteries[i].id;
    }
    batteries_of_.resize(model_->devices.size());
    for (const StringModel& string : model_->strings) {
        if (!string.current_a) continue;
        auto& counted = batteries_of_[position(string.current_a->device)];
        counted.insert(counted.end(), string.batteries.begin(), string.batteries.end());
    }
    site_.emplace(model_, settings_);
}

// A start takes over what the one before left.
void ReplayedSite::begin(std::int64_t start, Time now) {
    if (start_ == start) return;
    effects_.clear();
    if (start_) {
        const Snapshot left = site_->snapshot();
        site_.emplace(model_, settings_);
        site_->restore(left, now, effects_);
    }
    start_ = start;
    now_ = now;
    site_->handle(Tick{}, now_, effects_);
}

// Ticks are due every second; frames come between them.
void ReplayedSite::pass(Time until) {
    if (until - now_ > longest_ticking) now_ = until - tick;
    while (now_ + tick <= until) {
        now_ += tick;
        effects_.clear();
        site_->handle(Tick{}, now_, effects_);
    }
}

const ReplayedSite::Placed& ReplayedSite::placed(const std::shared_ptr<const Layout>& stored) {
    const auto [found, is_new] = placed_.try_emplace(stored);
    if (!is_new) return found->second;
    const auto device = std::ranges::find(model_->devices, stored->device, &DeviceModel::id);
    if (device == model_->devices.end()) return found->second;
    const auto layout = std::ranges::find(device->layouts, stored->group,
                                          [](const auto& candidate) { return candidate->group; });
    if (layout == device->layouts.end()) return found->second;
    bool any = false;
    for (const LayoutPoint& point : (*layout)->points) {
        const auto at = std::ranges::find(stored->points, point.name, &LayoutPoint::name);
        auto& from = found->second.from.emplace_back();
        if (at == stored->points.end()) continue;
        from = static_cast<std::size_t>(at - stored->points.begin());
        any = true;
    }
    if (any) found->second.layout = *layout;
    return found->second;
}

bool ReplayedSite::handle(const FramePtr& stored, std::int64_t start) {
    const Placed& place = placed(stored->layout);
    if (!place.layout) return false;
    begin(start, stored->time);
    pass(stored->time);
    auto frame = std::make_shared<Frame>();
    frame->layout = place.layout;
    frame->time = stored->time;
    frame->clock_synchronised = stored->clock_synchronised;
    for (const auto& from : place.from) {
        frame->values.push_back(from ? stored->values[*from] : 0);
        frame->quality.push_back(from ? stored->quality[*from] : Quality::stale);
    }
    effects_.clear();
    // Frames of several devices may come a little out of order; the clock is not set back for them.
    now_ = std::max(now_, stored->time);
    site_->handle(FramePtr(std::move(frame)), now_, effects_);
    compare(place.layout->device_index);
    return true;
}

void ReplayedSite::expect(BatteryIndex battery, std::vector<ToldBatteryState> told) {
    // States that say nothing of the charge have nothing to be found by.
    std::erase_if(told, [](const ToldBatteryState& state) { return !state.soc_pct.value; });
    expected_[position(battery)].told = std::move(told);
    expected_[position(battery)].next = 0;
}

bool ReplayedSite::is_expecting(BatteryIndex battery) const {
    const Expected& expected = expected_[position(battery)];
    return expected.next < expected.told.size();
}

void ReplayedSite::compare(DeviceIndex device) {
    for (const BatteryIndex battery : batteries_of_[position(device)]) {
        Expected& expected = expected_[position(battery)];
        const BatteryState& state = site_->batteries()[position(battery)];
        const auto told_before = [&] {
            return expected.next < expected.told.size() &&
                   expected.told[expected.next].soc_pct.as_of < state.soc_pct.as_of;
        };
        // A charge of that time never was here.
        while (state.soc_pct.value && told_before()) {
            ++expected.difference.soc_pct.unlike;
            ++expected.next;
        }
        if (expected.next == expected.told.size()) continue;
        const ToldBatteryState& told = expected.told[expected.next];
        if (!state.soc_pct.value || told.soc_pct.as_of != state.soc_pct.as_of) continue;
        expected.difference.soc_pct.add(state.soc_pct.value, told.soc_pct.value);
        expected.difference.soh_pct.add(state.soh_pct.value, told.soh_pct.value);
        expected.difference.rul_days.add(state.rul_days.value, told.rul_days.value);
        ++expected.next;
    }
}

std::vector<BatteryDifference> ReplayedSite::differences() const {
    std::vector<BatteryDifference> differences;
    for (const Expected& expected : expected_) differences.push_back(expected.difference);
    return differences;
}

}  // namespace sitepower::lab
