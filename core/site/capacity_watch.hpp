// Planned capacity tests, measured: a discharge within a maintenance window, from its first to its last
// ampere, with the charge that each battery gave until its end voltage. Owned by Site.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/battery/soh/evidence.hpp"
#include "core/site/batteries.hpp"
#include "core/site/battery_memory.hpp"
#include "core/site/clock.hpp"
#include "core/site/model.hpp"

namespace sitepower {

// Of one battery, when the discharge is over.
struct MeasuredTest {
    BatteryIndex battery{};
    CapacityTest test;      // of a battery that was above its end voltage to the last: what it gave so far
    Duration lasted{};      // until its end voltage, or the end of the discharge
    std::string_view flaw;  // why it is no evidence of the capacity; empty: it is
};

class CapacityWatch {
  public:
    // Engineering defaults. A discharge is over when it has rested for so long,
    static constexpr Duration rest = std::chrono::minutes(1);
    // and no test when it moved less than this share of the rated charge.
    static constexpr double least_share = 0.1;
    // The end voltage is reached when the battery is below it for so long (estimation.md section 7).
    static constexpr Duration below_for = std::chrono::seconds(10);
    // Lead-acid gives less the faster it is asked: a rated capacity says nothing of a discharge within four
    // hours or less.
    static constexpr double highest_lead_acid_c = 0.25;
    static constexpr double least_soc_pct = 97;  // of a test from the full charge on
    // A longer silence of the current is a hole in the measurement.
    static constexpr Duration longest_gap = std::chrono::minutes(1);

    explicit CapacityWatch(const SiteModel& model);

    // After the string has been settled. `planned`: by place in the string, whether a window covers the
    // battery now; looked at while the string is discharging.
    bool wants_plan(StringIndex string, const Batteries& batteries) const;
    void update(StringIndex string, const Batteries& batteries, const std::vector<bool>& planned,
                const Moment& moment, std::vector<MeasuredTest>& ended);

    // The mean current of a test, as a multiple of the rated capacity; 0: its duration is not known.
    static double rate_c(const CapacityTest& test, Duration lasted);
    static bool is_too_fast(Chemistry chemistry, const CapacityTest& test, Duration lasted);

    // Of the discharge that goes on now; nullopt: there is none.
    std::optional<DischargeMemory> memory(BatteryIndex battery, const Moment& moment) const;
    void restore(BatteryIndex battery, const DischargeMemory& memory, const Moment& moment);

    // Below it a battery of this string is empty; nullopt: not known of lithium without a battery file.
    static std::optional<double> end_voltage_v(const StringModel& string);

  private:
    struct Tested {
        bool is_planned = false;
        bool was_full = false;
        std::optional<Time> below_since;  // of the measurement
        Duration below_after{};           // since the beginning,
        double below_ah = 0;              // and delivered until then
        std::optional<Duration> ended_after;
        double ended_ah = 0;
        double temperature_sum = 0;  // C times seconds
        double temperature_s = 0;
    };
    struct Discharge {
        Time began{};    // elapsed, as the next ones
        Time updated{};  // the last time that was counted
        Time flowed{};   // the last time that a current flowed
        double delivered_ah = 0;
        double delivered_by_flowed_ah = 0;
        bool has_gap = false;
        std::vector<Tested> batteries;  // by place
    };

    void begin(StringIndex string, const Batteries& batteries, const Moment& moment);
    void follow(Discharge& discharge, StringIndex string, const Batteries& batteries,
                const Moment& moment) const;
    std::size_t place_of(BatteryIndex battery) const;
    void report(const Discharge& discharge, StringIndex string, const Moment& moment,
                std::vector<MeasuredTest>& ended) const;

    const SiteModel& model_;
    std::vector<std::optional<Discharge>> discharges_;  // by string
};

}  // namespace sitepower
