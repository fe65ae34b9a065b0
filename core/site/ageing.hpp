// The slow side of the batteries: health and remaining life, worked out once a day from temperatures,
// resistances and capacity tests. Writes soh_pct and rul_days of the states. Owned by Site.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/battery/rul/particle/float_life.hpp"
#include "core/battery/rul/trajectory/predictor.hpp"
#include "core/battery/soh/fusion.hpp"
#include "core/site/batteries.hpp"

namespace sitepower {

class Ageing {
  public:
    // Temperatures are added up so often; a longer silence is time that was not seen.
    static constexpr Duration sampling{60'000};
    static constexpr Duration longest_sample = std::chrono::hours(1);
    static constexpr Duration estimate_interval = std::chrono::hours(24);
    // A resistance is a slow and noisy witness: so often is enough.
    static constexpr Duration ratio_interval = std::chrono::hours(24 * 91);
    static constexpr std::size_t most_evidence = 64;  // per battery; the oldest resistances go first
    static constexpr double horizon_days = 5475;      // 15 years: beyond, a life is censored
    // Lithium. The rate of use is known after a week; below a cycle a month the calendar ends a life, of
    // which the libraries tell nothing. What a pack reports of itself is taken each time that its use has
    // grown by a twentieth: most_evidence of them reach back further than the predictor looks. Engineering
    // defaults.
    static constexpr double fewest_seen_days = 7;
    static constexpr double fewest_cycles_per_day = 1.0 / 30;
    static constexpr double reported_growth = 0.05;

    Ageing(const SiteModel& model, const BatterySettings& settings);

    // After the string has been settled. Cheap between the samples.
    void update(StringIndex string, Batteries& batteries, const Moment& moment);
    // A test of the battery's capacity; its health is estimated anew with the next update.
    void learn(BatteryIndex battery, const HealthEvidence& test);

    AgeingMemory memory(BatteryIndex battery) const;
    void restore(BatteryIndex battery, const AgeingMemory& memory);
    // Of a reload, after restore(): the estimates of the string stand until they are due again, by the same
    // clock: one that was only made once more would count as another. False: the settings have changed.
    bool take_over(StringIndex string, const Ageing& before, StringIndex old_string);
    // Another battery stands in this place; the model has its date already.
    void start_anew(BatteryIndex battery);

  private:
    struct Use {
        Duration seen{};  // with a current that was known
        double discharged_ah = 0;
    };
    struct Aged {
        ThermalAge thermal;
        std::vector<AgeingEvidence> evidence;  // oldest first
        std::unique_ptr<FloatLife> life;       // lead-acid with a date; made with the first estimate
        HealthFusion fusion;                   // the others
        CycleAge cycles;                       // lithium
        Use taken;                             // of what its string has counted
        std::optional<Time> last_wall;         // of the latest sample
        std::optional<Time> sampled_at;        // elapsed,
        std::optional<Time> estimated_at;      // likewise
        Estimate soh_pct;
        Estimate rul_days;
        std::optional<LifeInterval> rul_interval;
    };

    struct Throughput {
        Use total;                       // since the start
        std::optional<Time> counted_at;  // elapsed
    };

    void count(StringIndex string, const Batteries& batteries, const Moment& moment);
    void sample(BatteryIndex battery, Aged& aged, std::optional<double> temperature_c,
                const Moment& moment) const;
    void estimate(BatteryIndex battery, Aged& aged, const BatteryState& state, const Estimate& reported,
                  const Moment& moment);
    void estimate_in_cycles(BatteryIndex battery, Aged& aged, const Moment& moment);
    RemainingLife life_in_cycles(BatteryIndex battery, const Aged& aged, double unseen_cycles);
    void compare(BatteryIndex battery, Aged& aged, const Estimate& reported, Time now) const;
    Estimate surest(BatteryIndex battery, const Aged& aged, const Estimate& reported) const;
    void take_reported(BatteryIndex battery, Aged& aged, const Estimate& soh_pct, Time now) const;
    double unseen_cycles(BatteryIndex battery, const Aged& aged, Time now) const;
    void estimate_on_float(BatteryIndex battery, Aged& aged, const Moment& moment) const;
    void take_ratio(Aged& aged, const BatteryState& state, const Moment& moment, double service_days) const;
    static void forget_contradicted(Aged& aged, const AgeingEvidence& test);
    void add(Aged& aged, const AgeingEvidence& evidence) const;
    void replay(BatteryIndex battery, Aged& aged) const;
    bool has_float_model(BatteryIndex battery) const;
    bool is_cycled(BatteryIndex battery) const;
    static bool is_tested(const Aged& aged);
    std::optional<Time> measured_at(BatteryIndex battery, const Aged& aged) const;
    std::string_view missing_evidence(BatteryIndex battery) const;

    const SiteModel& model_;
    FloatLifePriors priors_;
    std::vector<Aged> aged_;               // by battery
    std::vector<Throughput> throughputs_;  // by string,
    std::vector<TrajectoryPredictor*>
        predictors_of_;  // likewise; nullptr: nothing is known of such batteries
    std::vector<std::unique_ptr<TrajectoryPredictor>> predictors_;
};

}  // namespace sitepower
