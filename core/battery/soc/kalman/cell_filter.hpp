// The extended Kalman filter of one cell or block: state of charge z, polarisations v1 and v2, offset b of
// the current sensor, and the error e of the model's open circuit. Plain values and pure functions without
// allocation; owned by the estimator of the string.
//
// Plett, J. Power Sources 134 (2004) 277-292, part 3; e is a shaping filter for correlated noise (Bryson and
// Johansen, IEEE Trans. Automatic Control 10(1), 1965) over the charge that flows instead of time. The
// covariance is symmetric, so fifteen numbers and no matrix library.
#pragma once

#include "core/battery/model/cell_model.hpp"

namespace sitepower {

struct CellFilter {
    double soc = 0;
    double v1_v = 0;
    double v2_v = 0;
    double offset_a = 0;  // measured less true current
    double error = 0;     // of the model's voltage, in its standard deviations

    // Covariance, upper half: s soc, 1 and 2 the polarisations, b the offset, e the error.
    double ss = 0, s1 = 0, s2 = 0, sb = 0, se = 0;
    double p11 = 0, p12 = 0, p1b = 0, p1e = 0;
    double p22 = 0, p2b = 0, p2e = 0;
    double bb = 0, be = 0;
    double ee = 1;
};

// What holds for all batteries of a string in one step.
struct StepInterval {
    double dt_s = 0;
    double decay1 = 1;  // exp(-dt / tau1)
    double decay2 = 1;
    double core_decay = 1;  // exp(-dt / core_tau)
    double flow_a = 0;      // mean current since the step before, charging positive
    double current_a = 0;   // at the moment of the voltage
};

// What the filter needs to know of its battery.
struct CellSetting {
    const CellModel* model = nullptr;
    CellScale scale;
    double capacity_ah = 0;  // at its temperature and health; above 0
    ModelTrust trust;        // at its temperature
};

// Brings the filter `interval` forward. `here`: the model at the filter's soc, from the step before.
void predict(CellFilter& filter, const CellSetting& setting, const CellPoint& here,
             const StepInterval& interval);

// How far the voltage is to be trusted: variance of voltage and model together.
struct MeasurementNoise {
    double instant_v2 = 0;  // of one voltage
    double lasting_v2 = 0;  // as it counts in the filter: an error that outlasts the step is told once, not
                            // at every step (NoiseParameters::correlation_s)
    double error_v = 0;     // one standard deviation of CellFilter::error
};
MeasurementNoise measurement_noise(const CellSetting& setting, double soc, double current_a, double dt_s);

// How the voltage fits what was predicted.
struct Innovation {
    double residual_v = 0;   // measured less predicted
    double state_v2 = 0;     // variance of the predicted voltage
    double variance_v2 = 0;  // of the residual, lasting noise included
    double gain_s = 0, gain_1 = 0, gain_2 = 0, gain_b = 0, gain_e = 0;  // covariance times measurement row
};
Innovation innovation(const CellFilter& filter, const CellSetting& setting, const CellPoint& here,
                      double current_a, double voltage_v, const MeasurementNoise& noise);
void correct(CellFilter& filter, const Innovation& innovation);

}  // namespace sitepower
