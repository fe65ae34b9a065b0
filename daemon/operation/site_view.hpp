// What operations may see of the live site: const, on the loop thread. The executor shows its Site through
// LiveSiteView; tests show made-up states.
#pragma once

#include <span>

#include "core/site/site.hpp"

namespace sitepower {

class SiteView {
  public:
    virtual ~SiteView() = default;
    virtual const SiteModel& model() const = 0;
    virtual std::span<const LatestValue> latest(DeviceIndex device) const = 0;  // by slot
    virtual std::span<const DeviceState> devices() const = 0;
    virtual std::span<const BatteryState> batteries() const = 0;
    virtual std::span<const StringState> strings() const = 0;
    virtual std::span<const UpsState> upses() const = 0;
    virtual std::span<const Alert> open_alerts() const = 0;
    virtual std::span<const MaintenanceWindow> windows() const = 0;
};

// Refers to `site`, which must outlive it.
class LiveSiteView final : public SiteView {
  public:
    explicit LiveSiteView(const Site& site) : site_(&site) {}
    const SiteModel& model() const override { return site_->model(); }
    std::span<const LatestValue> latest(DeviceIndex device) const override { return site_->latest(device); }
    std::span<const DeviceState> devices() const override { return site_->devices(); }
    std::span<const BatteryState> batteries() const override { return site_->batteries(); }
    std::span<const StringState> strings() const override { return site_->strings(); }
    std::span<const UpsState> upses() const override { return site_->upses(); }
    std::span<const Alert> open_alerts() const override { return site_->open_alerts(); }
    std::span<const MaintenanceWindow> windows() const override { return site_->windows(); }

  private:
    const Site* site_;
};

}  // namespace sitepower
