// How long the batteries of each UPS, and each of its strings, would carry its present load. Owned by Site;
// worked out anew every ten seconds while the UPS runs from its batteries, else every minute.
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

    // Writes the autonomy into the states of the UPS and its strings, when it is due.
    void estimate(UpsState& state, Batteries& batteries, const Moment& moment);

  private:
    struct Outlook {
        Runtime runtime;
        std::string_view reason;  // why nothing is known; empty: something is
        bool degraded = false;
    };
    template <class State>
    static void write(State& state, const Outlook& outlook, const Moment& moment);
    bool is_due(const UpsState& state, const Moment& moment);
    // What is known of the load and the capacity that carries it; else the reason of the UPS and all strings.
    struct Burden {
        double watts_per_ah = 0;
        std::string_view reason;
    };
    Burden burden_of(const UpsState& state) const;
    Outlook of_string(StringIndex string, const Batteries& batteries, const Burden& burden) const;
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
