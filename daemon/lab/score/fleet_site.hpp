// A simulated battery room in front of the real engine: strings of jars on float, frames every 28 s, one
// fault in some of the jars. Main thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/battery/rul/particle/counter_random.hpp"
#include "core/site/site.hpp"

namespace sitepower::lab {

enum class Fault {
    none,
    cell_shorted,  // 2 V less
    voltage_high,
    overheated,
    resistance_risen,  // to 1.6 times in a week
    runaway,           // heats up while the string takes 6 times its current
    sensor_frozen,
    sensor_wild,  // out of range
    data_stopped,
};
inline constexpr int fault_kinds = 9;

// The types of alert of which one must be raised.
const std::set<std::string>& alerts_of(Fault fault);

struct FleetCount {
    int faults = 0;
    int alerted = 0;
    int false_alerts = 0;
    double jar_days = 0;
};

class FleetSite {
  public:
    static constexpr int strings = 4;
    static constexpr int jars_per_string = 24;
    static constexpr int fault_day = 7;

    // With faults: three jars of each string, all kinds in turn.
    FleetSite(bool with_faults, std::uint64_t seed);

    FleetCount run(int days);

  private:
    struct Jar {
        Fault fault = Fault::none;
        double offset_v = 0;
        double offset_c = 0;
        double resistance_ohm = 0;
        double frozen_v = 0;
        bool alerted = false;
    };

    void build_model();
    FramePtr frame(int string, double day);
    void fill_jar(const Jar& jar, int number, double day, double string_v, double ambient_c, Frame& frame);
    double string_current_a(int string, double day) const;
    double string_voltage_v(double day) const;
    void judge(const Effects& effects, double day, FleetCount& count);
    double noise() { return random_.normal(draws_++); }

    CounterRandom random_;
    std::uint64_t draws_ = 0;
    std::vector<Jar> jars_;
    std::vector<std::shared_ptr<const Layout>> layouts_;  // by string
    std::shared_ptr<const SiteModel> model_;
    Time now_;
};

}  // namespace sitepower::lab
