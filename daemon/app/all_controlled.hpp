// Devices and load classes under control as one list, for operations. Owned by the app; loop thread.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "daemon/control/cap_sender.hpp"
#include "daemon/control/controller.hpp"

namespace sitepower {

class AllControlled final : public ControlView {
  public:
    // Both must outlive it.
    AllControlled(Controller& devices, CapSender& caps) : devices_(devices), caps_(caps) {}

    std::vector<ControlStatus> controlled() const override {
        auto all = devices_.controlled();
        std::ranges::move(caps_.capped(), std::back_inserter(all));
        return all;
    }
    void act(Time now) override {
        devices_.act(now);
        caps_.tick();
    }

  private:
    Controller& devices_;
    CapSender& caps_;
};

}  // namespace sitepower
