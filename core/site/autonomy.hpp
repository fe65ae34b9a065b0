// How long the batteries of each UPS, and each of its strings, would carry its present load, and the load
// that is forecast. Owned by Site; worked out anew every ten seconds while the UPS runs from its batteries,
// else every minute.
#pragma once

#include <optional>
#include <vector>

#include "core/battery/autonomy/runtime.hpp"
#include "core/site/batteries.hpp"
#include "core/site/clock.hpp"
#include "core/site/event.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "core/site/state.hpp"

namespace sitepower {

class Autonomy {
  public:
    Autonomy(const SiteModel& model, const BatterySettings& settings);

    // Refused when there is no such UPS, or a step is no load.
    Status expect(const ExpectedLoad& load);

    // Writes the autonomy into the states of the UPS and its strings, when it is due.
    void estimate(UpsState& state, Batteries& batteries, const Moment& moment);

  private:
    struct Outlook {
        Runtime runtime;
        std::string_view reason;  // why nothing is known; empty: something is
        bool degraded = false;
    };
    static AutonomyMinutes told(const Outlook& outlook, const Moment& moment);
    // Of the first that ends.
    struct Shortest {
        Outlook outlook;
        bool degraded = false;  // one of them is
        bool any = false;
        void take(const Outlook& next);
        Outlook whole(std::string_view reason) const;
    };
    bool is_due(const UpsState& state, const Batteries& batteries, const Moment& moment);
    // What its strings carry together; else the reason of the UPS and all strings.
    struct Burden {
        std::vector<PowerStep> powers;  // one: all along
        std::string_view reason;
    };
    Burden burden_of(const UpsState& state) const;
    Burden burden_to_come(const UpsState& state, const Moment& moment) const;
    std::string_view lacking(const UpsModel& ups) const;
    // Of each string of the UPS, in their order; they sum to 1.
    std::vector<double> shares_of(const UpsState& state, const Batteries& batteries) const;
    std::vector<double> measured_powers_w(const UpsModel& ups, const Batteries& batteries, Time since) const;
    std::vector<double> nominal_energies(const UpsModel& ups) const;
    Outlook of_string(StringIndex string, const Batteries& batteries, const Burden& burden,
                      double share) const;
    Runtime of_string(const StringModel& string, const DischargeBelief& belief,
                      std::span<const PowerStep> powers) const;

    const SiteModel& model_;
    double inverter_efficiency_;
    struct Last {
        std::optional<Time> at;  // elapsed
        std::optional<bool> on_battery;
        bool load_known = false;
        std::size_t charges_known = 0;  // of strings
        bool known = false;
        Time changed{};  // wall, of on_battery
    };
    std::vector<Last> last_;              // by UPS
    std::vector<ExpectedLoad> expected_;  // likewise
};

}  // namespace sitepower
