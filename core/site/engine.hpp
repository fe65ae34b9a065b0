// The inside of Site: its parts, and what each kind of event does with them. Included by site.cpp and the
// other sources of this folder only.
#pragma once

#include <vector>

#include "core/site/clock.hpp"
#include "core/site/device_watch.hpp"
#include "core/site/latest_values.hpp"
#include "core/site/site.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {

struct Site::State {
    State(std::shared_ptr<const SiteModel> the_model, SiteSettings the_settings);

    void on(const FramePtr& frame, Effects& effects);
    void on(const PollFailed& failure, Effects& effects);
    void on(const Tick& tick, Effects& effects);
    void on(const AcknowledgeAlert& request, Effects& effects);
    void on(const ResolveAlert& request, Effects& effects);
    void on(const StartMaintenance& request, Effects& effects);
    void on(const EndMaintenance& request, Effects& effects);
    void on(const SystemCondition& condition, Effects& effects);

    void lose(const LostPoints& lost);

    std::shared_ptr<const SiteModel> model;
    SiteSettings settings;
    Clock clock;
    Wiring wiring;
    LatestValues latest;
    DeviceWatch devices;
    std::vector<BatteryState> batteries;
    std::vector<StringState> strings;
    std::vector<UpsState> upses;
    std::vector<Alert> open_alerts;
    std::vector<MaintenanceWindow> windows;
    std::vector<LostPoints> lost_points;  // kept for its memory
};

}  // namespace sitepower
