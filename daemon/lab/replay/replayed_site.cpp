#include "daemon/lab/replay/replayed_site.hpp"

#include <algorithm>
#include <utility>

#include "core/site/clock.hpp"

namespace sitepower::lab {
namespace {

constexpr Duration tick{1000};
// By then everything has been lost, and nothing changes any more.
constexpr Duration longest_ticking = std::chrono::hours(24);

}  // namespace

ReplayedSite::ReplayedSite(std::shared_ptr<const SiteModel> model, SiteSettings settings)
    : model_(std::move(model)), settings_(std::move(settings)) {
    for (const BatteryModel& battery : model_->batteries) states_.emplace_back(battery.id);
    site_.emplace(model_, settings_);
}

// A start takes over what the one before left.
void ReplayedSite::begin(std::int64_t start, Time now) {
    if (start_ == start) return;
    for (StateComparison& states : states_) states.begin(now);
    alerts_.begin(now);
    if (start_) {
        const Snapshot left = site_->snapshot();
        site_.emplace(model_, settings_);
        effects_.clear();
        site_->restore(left, now, effects_);
    }
    start_ = start;
    now_ = now;
    live(Tick{});
}

void ReplayedSite::live(const Event& event) {
    effects_.clear();
    site_->handle(event, now_, effects_);
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i].look(site_->batteries()[i], now_);
    alerts_.look(effects_.alerts, now_);
}

// Ticks are due every second; frames come between them. Nobody ticked through the time by which a clock was
// put forward.
void ReplayedSite::pass(Time until, bool clock_was_set) {
    const Duration longest = clock_was_set ? Clock::longest_step : longest_ticking;
    if (until - now_ > longest) now_ = until - tick;
    while (now_ + tick <= until) {
        now_ += tick;
        live(Tick{});
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
    pass(stored->time, stored->clock_synchronised && !is_synchronised_);
    is_synchronised_ = stored->clock_synchronised;
    auto frame = std::make_shared<Frame>();
    frame->layout = place.layout;
    frame->time = stored->time;
    frame->clock_synchronised = stored->clock_synchronised;
    for (const auto& from : place.from) {
        frame->values.push_back(from ? stored->values[*from] : 0);
        frame->quality.push_back(from ? stored->quality[*from] : Quality::stale);
    }
    // Frames of several devices may come a little out of order; the clock is not set back for them.
    now_ = std::max(now_, stored->time);
    live(FramePtr(std::move(frame)));
    return true;
}

void ReplayedSite::end() {
    for (StateComparison& states : states_) states.end();
}

std::vector<BatteryDifference> ReplayedSite::differences() const {
    std::vector<BatteryDifference> differences;
    for (const StateComparison& states : states_) differences.push_back(states.difference());
    return differences;
}

}  // namespace sitepower::lab
