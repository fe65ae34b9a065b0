#include "core/battery/model/faults.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower {
namespace {

bool all_finite(const std::vector<double>& values) {
    return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

bool rises(const std::vector<double>& values) {
    return std::ranges::adjacent_find(values, std::greater_equal<>()) == values.end();
}

class FaultFinder {
  public:
    explicit FaultFinder(const BatteryParameters& parameters) : of_(parameters) {}

    std::vector<ParameterFault> find() && {
        look_at_single_values();
        look_at_open_circuit();
        look_at_resistances();
        look_at_limits();
        look_at_power();
        return std::move(faults_);
    }

  private:
    void add(std::string key, std::string message) {
        faults_.push_back({std::move(key), std::move(message)});
    }

    void require_positive(const char* key, double value) {
        if (!(value > 0) || !std::isfinite(value)) add(key, "must be a number above 0");
    }
    void require_not_negative(const char* key, double value) {
        if (!(value >= 0) || !std::isfinite(value)) add(key, "must be a number of at least 0");
    }
    void require_finite(const char* key, double value) {
        if (!std::isfinite(value)) add(key, "must be a finite number");
    }

    void look_at_single_values() {
        require_positive("nominal_voltage_v", of_.nominal_voltage_v);
        require_positive("nominal_capacity_ah", of_.nominal_capacity_ah);
        require_positive("charge_efficiency", of_.charge_efficiency);
        require_positive("tau1_s", of_.tau1_s);
        require_positive("tau2_s", of_.tau2_s);
        if (of_.tau2_s > 0 && of_.tau2_s < of_.tau1_s) add("tau2_s", "must not be below `tau1_s`");
        require_not_negative("core_k_per_w", of_.core_k_per_w);
        require_positive("core_tau_s", of_.core_tau_s);
        require_positive("rated_c", of_.rated_c);
        if (!(of_.peukert >= 1 && of_.peukert < 2)) add("peukert", "must be from 1 to 2");
        if (!(of_.fastest_c >= of_.rated_c)) add("fastest_c", "must not be below `rated_c`");
        require_finite("capacity_per_c", of_.capacity_per_c);
        require_finite("r0_activation_k", of_.r0_activation_k);
        require_finite("r1_activation_k", of_.r1_activation_k);
        require_finite("r2_activation_k", of_.r2_activation_k);
        require_finite("plateau_from", of_.plateau_from);
        require_finite("plateau_to", of_.plateau_to);
        const NoiseParameters& noise = of_.noise;
        require_positive("noise.voltage_v", noise.voltage_v);
        require_not_negative("noise.current_ohm", noise.current_ohm);
        require_not_negative("noise.correlation_s", noise.correlation_s);
        require_not_negative("noise.error_v", noise.error_v);
        require_positive("noise.error_soc", noise.error_soc);
        require_not_negative("noise.cold_per_c", noise.cold_per_c);
        require_not_negative("noise.low_soc", noise.low_soc);
        require_not_negative("noise.low_soc_v", noise.low_soc_v);
        require_not_negative("noise.soc_per_root_s", noise.soc_per_root_s);
        require_not_negative("noise.voltage_per_root_s", noise.voltage_per_root_s);
        require_not_negative("noise.offset_c_per_root_s", noise.offset_c_per_root_s);
        require_not_negative("noise.offset_c", noise.offset_c);
        require_not_negative("noise.gain", noise.gain);
        require_not_negative("noise.capacity", noise.capacity);
    }

    // Both ends are needed: nobody knows what lies beyond a table that ends at 5 %.
    void look_at_open_circuit() {
        const auto& soc = of_.ocv_soc;
        if (soc.size() < 2 || !all_finite(soc) || !rises(soc) || soc.front() != 0 || soc.back() != 1) {
            add("ocv_soc", "must rise from 0 to 1");
        }
        if (of_.ocv_v.size() != soc.size()) {
            add("ocv_v", "must have as many items as ocv_soc");
        } else if (!all_finite(of_.ocv_v) || !rises(of_.ocv_v)) {
            add("ocv_v", "must rise with the state of charge");
        }
        if (!of_.ocv_v.empty() && all_finite(of_.ocv_v) && rises(of_.ocv_v)) look_at_open_circuit_range();
        if (!of_.ocv_v_per_c.empty() && of_.ocv_v_per_c.size() != soc.size()) {
            add("ocv_v_per_c", "must have as many items as ocv_soc, or none");
        } else if (!all_finite(of_.ocv_v_per_c)) {
            add("ocv_v_per_c", "must be finite numbers");
        }
    }

    // A cell's voltage with the table of a block would scale all that is estimated by their ratio.
    void look_at_open_circuit_range() {
        const double nominal_v = of_.nominal_voltage_v;
        if (nominal_v > 0 && (nominal_v < of_.ocv_v.front() || nominal_v > of_.ocv_v.back())) {
            add("nominal_voltage_v", "must lie within ocv_v: both are of the same cell or block");
        }
        if (of_.limits.cutoff_v >= of_.ocv_v.back()) {
            add("limits.cutoff_v", "must be below the open circuit of a full battery, the last of ocv_v");
        }
    }

    void look_at_resistances() {
        const auto& soc = of_.resistance_soc;
        if (soc.empty() || !all_finite(soc) || !rises(soc)) add("resistance_soc", "must rise");
        if (of_.resistances.empty()) add("resistance", "is missing: at least one [[resistance]] is needed");
        for (std::size_t i = 0; i < of_.resistances.size(); ++i) {
            const ResistanceTable& table = of_.resistances[i];
            const std::string path = "resistance[" + std::to_string(i + 1) + "].";
            if (i > 0 && !(table.temperature_c > of_.resistances[i - 1].temperature_c)) {
                add(path + "temperature_c", "must be higher than the one before");
            }
            look_at_list(path + "r0_ohm", table.r0_ohm);
            look_at_list(path + "r1_ohm", table.r1_ohm);
            look_at_list(path + "r2_ohm", table.r2_ohm);
            const auto has_none = [](const std::vector<double>& ohms) {
                return std::ranges::all_of(ohms, [](double ohm) { return ohm == 0; });
            };
            const bool is_listed = !table.r0_ohm.empty() && !table.r1_ohm.empty() && !table.r2_ohm.empty();
            if (is_listed && has_none(table.r0_ohm) && has_none(table.r1_ohm) && has_none(table.r2_ohm)) {
                add("resistance[" + std::to_string(i + 1) + "]",
                    "has no resistance at all: every battery has");
            }
        }
    }
    void look_at_list(std::string key, const std::vector<double>& ohms) {
        const bool plausible =
            all_finite(ohms) && std::ranges::all_of(ohms, [](double ohm) { return ohm >= 0; });
        if (ohms.size() != of_.resistance_soc.size()) {
            add(std::move(key), "must have as many items as resistance_soc");
        } else if (!plausible) {
            add(std::move(key), "must be numbers of at least 0");
        }
    }

    void look_at_limits() {
        const BatteryLimits& limits = of_.limits;
        require_positive("limits.cutoff_v", limits.cutoff_v);
        require_positive("limits.highest_discharge_c", limits.highest_discharge_c);
        if (!(limits.highest_v > limits.cutoff_v) || !std::isfinite(limits.highest_v)) {
            add("limits.highest_v", "must be above cutoff_v");
        }
        const double span = limits.highest_temperature_c - limits.lowest_temperature_c;
        if (!(span > 0) || !(span <= 200) || !(limits.lowest_temperature_c >= -100)) {
            add("limits.highest_temperature_c", "must be above lowest_temperature_c, by at most 200");
        }
    }

    void look_at_power() {
        const auto& minutes = of_.power_min;
        const auto& watts = of_.power_w;
        if (!all_finite(minutes) || !rises(minutes) || (!minutes.empty() && minutes.front() <= 0)) {
            add("power_min", "must rise, from above 0");
        }
        const bool falls = std::ranges::adjacent_find(watts, std::less_equal<>()) == watts.end();
        if (watts.size() != minutes.size() || watts.size() == 1) {
            add("power_w", "must have as many items as power_min, none or at least two");
        } else if (!all_finite(watts) || !falls || (!watts.empty() && watts.back() <= 0)) {
            add("power_w", "must fall, and stay above 0");
        }
    }

    const BatteryParameters& of_;
    std::vector<ParameterFault> faults_;
};

}  // namespace

std::vector<ParameterFault> faults_of(const BatteryParameters& parameters) {
    return FaultFinder(parameters).find();
}

}  // namespace sitepower
