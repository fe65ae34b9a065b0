// The live state of strings and their batteries: measurements as they come, estimates per string. Owned by
// Site; alerts and telling look at it, they do not change it (but for status and alert count).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/battery/autonomy/capacity_belief.hpp"
#include "core/battery/autonomy/discharge.hpp"
#include "core/battery/estimator.hpp"
#include "core/battery/mode.hpp"
#include "core/battery/resistance/baseline.hpp"
#include "core/battery/resistance/reading_watch.hpp"
#include "core/site/clock.hpp"
#include "core/site/device_watch.hpp"
#include "core/site/latest_values.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "core/site/site.hpp"
#include "core/site/state.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {

// What the rules want to know of a string beyond its state. Medians are of the batteries known now.
struct StringView {
    StringMode mode = StringMode::unknown;
    bool is_at_charger = false;  // floating, and charged
    std::optional<double> median_voltage_v;
    double median_distance_v = 0;  // median absolute deviation
    std::size_t known_voltages = 0;
    std::optional<double> median_temperature_c;
    std::size_t known_temperatures = 0;
    std::optional<double> median_resistance_ohm;
    std::size_t known_resistances = 0;
    bool new_resistances = false;  // since the last settle()
};

// What the runtime of a battery starts from.
struct DischargeBelief {
    DischargeStart start;
    BatteryIndex battery{};
    double soc_sigma = 0;
    double capacity_sigma = 0;    // relative
    double resistance_sigma = 0;  // relative
    std::string_view reason;      // why nothing is known; empty: something is
    bool degraded = false;
};

class Batteries {
  public:
    Batteries(const SiteModel& model, const BatterySettings& settings, const DeviceWatch& watch);

    // A point of a battery or string has a new value, or has been lost. Marks its string as touched.
    void apply(const Feed& feed, const LatestValue& latest, const Moment& moment);
    void lose(const Feed& feed, const Moment& moment);

    // Brings the touched string up to date: estimates, medians, mode.
    void settle(StringIndex string, std::optional<bool> ups_on_battery, const Moment& moment);
    std::span<const StringIndex> touched() const { return touched_; }
    void clear_touched();
    void touch(StringIndex string);

    std::span<BatteryState> batteries() { return batteries_; }
    std::span<StringState> strings() { return strings_; }
    std::span<const BatteryState> batteries() const { return batteries_; }
    std::span<const StringState> strings() const { return strings_; }
    // Whether the last settle() has found another measurement of its resistance, on float.
    bool has_new_resistance(BatteryIndex battery) const {
        return resistance_measured_[position(battery)] != 0;
    }
    const StringView& view(StringIndex string) const { return groups_[position(string)].view; }
    // The median of its batteries, else the ambient temperature.
    std::optional<double> temperature_of(StringIndex string) const;
    std::optional<double> ambient_of(StringIndex string) const { return groups_[position(string)].ambient_c; }
    // Of the battery, else the ambient temperature of its string.
    std::optional<double> temperature_of(BatteryIndex battery) const;
    // The health that the battery's own electronics report; where they do, Ageing decides how far it counts.
    Estimate reported_soh_pct(BatteryIndex battery) const;

    // Of the batteries that may end the string: that with the least charge left, and that with the highest
    // resistance over its baseline. At least one; with a reason where nothing is known.
    std::vector<DischargeBelief> discharge_beliefs(StringIndex string) const;

    BatteryMemory memory(BatteryIndex battery) const;
    // Of the same battery and serial number; anything else is not taken over (nullopt).
    std::optional<BatteryIndex> restore(const BatteryMemory& memory, const Moment& moment);
    // Another battery stands in this place: what was learnt of the one before is forgotten.
    void start_anew(BatteryIndex battery);

  private:
    struct Group {
        std::unique_ptr<SocEstimator> estimator;
        std::vector<std::optional<double>> voltages_v;  // beside StringModel::batteries
        std::vector<char> voltages_are_new;             // since the estimator's last step
        std::vector<CapacityShare> capacities;
        std::vector<std::optional<double>> temperatures_c;
        std::vector<Estimate> counted_soc;
        std::optional<double> ambient_c;
        std::string_view current_reason = "no_sensor";
        Time current_time{};               // of the last value, wall
        Time sampled_at{};                 // elapsed
        std::optional<Time> charge_as_of;  // wall, of the last sample
        bool sampled = false;
        bool current_is_new = false;
        std::optional<Time> contradicted_since;  // steady: charging, while its UPS is on battery
        bool is_touched = false;
        StringView view;
    };
    struct Place {
        std::uint32_t string = 0;
        std::uint32_t in_string = 0;
    };
    struct Reported {  // by the battery's own management system
        Measurement soc_pct;
        Measurement soh_pct;
    };

    void prepare_group(std::size_t index, const BatterySettings& settings, const DeviceWatch& watch);
    void apply_to_battery(const Feed& feed, const Measurement& measured, const Moment& moment);
    void apply_to_string(const Feed& feed, const Measurement& measured, const Moment& moment);
    void read_resistances(std::size_t string, const Moment& moment);
    Estimate since_new(Estimate ratio, BatteryIndex battery) const;
    void watch_current(std::size_t string, std::optional<bool> ups_on_battery, const Moment& moment);
    void step_estimator(std::size_t string, bool believes_current, const Moment& moment);
    void publish_estimates(std::size_t string);
    void compare_voltages(std::size_t string);
    void compare_temperatures(std::size_t string);
    void compare_resistances(std::size_t string);
    DischargeBelief belief_of(StringIndex string, BatteryIndex battery) const;
    std::optional<double> resistance_factor(BatteryIndex battery) const;
    std::optional<CapacityBelief> measured_capacity(BatteryIndex battery) const;
    CapacityBelief capacity_belief(BatteryIndex battery, const StringModel& string,
                                   const ChargeMemory& memory) const;
    void judge_string_soc(std::size_t string);
    ModeEvidence mode_evidence(std::size_t string, std::optional<bool> ups_on_battery) const;

    const SiteModel& model_;
    std::vector<BatteryState> batteries_;
    std::vector<StringState> strings_;
    std::vector<Group> groups_;  // by string
    std::vector<Place> places_;  // by battery
    std::vector<Reported> reported_;
    std::vector<ResistanceBaseline> baselines_;
    std::vector<ReadingWatch> readings_;     // by battery,
    std::vector<char> resistance_is_new_;    // and whether it was polled,
    std::vector<char> resistance_measured_;  // and measured, since the last settle()
    std::vector<StringIndex> touched_;
    std::vector<double> scratch_;
};

}  // namespace sitepower
