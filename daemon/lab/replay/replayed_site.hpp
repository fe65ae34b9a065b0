// A site that lives through stored frames once more: the engine of the daemon, told what it was told then.
// And what comes of it beside what the daemon made of it. Main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/site/site.hpp"
#include "daemon/lab/replay/alert_comparison.hpp"
#include "daemon/lab/replay/state_comparison.hpp"
#include "daemon/store/reader.hpp"

namespace sitepower::lab {

class ReplayedSite {
  public:
    // `settings`: as the daemon has them. The site begins as a new one, unless the first frame says
    // otherwise.
    ReplayedSite(std::shared_ptr<const SiteModel> model, SiteSettings settings);

    // In the order in which they were stored; `start` tells the starts of the daemon apart. False: the model
    // has no such device or none of its points.
    bool handle(const FramePtr& stored, std::int64_t start);
    // By battery: give it the states that were told, as long as it wants more.
    std::span<StateComparison> states() { return states_; }
    // The last frame has been handled.
    void end();

    const Site& site() const { return *site_; }
    std::vector<BatteryDifference> differences() const;
    const AlertComparison& alerts() const { return alerts_; }

  private:
    struct Placed {
        std::shared_ptr<const Layout> layout;          // of the model; nullptr: there is none
        std::vector<std::optional<std::size_t>> from;  // by point of it: place in the stored one
    };
    const Placed& placed(const std::shared_ptr<const Layout>& stored);
    void begin(std::int64_t start, Time now);
    void pass(Time until, bool clock_was_set);
    void live(const Event& event);

    std::shared_ptr<const SiteModel> model_;
    SiteSettings settings_;
    std::optional<Site> site_;
    std::optional<std::int64_t> start_;
    Time now_{};
    bool is_synchronised_ = false;
    Effects effects_;
    std::map<std::shared_ptr<const Layout>, Placed> placed_;
    std::vector<StateComparison> states_;  // by battery
    AlertComparison alerts_;
};

}  // namespace sitepower::lab
