// What a part of a discharge or charge tells of the capacity of NMC and NCA batteries: the charge that flowed
// between two rests, over the difference of the states of charge that the voltages of the rests tell. The
// state of charge of the filter would only confirm the capacity that it counts with. Lead-acid blocks are not
// watched (their voltage still drifts after hours: 11.54 V after a discharge to the end, four hours later,
// where the tables read 15 %), nor LFP (on its plateau the voltage tells nothing). Owned by Site.
#pragma once

#include <optional>
#include <vector>

#include "core/battery/soh/evidence.hpp"
#include "core/site/batteries.hpp"
#include "core/site/clock.hpp"
#include "core/site/model.hpp"

namespace sitepower {

struct RestEvidence {
    BatteryIndex battery{};
    HealthEvidence evidence;
};

class RestWatch {
  public:
    // Engineering defaults. A rest is a current below this share of the capacity,
    static constexpr double rest_c = 0.005;
    // for so long: the slow polarisation of the shipped kinds (200 to 600 s) is gone then.
    static constexpr Duration rest_after = std::chrono::hours(1);
    // Beyond, what the offset of the sensor has counted is more than what it tells. (estimation.md section 2:
    // up to 0.01 C unknown; the mean current of the first rest is taken for the offset.)
    static constexpr Duration longest_path = std::chrono::hours(24);
    static constexpr Duration longest_gap = std::chrono::minutes(1);
    static constexpr double longest_jump_c = 10;  // of the temperature from rest to rest
    // Hysteresis between charge and discharge: 30 to 110 mV at C/20 on NMC and NCA, a part of it at rest.
    static constexpr double rest_sigma_v = 0.01;  // per cell
    static constexpr double worst_sigma = 0.06;   // evidence that is no better tells nothing

    // The same table errs in the same way each time: more often it would be taken for more than it tells.
    static constexpr Duration told_interval = std::chrono::hours(24 * 91);

    explicit RestWatch(const SiteModel& model);

    // After the string has been settled. Adds what a rest has shown.
    void update(StringIndex string, const Batteries& batteries, const Moment& moment,
                std::vector<RestEvidence>& shown);
    // Of a reload: the string goes on as it stood in `before`, by the same clock.
    void take_over(StringIndex string, const RestWatch& before, StringIndex old_string) {
        paths_[position(string)] = before.paths_[position(old_string)];
    }
    // Another battery stands in this place.
    void forget(BatteryIndex battery);

  private:
    struct Anchor {
        double soc = 0;
        double sigma = 0;
        double temperature_c = 25;
    };
    struct Path {
        std::optional<Time> updated_at;  // elapsed, as the next ones
        std::optional<Time> resting_since;
        std::optional<Time> anchored_at;             // the beginning of the path
        double flowed_ah = 0;                        // since then, as the sensor reads
        double rest_sum_as = 0;                      // of the present rest, A times seconds
        double offset_a = 0;                         // of the first rest
        std::vector<std::optional<Time>> told_at;    // by place; not over a restart
        std::vector<std::optional<Anchor>> anchors;  // by place
        std::optional<Time> looked_at;               // in the present rest
    };

    bool is_watched(const StringModel& string) const;
    void look(StringIndex string, Path& path, const Batteries& batteries, const Moment& moment,
              std::vector<RestEvidence>& shown) const;
    std::optional<Anchor> anchor_of(BatteryIndex battery, const StringModel& string,
                                    const Batteries& batteries) const;

    const SiteModel& model_;
    std::vector<Path> paths_;  // by string
};

}  // namespace sitepower
