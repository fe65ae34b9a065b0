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
    // Fewer batteries have no median to deviate from.
    static constexpr std::size_t fewest_for_median = 4;

    BatteryAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots);

    void evaluate(StringIndex string, const Batteries& batteries, AlertBook& book, const Moment& moment,
                  Effects& effects);
    // As after a restart in which this alert was open, or resolved by hand while its condition held.
    void assume(const Alert& alert);
    // Of a reload: the string and its batteries go on as they stood in `before`, by the same clock.
    void take_over(StringIndex string, const BatteryAlerts& before, StringIndex old_string);
    // Another battery stands in this place: what was watched of the one before is forgotten.
    void start_anew(BatteryIndex battery);

  private:
    struct Watched {
        Condition voltage_high;
        Condition voltage_low_float;
        Condition voltage_low_discharge;
        Condition temperature_high;
        Condition resistance_baseline;
        Condition resistance_string;
        Condition imbalance;
    };
    // A battery at one moment, or the median of a string's batteries.
    struct Subject {
        const StringModel& string;
        const StringView& view;
        Watched& watched;
        SubjectNumber number{};
        std::optional<double> voltage_v;
        std::optional<double> temperature_c;
        std::optional<double> compensation_c;    // of the string: what its charger goes by
        std::optional<double> others_voltage_v;  // medians; empty for a string, or without enough others
        std::optional<double> others_temperature_c;
        std::string_view detail;
        std::uint32_t affected = 0;
        double blocks = 1;  // nominal voltage in units of 12 V
    };
    struct Report {
        AlertBook& book;
        const Moment& moment;
        Effects& effects;
    };

    Subject subject_of(BatteryIndex battery, const Batteries& batteries);
    Subject subject_of(StringIndex string, const Batteries& batteries);

    void voltage_of_lead(const Subject& subject, Report& report) const;
    void voltage_low_of_lead(const Subject& subject, double float_v, Report& report) const;
    void voltage_of_lithium(const Subject& subject, Report& report) const;
    void temperature(const Subject& subject, Report& report) const;
    void resistance(const Subject& subject, const BatteryState& state, Report& report) const;
    void imbalance(const Subject& subject, Report& report) const;
    void tell(const Subject& subject, RuleId rule, const Condition& condition, const Limits& limits,
              double actual, Report& report) const;

    Limits high_limits(const Subject& subject, double float_v) const;
    Limits low_limits(const Subject& subject, double float_v) const;
    Limits discharge_limits(const Subject& subject) const;

    const SiteModel& model_;
    const RuleSet& rules_;
    const AlertSlots& slots_;
    std::vector<Watched> watched_;          // by battery
    std::vector<Watched> watched_strings_;  // by string
};

}  // namespace sitepower
