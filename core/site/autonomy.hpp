// How long the batteries of each UPS would carry its present load. Owned by Site; worked out anew every ten
// seconds while the UPS runs from its batteries, else every minute.
#pragma once

#include <optional>
#include <vector>

#include "core/battery/autonomy/runtime.hpp"
#include "core/site/batteries.hpp"
#include "core/site/clock.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "core/site/state.hpp"

namespace sitepower {

class Autonomy {
  public:
    Autonomy(const SiteModel& model, const BatterySettings& settings);

    // Writes the autonomy into the state, when it is due.
    void estimate(UpsState& state, const Batteries& batteries, const Moment& moment);

  private:
    // Of the strings of a UPS: parallel, so that each carries its share of the load by its capacity, and the
    // first that ends is the end of all.
    struct Outlook {
        Runtime runtime;
        std::string_view reason;  // why nothing is known; empty: something is
        bool degraded = false;
    };
    bool is_due(const UpsState& state, const Moment& moment);
    Outlook outlook(const UpsState& state, const Batteries& batteries) const;
    Runtime of_string(const StringModel& string, const DischargeBelief& belief, double power_w) const;

    const SiteModel& model_;
    double inverter_efficiency_;
    struct Last {
        std::optional<Time> at;  // elapsed
        std::optional<bool> on_battery;
        bool load_known = false;
        bool known = false;
    };
    std::vector<Last> last_;  // by UPS
};

}  // namespace sitepower
