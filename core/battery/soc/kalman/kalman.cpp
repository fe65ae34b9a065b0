#include "core/battery/soc/kalman/kalman.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/number.hpp"
#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

constexpr double highest_variance = 0.25;  // of a state of charge: anything at all
constexpr double gap_memory_s = 600;
// A discharge of which so long nothing was seen has ended: the next current is of another one.
constexpr double longest_unseen_discharge_s = 3600;

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1000;
}

// Starts the charge anew: what hung together with it does no more.
void set_charge(CellFilter& filter, double soc, double sigma) {
    filter.soc = soc;
    filter.ss = std::min(square(sigma), highest_variance);
    filter.s1 = filter.s2 = filter.sb = filter.se = 0;
}

// At the limit nothing is known any more: what hung together with the charge does no longer.
void widen(CellFilter& filter, double variance) {
    if (filter.ss + variance < highest_variance) {
        filter.ss += variance;
    } else {
        set_charge(filter, filter.soc, std::sqrt(highest_variance));
    }
}

void set_offset(CellFilter& filter, double offset_a, double sigma_a) {
    filter.offset_a = offset_a;
    filter.bb = square(sigma_a);
    filter.sb = filter.p1b = filter.p2b = filter.be = 0;
}

}  // namespace

KalmanEstimator::KalmanEstimator(const GroupSetup& setup, const KalmanParameters& parameters)
    : setup_(setup),
      parameters_(parameters),
      scale_(scale_to(setup.model->parameters(), setup.nominal_voltage_v, setup.nominal_capacity_ah)),
      full_charge_(setup),
      cells_(setup.batteries) {
    for (Cell& cell : cells_) cell = first_cell();
}

// Of which nothing is known yet.
KalmanEstimator::Cell KalmanEstimator::first_cell() const {
    const double cells = setup_.nominal_voltage_v / 3.6;
    Cell cell;
    CellFilter& filter = cell.filter;
    set_charge(filter, 0.5, parameters_.first_soc_sigma);
    filter.p11 = filter.p22 = square(parameters_.first_voltage_v * cells);
    set_offset(filter, 0, setup_.model->parameters().noise.offset_c * setup_.nominal_capacity_ah);
    cell.trust = setup_.model->trust(cell.temperature_c);
    look(cell);
    return cell;
}

// The model where the filter supposes the battery to be.
void KalmanEstimator::look(Cell& cell) const {
    cell.here = setup_.model->at(cell.filter.soc, cell.temperature_c + cell.core_k);
}

// The heat of one of the cells that the tables describe, which all share the current.
void KalmanEstimator::warm_core(Cell& cell, const StepInterval& interval) const {
    const double cell_a = interval.flow_a * scale_.resistance / scale_.voltage;
    const double settled_k = setup_.model->parameters().core_k_per_w * square(cell_a) * cell.here.r0_ohm;
    cell.core_k = settled_k + interval.core_decay * (cell.core_k - settled_k);
}

bool KalmanEstimator::can_estimate() const {
    return setup_.has_current_sensor && setup_.nominal_capacity_ah > 0;
}

void KalmanEstimator::step(const GroupSample& sample, std::span<Estimate> soc_pct) {
    if (can_estimate()) {
        for (std::size_t i = 0; i < sample.capacities.size(); ++i) cells_[i].capacity = sample.capacities[i];
        const bool usable = sample.current_a && is_plausible_current(*sample.current_a);
        if (!usable || sample.elapsed > setup_.stale_after) {
            bridge_gap(sample);
        } else {
            advance(sample);
        }
        last_current_a_ = usable ? sample.current_a : std::nullopt;
        anchor(sample);
    }
    for (std::size_t i = 0; i < soc_pct.size(); ++i) soc_pct[i] = estimate(sample, i);
}

StepInterval KalmanEstimator::interval_of(double flow_a, double current_a, double dt_s) {
    if (dt_s != interval_.dt_s) {
        const BatteryParameters& of = setup_.model->parameters();
        interval_.decay1 = std::exp(-dt_s / of.tau1_s);
        interval_.decay2 = std::exp(-dt_s / of.tau2_s);
        interval_.core_decay = std::exp(-dt_s / of.core_tau_s);
        interval_.dt_s = dt_s;
    }
    interval_.flow_a = flow_a;
    interval_.current_a = current_a;
    return interval_;
}

CellSetting KalmanEstimator::setting_of(const Cell& cell) const {
    return {setup_.model.get(), scale_,
            setup_.nominal_capacity_ah * cell.capacity.share * cell.usable_share * share_at_rate_,
            cell.trust};
}

// Relative: as measured, else as the model of the kind has it.
double KalmanEstimator::capacity_sigma(const Cell& cell) const {
    const double of_kind = setup_.model->parameters().noise.capacity;
    return cell.capacity.sigma > 0 && of_kind > 0 ? std::min(cell.capacity.sigma, of_kind) : of_kind;
}

// Charge that is counted with a wrong capacity is wrong by as much of what has moved, all in one direction.
// Where the model has a doubt of the capacity of its own, it is in the offset (begin_discharge).
void KalmanEstimator::doubt_capacity(Cell& cell, double soc_before) const {
    const double before = cell.moved;
    cell.moved += cell.filter.soc - soc_before;
    if (setup_.model->parameters().noise.capacity > 0 || !(cell.capacity.sigma > 0)) return;
    const double grown = std::max(square(cell.moved) - square(before), 0.0);
    widen(cell.filter, square(cell.capacity.sigma) * grown);
}

void KalmanEstimator::advance(const GroupSample& sample) {
    const double current_a = *sample.current_a;
    const double dt_s = seconds(sample.elapsed);
    // Between two samples the trapezoid.
    const double flow_a =
        sample.current_is_mean ? current_a : (last_current_a_.value_or(current_a) + current_a) / 2;
    const StepInterval interval = interval_of(flow_a, current_a, dt_s);
    unseen_s_ = 0;
    follow_current(flow_a, dt_s);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        Cell& cell = cells_[i];
        take_temperature(cell, sample, i);
        const double soc_before = cell.filter.soc;
        predict(cell.filter, setting_of(cell), cell.here, interval);
        doubt_capacity(cell, soc_before);
        warm_core(cell, interval);
        look(cell);
        cell.since_voltage_s += dt_s;
        const bool is_new = sample.voltages_are_new.empty() || sample.voltages_are_new[i] != 0;
        if (!sample.voltages_v[i] || !is_new) continue;
        take_voltage(cell, *sample.voltages_v[i], interval);
        cell.since_voltage_s = 0;
    }
    if (cells_.size() > 1) share_offset();
}

// What has flowed unseen is supposed to be what flowed before, give or take all of it.
void KalmanEstimator::bridge_gap(const GroupSample& sample) {
    const double dt_s = seconds(sample.elapsed);
    const StepInterval interval = interval_of(mean_current_a_, mean_current_a_, dt_s);
    const double unseen_a =
        std::hypot(parameters_.gap_sigma_c * setup_.nominal_capacity_ah, std::sqrt(mean_square_a2_));
    // All that goes unseen in one stretch is in doubt together, in however many steps it comes.
    const auto sigma_of = [&](double time_s) {
        return unseen_a * time_s / 3600 / setup_.nominal_capacity_ah;
    };
    const auto faded = [&](double tau_s, double time_s) { return 1 - std::exp(-time_s / tau_s); };
    const double before_s = unseen_s_;
    unseen_s_ += dt_s;
    if (discharging_s_ > 0)
        discharging_s_ = unseen_s_ > longest_unseen_discharge_s ? 0 : discharging_s_ + dt_s;
    const double grown = square(sigma_of(unseen_s_)) - square(sigma_of(before_s));
    const BatteryParameters& of = setup_.model->parameters();
    const double faded1 = square(faded(of.tau1_s, unseen_s_)) - square(faded(of.tau1_s, before_s));
    const double faded2 = square(faded(of.tau2_s, unseen_s_)) - square(faded(of.tau2_s, before_s));
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        Cell& cell = cells_[i];
        take_temperature(cell, sample, i);
        predict(cell.filter, setting_of(cell), cell.here, interval);
        widen(cell.filter, grown);
        const double ohms = scale_.resistance;
        cell.filter.p11 += faded1 * square(cell.here.r1_ohm * ohms * unseen_a);
        cell.filter.p22 += faded2 * square(cell.here.r2_ohm * ohms * unseen_a);
        warm_core(cell, interval);
        look(cell);
        if (sigma_of(unseen_s_) > parameters_.least_gap_sigma) cell.gap = true;
    }
}

void KalmanEstimator::follow_current(double current_a, double dt_s) {
    const double share = 1 - std::exp(-dt_s / gap_memory_s);
    mean_current_a_ += share * (current_a - mean_current_a_);
    mean_square_a2_ += share * (square(current_a) - mean_square_a2_);
    share_at_rate_ = share_at_rate(setup_.model->parameters(), -mean_current_a_ / setup_.nominal_capacity_ah);
    const double small_a = setup_.nominal_capacity_ah / 50;
    if (current_a < -small_a) {
        const bool begins = discharging_s_ == 0;
        discharging_s_ += dt_s;
        if (begins) begin_discharge(current_a);
    } else if (current_a > 0) {
        discharging_s_ = 0;
    }
}

// A capacity other than supposed makes a discharge go on faster or slower in proportion to its current;
// within one discharge that cannot be told from an offset.
void KalmanEstimator::begin_discharge(double current_a) {
    const NoiseParameters& noise = setup_.model->parameters().noise;
    for (Cell& cell : cells_) {
        cell.from_full = cell.filter.soc > 0.95;
        if (noise.capacity > 0) {
            set_offset(
                cell.filter, 0,
                std::hypot(noise.offset_c * setup_.nominal_capacity_ah, capacity_sigma(cell) * current_a));
        }
    }
}

void KalmanEstimator::take_temperature(Cell& cell, const GroupSample& sample, std::size_t battery) const {
    const double temperature_c = temperature_of(sample, battery).value_or(25);
    if (temperature_c != cell.temperature_c) cell.trust = setup_.model->trust(temperature_c);
    cell.usable_share = share_at_temperature(setup_.model->parameters(), temperature_c);
    cell.temperature_c = temperature_c;
    const BatteryLimits& limits = setup_.model->parameters().limits;
    cell.out_of_range =
        cell.temperature_c < limits.lowest_temperature_c || cell.temperature_c > limits.highest_temperature_c;
}

void KalmanEstimator::take_voltage(Cell& cell, double voltage_v, const StepInterval& interval) {
    if (!is_plausible_voltage(voltage_v)) {
        reject(cell);
        return;
    }
    watch_frozen(cell, voltage_v, interval.current_a);
    if (cell.out_of_range || !says_something(cell, voltage_v, interval.current_a)) return;
    const MeasurementNoise noise = noise_of(cell, interval.current_a);
    const Innovation by = relinearised(cell, interval.current_a, voltage_v, noise);
    const double gate_v2 = square(parameters_.gate_sigmas) * (by.state_v2 + noise.instant_v2);
    if (square(by.residual_v) > gate_v2) {
        reject(cell);
        return;
    }
    correct(cell.filter, by);
    accept(cell);
}

// A lead-acid battery at its charger shows the charger's voltage.
bool KalmanEstimator::says_something(const Cell& cell, double voltage_v, double current_a) const {
    if (is_lithium(setup_.chemistry)) return true;
    const double trickle_a = setup_.nominal_capacity_ah / 1000;
    const double full_v = setup_.model->at(1, cell.temperature_c).ocv_v * scale_.voltage;
    return current_a <= trickle_a && voltage_v <= full_v + 0.1 * scale_.voltage;
}

bool KalmanEstimator::is_plausible_current(double current_a) const {
    return std::abs(current_a) <= parameters_.highest_current_c * setup_.nominal_capacity_ah;
}

bool KalmanEstimator::is_plausible_voltage(double voltage_v) const {
    const BatteryLimits& limits = setup_.model->parameters().limits;
    return voltage_v > 0.5 * limits.cutoff_v * scale_.voltage &&
           voltage_v < 1.3 * limits.highest_v * scale_.voltage;
}

void KalmanEstimator::watch_frozen(Cell& cell, double voltage_v, double current_a) const {
    const double step_a = std::abs(current_a - cell.current_at_voltage_a.value_or(current_a));
    const bool same = cell.last_voltage_v == voltage_v;
    cell.last_voltage_v = voltage_v;
    cell.current_at_voltage_a = current_a;
    if (!same) {
        cell.frozen = 0;
    } else if (step_a > parameters_.frozen_step_c * setup_.nominal_capacity_ah) {
        cell.frozen = std::min(cell.frozen + 1, parameters_.frozen_steps);
    }
}

MeasurementNoise KalmanEstimator::noise_of(const Cell& cell, double current_a) const {
    MeasurementNoise noise =
        measurement_noise(setting_of(cell), cell.filter.soc, current_a, cell.since_voltage_s);
    double factor = 1;
    const bool dips = !is_lithium(setup_.chemistry) && cell.from_full && discharging_s_ > 0 &&
                      discharging_s_ < parameters_.coup_de_fouet_s;
    if (dips) factor = square(parameters_.coup_de_fouet_factor);
    noise.instant_v2 *= factor;
    noise.lasting_v2 *= factor;
    if (on_plateau(cell)) {
        // An error of the model must not pull the charge where the voltage hardly depends on it.
        noise.lasting_v2 +=
            square(0.1 * cell.here.ocv_slope_v * scale_.voltage) + square(0.015 * scale_.voltage);
    }
    return noise;
}

// The iterated filter (Bell and Cathey, IEEE Trans. Automatic Control 38(2), 1993) while the charge is hardly
// known: the open circuit is no line over so wide a range.
Innovation KalmanEstimator::relinearised(const Cell& cell, double current_a, double voltage_v,
                                         const MeasurementNoise& noise) const {
    const CellSetting setting = setting_of(cell);
    Innovation by = innovation(cell.filter, setting, cell.here, current_a, voltage_v, noise);
    if (cell.filter.ss < square(parameters_.degraded_above)) return by;
    for (int i = 0; i < 4; ++i) {
        const double soc = std::clamp(cell.filter.soc + by.gain_s / by.variance_v2 * by.residual_v, 0.0, 1.0);
        CellPoint tangent = setup_.model->at(soc, cell.temperature_c);
        tangent.ocv_v += tangent.ocv_slope_v * (cell.filter.soc - soc);
        by = innovation(cell.filter, setting, tangent, current_a, voltage_v, noise);
    }
    return by;
}

// After a fault the charge may be anywhere, so that a voltage that is right after all can win.
void KalmanEstimator::reject(Cell& cell) const {
    cell.acceptances = 0;
    cell.rejections = std::min(cell.rejections + 1, parameters_.rejections_until_fault);
    if (cell.rejections < parameters_.rejections_until_fault || cell.fault) return;
    cell.fault = true;
    set_charge(cell.filter, cell.filter.soc, parameters_.first_soc_sigma);
}

void KalmanEstimator::accept(Cell& cell) const {
    cell.rejections = 0;
    cell.acceptances = std::min(cell.acceptances + 1, parameters_.rejections_until_fault);
    if (cell.acceptances == parameters_.rejections_until_fault) cell.fault = false;
    // On the plateau of LFP the voltage tells nothing of what flowed unseen.
    if (cell.filter.ss < square(parameters_.degraded_above) && !on_plateau(cell)) cell.gap = false;
}

// One sensor, one offset: the mean of what the batteries think of it, by the inverse of their variances.
// Their models err alike, so it is no better known than to one of them.
void KalmanEstimator::share_offset() {
    double weights = 0;
    double weighted_a = 0;
    for (const Cell& cell : cells_) {
        weights += 1 / cell.filter.bb;
        weighted_a += cell.filter.offset_a / cell.filter.bb;
    }
    for (Cell& cell : cells_) cell.filter.offset_a = weighted_a / weights;
}

void KalmanEstimator::anchor(const GroupSample& sample) {
    full_charge_.step(sample);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        if (!full_charge_.is_full(i)) continue;
        Cell& cell = cells_[i];
        set_charge(cell.filter, 1, parameters_.anchor_sigma);
        look(cell);
        cell.gap = cell.fault = false;
        cell.rejections = 0;
        cell.moved = 0;
    }
}

bool KalmanEstimator::on_plateau(const Cell& cell) const {
    const BatteryParameters& of = setup_.model->parameters();
    return cell.filter.soc > of.plateau_from && cell.filter.soc < of.plateau_to;
}

Estimate KalmanEstimator::estimate(const GroupSample& sample, std::size_t battery) const {
    Estimate result = judged(sample, battery);
    result.as_of = sample.time;
    if (result.status == EstimateStatus::unknown) return result;
    const CellFilter& filter = cells_[battery].filter;
    result.value = 100 * std::clamp(filter.soc, 0.0, 1.0);
    result.sigma = 100 * std::sqrt(filter.ss);
    return result;
}

// Status and reason; the first that applies.
Estimate KalmanEstimator::judged(const GroupSample& sample, std::size_t battery) const {
    const auto unknown = [](std::string_view reason) { return Estimate{.reason = reason}; };
    const auto degraded = [](std::string_view reason) {
        return Estimate{.status = EstimateStatus::degraded, .reason = reason};
    };
    if (!setup_.has_current_sensor) return unknown("no_current_sensor");
    if (setup_.nominal_capacity_ah <= 0) return unknown("no_nominal_capacity");
    if (!sample.current_a) return unknown("stale_input");
    if (!is_plausible_current(*sample.current_a)) return unknown("sensor_fault");
    const Cell& cell = cells_[battery];
    if (cell.out_of_range) return unknown("out_of_model_range");
    if (cell.fault || cell.frozen >= parameters_.frozen_steps) return unknown("sensor_fault");
    const double sigma = std::sqrt(cell.filter.ss);
    // In a discharge a voltage of the charger is an old one: the next will tell.
    const bool discharges = *sample.current_a < -setup_.nominal_capacity_ah / 50;
    const bool blind = !discharges && sample.voltages_v[battery] &&
                       !says_something(cell, *sample.voltages_v[battery], *sample.current_a);
    const std::string_view why = on_plateau(cell) ? "plateau_unobservable"
                                 : blind          ? "float_unobservable"
                                                  : "no_full_charge_reference";
    if (sigma > parameters_.unknown_above) return unknown(why);
    if (sigma > parameters_.degraded_above) return degraded(cell.gap ? "stale_input" : why);
    if (cell.gap) return degraded("stale_input");
    Estimate ok{.status = EstimateStatus::ok};
    if (full_charge_.is_full(battery)) ok.reason = full_charge_.reason();
    return ok;
}

ChargeMemory KalmanEstimator::memory(std::size_t battery) const {
    const Cell& cell = cells_[battery];
    const CellFilter& filter = cell.filter;
    ChargeMemory memory;
    memory.charge_ah = std::clamp(filter.soc, 0.0, 1.0) * setup_.nominal_capacity_ah;
    memory.sigma_ah = std::sqrt(filter.ss) * setup_.nominal_capacity_ah;
    memory.full_charge_held = full_charge_.held(battery);
    memory.has_gap = cell.gap;
    memory.v1_v = filter.v1_v;
    memory.v2_v = filter.v2_v;
    memory.offset_a = filter.offset_a;
    memory.offset_sigma_a = std::sqrt(filter.bb);
    memory.mean_current_a = mean_current_a_;
    memory.mean_square_a2 = mean_square_a2_;
    memory.discharging_s = discharging_s_;
    memory.from_full = cell.from_full;
    memory.moved = cell.moved;
    return memory;
}

void KalmanEstimator::restore(std::size_t battery, const ChargeMemory& memory) {
    full_charge_.restore(battery, memory.full_charge_held);
    const double capacity_ah = setup_.nominal_capacity_ah;
    const bool usable = memory.charge_ah && std::isfinite(*memory.charge_ah) &&
                        std::isfinite(memory.sigma_ah) && memory.sigma_ah >= 0 && capacity_ah > 0;
    Cell& cell = cells_[battery];
    cell = first_cell();
    if (!usable) return;  // nor does it tell of the string's current
    set_charge(cell.filter, std::clamp(*memory.charge_ah / capacity_ah, 0.0, 1.0),
               memory.sigma_ah / capacity_ah);
    cell.gap = memory.has_gap;
    cell.from_full = memory.from_full;
    if (std::isfinite(memory.moved)) cell.moved = std::clamp(memory.moved, -1.0, 1.0);
    if (std::isfinite(memory.v1_v) && std::isfinite(memory.v2_v)) {
        cell.filter.v1_v = memory.v1_v;
        cell.filter.v2_v = memory.v2_v;
    }
    if (memory.offset_sigma_a && std::isfinite(memory.offset_a) && *memory.offset_sigma_a > 0) {
        set_offset(cell.filter, memory.offset_a, std::min(*memory.offset_sigma_a, 0.1 * capacity_ah));
    }
    // All batteries of the string tell the same.
    if (std::isfinite(memory.mean_current_a) && memory.mean_square_a2 >= 0 &&
        std::isfinite(memory.mean_square_a2) && is_plausible_current(memory.mean_current_a)) {
        mean_current_a_ = memory.mean_current_a;
        mean_square_a2_ = memory.mean_square_a2;
        share_at_rate_ = share_at_rate(setup_.model->parameters(), -mean_current_a_ / capacity_ah);
    }
    if (std::isfinite(memory.discharging_s)) discharging_s_ = std::max(memory.discharging_s, 0.0);
    look(cell);
}

std::unique_ptr<SocEstimator> make_kalman_estimator(const GroupSetup& setup) {
    if (!setup.model) return nullptr;
    return std::make_unique<KalmanEstimator>(setup);
}

}  // namespace sitepower
