// The alert rules of everything but batteries: UPSs, devices, and the daemon's own conditions. Owned by Site.
#pragma once

#include <string>
#include <vector>

#include "core/alert/book.hpp"
#include "core/alert/condition.hpp"
#include "core/base/result.hpp"
#include "core/site/event.hpp"
#include "core/site/state.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {

class PlantAlerts {
  public:
    // A daemon's condition from before a restart that nobody has confirmed for so long is over.
    static constexpr Duration confirmation_limit = std::chrono::minutes(5);

    PlantAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots);

    // What is not known (on_battery is empty) neither raises nor clears.
    void evaluate(const UpsState& state, AlertBook& book, const Moment& moment, Effects& effects);
    // Once its autonomy is up to date. What is not known neither raises nor clears; a UPS of which no
    // autonomy is required has no such alert.
    void evaluate_autonomy(const UpsState& state, AlertBook& book, const Moment& moment, Effects& effects);
    void evaluate(const DeviceState& state, const Wiring& wiring, AlertBook& book, const Moment& moment,
                  Effects& effects);
    // Refused when no rule with subject "site" has that type.
    Status set(const SystemCondition& condition);
    void evaluate_system(AlertBook& book, const Moment& moment, Effects& effects);

    void assume(const Alert& alert, const Moment& moment);
    // Of a reload: the device, and the UPS that it is, go on as they stood in `before`, by the same clock.
    void take_over(DeviceIndex device, const PlantAlerts& before, DeviceIndex old_device);

  private:
    struct System {
        RuleId rule{};
        std::string message;
        Latch latch;
        bool holds = false;
        std::optional<Time> unconfirmed_since;  // steady
    };

    void tell(SubjectNumber subject, const Rule& rule, bool holds, Observation observation, AlertBook& book,
              const Moment& moment, Effects& effects) const;
    System* find_system(std::string_view type);

    const SiteModel& model_;
    const RuleSet& rules_;
    const AlertSlots& slots_;
    std::vector<Latch> on_battery_;    // by UPS
    std::vector<Condition> autonomy_;  // likewise
    std::vector<Latch> offline_;       // by device
    std::vector<System> systems_;
};

}  // namespace sitepower
