// The alert rules on what is estimated slowly, and on sensors: health, remaining life, thermal runaway,
// sensor faults, stopped data. Evaluated string by string after a change, like BatteryAlerts. What is not
// known, or known from a prior alone, neither raises nor clears an alert. Owned by Site.
#pragma once

#include <optional>
#include <vector>

#include "core/alert/book.hpp"
#include "core/alert/condition.hpp"
#include "core/site/batteries.hpp"

namespace sitepower {

class AgeingAlerts {
  public:
    // Thermal runaway: hotter than ambient by so much, or warming so fast,
    static constexpr double runaway_above_ambient_c = 10;
    static constexpr double runaway_c_per_hour = 3;
    // at so many times the usual float current, which is the string's own, learnt in two days on float, and
    // at least this share of the capacity. Until then it is supposed to be that of a sound lead-acid battery
    // (C&D: 50 mA of 100 Ah).
    static constexpr double runaway_current_ratio = 3;
    static constexpr double least_float_current_c = 1e-4;
    static constexpr double supposed_float_current_c = 5e-4;
    // The delays of these rules are minutes and more: a string is looked at once a second.
    static constexpr Duration interval{1'000};
    // A voltage that has not moved at all while the string's median moved by this, per 12 V block, is frozen.
    static constexpr double frozen_v = 0.2;

    AgeingAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots);

    void evaluate(StringIndex string, const Batteries& batteries, const DeviceWatch& devices, AlertBook& book,
                  const Moment& moment, Effects& effects);
    // As after a restart in which this alert was open, or resolved by hand while its condition held.
    void assume(const Alert& alert);
    // Its capacity was tested: the next estimate is as good as measured, and needs no second one.
    void take_test(BatteryIndex battery) { watched_[position(battery)].is_tested = true; }
    // Of a reload: the string and its batteries go on as they stood in `before`, by the same clock.
    void take_over(StringIndex string, const AgeingAlerts& before, StringIndex old_string);
    // Another battery stands in this place: what was watched of the one before is forgotten.
    void start_anew(BatteryIndex battery);

    // What a string carries on float, for the memory of its batteries; A, empty: not known yet.
    std::optional<double> usual_float_current_a(StringIndex string) const;
    void restore_float_current(StringIndex string, double usual_a, const Moment& moment);

  private:
    struct Watched {
        Condition soh;
        Condition rul_warning;
        Condition rul_warning_early;
        Condition rul_critical;
        Condition rul_critical_early;
        Latch runaway;
        Latch fault;
        Latch stale;
        Time soh_as_of{};                       // of the last estimate that was judged
        bool is_tested = false;                 // since then
        std::optional<double> still_voltage_v;  // since
        double median_then_v = 0;
        std::optional<double> hour_ago_c;  // temperature at
        Time hour_started{};               // steady
        double c_per_hour = 0;             // over the last full hour
        bool runs_away = false;            // as far as can be seen now
    };
    struct WatchedString {
        double mean_a = 0;                   // on float, settled
        int steps = 0;                       // that the mean is of
        std::optional<Time> on_float_since;  // steady, as the next ones
        Time learnt_at{};
        std::optional<Time> looked_at;
        Latch untested;
    };
    struct Report {
        AlertBook& book;
        const Moment& moment;
        Effects& effects;
    };

    void health(SubjectNumber subject, const BatteryState& state, Watched& watched, Report& report) const;
    void life(SubjectNumber subject, const BatteryState& state, Watched& watched, Report& report) const;
    void runaway(BatteryIndex battery, const Batteries& batteries, Watched& watched, Report& report) const;
    void untested(StringIndex string, const Batteries& batteries, Report& report);
    bool prior_would_alert(const BatteryState& state) const;
    std::string_view fault_of_charge(BatteryIndex battery, const Batteries& batteries) const;
    void sensors(BatteryIndex battery, const Batteries& batteries, const DeviceWatch& devices,
                 Watched& watched, Report& report) const;
    void learn_float_current(StringIndex string, const Batteries& batteries, const Moment& moment);
    bool is_frozen(const BatteryState& state, const StringView& view, double blocks, Watched& watched) const;
    void tell(SubjectNumber subject, RuleId rule, const Condition& condition, double actual,
              Report& report) const;
    void tell(SubjectNumber subject, RuleId rule, const Latch& latch, std::string_view detail,
              std::optional<double> actual, Report& report) const;

    const SiteModel& model_;
    const RuleSet& rules_;
    const AlertSlots& slots_;
    std::vector<Watched> watched_;        // by battery
    std::vector<WatchedString> strings_;  // by string
};

}  // namespace sitepower
