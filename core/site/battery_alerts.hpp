// The alert rules of batteries (estimation.md section 7), evaluated string by string after a change. What is
// not known neither raises nor clears an alert. Owned by Site.
#pragma once

#include <array>
#include <vector>

#include "core/alert/book.hpp"
#include "core/alert/condition.hpp"
#include "core/site/batteries.hpp"

namespace sitepower {

class BatteryAlerts {
  public:
    // A monitor measures resistances far more seldom than it is asked for them: repeated polls within this
    // time are one reading.
    static constexpr Duration reading_interval{60'000};
    // Fewer batteries have no median to deviate from.
    static constexpr std::size_t fewest_for_median = 4;

    BatteryAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots);

    void evaluate(StringIndex string, const Batteries& batteries, AlertBook& book, const Moment& moment,
                  Effects& effects);
    // As after a restart in which this alert was open, or resolved by hand while its condition held.
    void assume(const Alert& alert);

  private:
    struct Watched {
        Condition voltage_high;
        Condition voltage_low_float;
        Condition voltage_low_discharge;
        Condition temperature_high;
        Condition resistance_baseline;
        Condition resistance_string;
        Condition imbalance;
        Time last_resistance{};  // steady
        bool resistance_seen = false;
    };
    // One battery at one moment.
    struct Subject {
        const StringModel& string;
        const BatteryState& state;
        const StringView& view;
        std::optional<double> temperature_c;
        BatteryIndex battery{};
        double blocks = 1;  // nominal voltage in units of 12 V
    };
    struct Report {
        AlertBook& book;
        const Moment& moment;
        Effects& effects;
    };

    void voltage_of_lead(const Subject& subject, Report& report);
    void voltage_of_lithium(const Subject& subject, Report& report);
    void temperature(const Subject& subject, Report& report);
    void resistance(const Subject& subject, Report& report);
    void imbalance(const Subject& subject, Report& report);
    void tell(const Subject& subject, RuleId rule, const Condition& condition, const Limits& limits,
              double actual, Report& report) const;

    Limits high_limits(const Subject& subject, double float_v) const;
    Limits low_limits(const Subject& subject, double float_v) const;
    Limits discharge_limits(const Subject& subject) const;

    const SiteModel& model_;
    const RuleSet& rules_;
    const AlertSlots& slots_;
    std::vector<Watched> watched_;  // by battery
};

}  // namespace sitepower
