// A site that lives through stored frames once more: the engine of the daemon, told what it was told then.
// And what came of it beside what the daemon made of it. Main thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/site/site.hpp"
#include "daemon/store/reader.hpp"

namespace sitepower::lab {

// How far apart two numbers were at most; `compared` states in which both or neither knew a value.
struct Difference {
    std::size_t compared = 0;
    std::size_t unlike = 0;  // one of both was unknown
    double largest = 0;

    void add(const std::optional<double>& replayed, const std::optional<double>& told);
};

struct BatteryDifference {
    std::string battery;
    Difference soc_pct;
    Difference soh_pct;
    Difference rul_days;
};

class ReplayedSite {
  public:
    // `settings`: as the daemon has them. The site begins as a new one, unless the first frame says
    // otherwise.
    ReplayedSite(std::shared_ptr<const SiteModel> model, SiteSettings settings);

    // In the order in which they were stored; `start` tells the starts of the daemon apart. False: the model
    // has no such device or none of its points.
    bool handle(const FramePtr& stored, std::int64_t start);
    // States of a battery as told, oldest first and behind those before: each is compared with the state here
    // whose charge is of the same time.
    void expect(BatteryIndex battery, std::vector<ToldBatteryState> told);
    bool is_expecting(BatteryIndex battery) const;

    const Site& site() const { return *site_; }
    std::vector<BatteryDifference> differences() const;

  private:
    struct Placed {
        std::shared_ptr<const Layout> layout;          // of the model; nullptr: there is none
        std::vector<std::optional<std::size_t>> from;  // by point of it: place in the stored one
    };
    struct Expected {
        std::vector<ToldBatteryState> told;
        std::size_t next = 0;
        BatteryDifference difference;
    };

    const Placed& placed(const std::shared_ptr<const Layout>& stored);
    void begin(std::int64_t start, Time now);
    void pass(Time until);
    void compare(DeviceIndex device);

    std::shared_ptr<const SiteModel> model_;
    SiteSettings settings_;
    std::optional<Site> site_;
    std::optional<std::int64_t> start_;
    Time now_{};
    Effects effects_;
    std::map<std::shared_ptr<const Layout>, Placed> placed_;
    std::vector<Expected> expected_;                       // by battery
    std::vector<std::vector<BatteryIndex>> batteries_of_;  // by device: whose charge its current counts
};

}  // namespace sitepower::lab
