// The internal resistance of one battery against its own baseline: the median of its first readings on float,
// all at 25 C. Owned by the engine, one per battery.
#pragma once

#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"

namespace sitepower {

struct ResistanceReading {
    double ohm = 0;
    std::optional<double> temperature_c;
    Time time{};     // wall
    Time elapsed{};  // as Moment::elapsed
};

class ResistanceBaseline {
  public:
    // Relative, of one reading of a monitor (estimation.md section 4).
    static constexpr double instrument_sigma = 0.03;
    // Learnt so long after its installation, a battery was as good as new (likewise: 3 to 6 months).
    static constexpr Duration longest_new = std::chrono::hours(24 * 183);

    ResistanceBaseline(Chemistry chemistry, int readings, Duration interval);

    // A reading on float: joins the baseline while that is still being learnt.
    void learn(const ResistanceReading& reading);
    // Resistance over baseline. Unknown (no_baseline_resistance) until the baseline has been learnt; degraded
    // (no_temperature_sensor) when it cannot be brought to 25 C.
    Estimate ratio(const ResistanceReading& reading) const;

    std::optional<double> baseline_ohm() const { return baseline_ohm_; }
    const std::vector<double>& readings_ohm() const { return readings_ohm_; }
    // Time of the last reading that was learnt from (wall); empty: there was none, or it is not known.
    const std::optional<Time>& learnt_until() const { return learnt_until_; }
    void restore(std::optional<double> baseline_ohm, std::vector<double> readings_ohm,
                 std::optional<Time> learnt_until);
    // Another battery stands in its place.
    void forget();

  private:
    void conclude();

    Chemistry chemistry_;
    std::size_t wanted_;
    Duration interval_;
    std::optional<double> baseline_ohm_;
    std::vector<double> readings_ohm_;  // empty once the baseline is known
    std::optional<Time> last_learnt_;   // elapsed
    std::optional<Time> learnt_until_;  // wall
};

}  // namespace sitepower
