// State of charge by an extended Kalman filter per battery: charge is counted, and the voltage corrects the
// count as far as the model of the kind of battery can be trusted. Batteries of a string share the current
// and the offset of its sensor. Needs a model (GroupSetup::model).
#pragma once

#include <memory>
#include <vector>

#include "core/battery/estimator.hpp"
#include "core/battery/soc/full_charge.hpp"
#include "core/battery/soc/kalman/cell_filter.hpp"

namespace sitepower {

// Engineering defaults unless noted; C is the capacity.
struct KalmanParameters {
    double first_soc_sigma = 0.3;     // of a battery of which nothing is known yet (about 0.5)
    double first_voltage_v = 0.02;    // polarisation that it may carry, per 3.6 V
    double anchor_sigma = 0.01;       // of a full-charge anchor
    double gap_sigma_c = 0.1;         // what may have flowed unseen, C per hour
    double least_gap_sigma = 0.005;   // a gap that leaves less doubt than this is none
    double gate_sigmas = 5;           // a voltage further off is not believed,
    int rejections_until_fault = 10;  // and after so many in a row the sensor, or the state, is wrong
    double degraded_above = 0.05;     // sigma beyond which an estimate is degraded,
    double unknown_above = 0.25;      // and beyond which it is none
    // A discharge from full begins with the coup de fouet, a dip that no model here knows (Rys et al.,
    // J. Power Technologies 101(2), 2021): for so long the voltage counts less, by this factor on its
    // deviation.
    double coup_de_fouet_s = 600;
    double coup_de_fouet_factor = 5;
    double highest_current_c = 100;  // no battery gives or takes more
    double frozen_step_c = 0.2;      // a voltage that does not answer to steps of the current
    int frozen_steps = 10;           // so many times is frozen
};

class KalmanEstimator : public SocEstimator {
  public:
    // `setup.model` is set.
    explicit KalmanEstimator(const GroupSetup& setup, const KalmanParameters& parameters = {});

    void step(const GroupSample& sample, std::span<Estimate> soc_pct) override;
    ChargeMemory memory(std::size_t battery) const override;
    void restore(std::size_t battery, const ChargeMemory& memory) override;

  private:
    struct Cell {
        CellFilter filter;
        CellPoint here;             // the model at the soc of the last prediction
        double temperature_c = 25;  // of the case
        double core_k = 0;          // how much warmer it is inside
        ModelTrust trust;           // at its temperature
        double usable_share = 1;    // of its capacity, at its temperature
        CapacityShare capacity;     // of the nominal one
        double moved = 0;           // charge since its last anchor, by that capacity
        bool out_of_range = false;  // the temperature is beyond the model's
        bool fault = false;
        bool gap = false;  // some current went unseen, and the voltage has not made up for it yet
        int rejections = 0;
        int acceptances = 0;
        int frozen = 0;
        std::optional<double> last_voltage_v;
        std::optional<double> current_at_voltage_a;  // at the time of that voltage
        double since_voltage_s = 0;                  // in which the current was known
        bool from_full = false;                      // the present discharge began near full
    };

    Cell first_cell() const;
    bool can_estimate() const;
    void advance(const GroupSample& sample);
    void bridge_gap(const GroupSample& sample);
    void follow_current(double current_a, double dt_s);
    void begin_discharge(double current_a);
    StepInterval interval_of(double flow_a, double current_a, double dt_s);
    void look(Cell& cell) const;
    void warm_core(Cell& cell, const StepInterval& interval) const;
    CellSetting setting_of(const Cell& cell) const;
    double capacity_sigma(const Cell& cell) const;
    void doubt_capacity(Cell& cell, double soc_before) const;
    void take_temperature(Cell& cell, const GroupSample& sample, std::size_t battery) const;
    void take_voltage(Cell& cell, double voltage_v, const StepInterval& interval);
    bool says_something(const Cell& cell, double voltage_v, double current_a) const;
    bool is_plausible_current(double current_a) const;
    bool is_plausible_voltage(double voltage_v) const;
    void watch_frozen(Cell& cell, double voltage_v, double current_a) const;
    MeasurementNoise noise_of(const Cell& cell, double current_a) const;
    Innovation relinearised(const Cell& cell, double current_a, double voltage_v,
                            const MeasurementNoise& noise) const;
    void reject(Cell& cell) const;
    void accept(Cell& cell) const;
    void share_offset();
    void anchor(const GroupSample& sample);
    bool on_plateau(const Cell& cell) const;
    Estimate estimate(const GroupSample& sample, std::size_t battery) const;
    Estimate judged(const GroupSample& sample, std::size_t battery) const;

    GroupSetup setup_;
    KalmanParameters parameters_;
    CellScale scale_;
    FullChargeWatch full_charge_;
    std::vector<Cell> cells_;
    std::optional<double> last_current_a_;
    StepInterval interval_;      // the last one, for its decays
    double mean_current_a_ = 0;  // of the last minutes: what is supposed of a gap
    double mean_square_a2_ = 0;
    double unseen_s_ = 0;  // since the current was known last
    double discharging_s_ = 0;
    double share_at_rate_ = 1;  // of the capacity, at the mean current of the last minutes
};

std::unique_ptr<SocEstimator> make_kalman_estimator(const GroupSetup& setup);

}  // namespace sitepower
