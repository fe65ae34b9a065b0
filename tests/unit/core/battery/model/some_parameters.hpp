// Batteries that no maker makes, with round numbers: for the tests of core/battery.
#pragma once

#include "core/battery/model/parameters.hpp"

namespace sitepower {

// A cell of 10 Ah whose open circuit is a line from 3 to 4 V.
inline BatteryParameters some_cell() {
    BatteryParameters cell;
    cell.id = "some-cell";
    cell.chemistry = Chemistry::nmc;
    cell.nominal_voltage_v = 3.6;
    cell.nominal_capacity_ah = 10;
    cell.ocv_soc = {0, 1};
    cell.ocv_v = {3, 4};
    cell.resistance_soc = {0, 1};
    cell.resistances = {{25, {0.010, 0.010}, {0.004, 0.004}, {0.006, 0.006}}};
    cell.tau1_s = 10;
    cell.tau2_s = 200;
    cell.noise = {.voltage_v = 0.010, .current_ohm = 0, .correlation_s = 60, .offset_c = 0.01};
    cell.limits = {.highest_v = 4.2, .cutoff_v = 3};
    return cell;
}

// A block of 100 Ah, 11 to 13 V.
inline BatteryParameters some_block() {
    BatteryParameters block;
    block.id = "some-block";
    block.chemistry = Chemistry::vrla;
    block.nominal_voltage_v = 12;
    block.nominal_capacity_ah = 100;
    block.ocv_soc = {0, 1};
    block.ocv_v = {11, 13};
    block.resistance_soc = {0, 1};
    block.resistances = {{25, {0.004, 0.004}, {0.001, 0.001}, {0.002, 0.002}}};
    block.tau1_s = 60;
    block.tau2_s = 3600;
    block.noise = {.voltage_v = 0.03, .current_ohm = 0, .correlation_s = 600, .offset_c = 0.002};
    block.limits = {.highest_v = 15, .cutoff_v = 10.8};
    return block;
}

// An LFP cell of 100 Ah: flat from 20 to 95 %.
inline BatteryParameters some_flat_cell() {
    BatteryParameters cell = some_cell();
    cell.id = "some-flat-cell";
    cell.chemistry = Chemistry::lfp;
    cell.nominal_voltage_v = 3.2;
    cell.nominal_capacity_ah = 100;
    cell.ocv_soc = {0, 0.1, 0.2, 0.95, 1};
    cell.ocv_v = {2.6, 3.1, 3.25, 3.33, 3.45};
    cell.plateau_from = 0.2;
    cell.plateau_to = 0.95;
    cell.limits = {.highest_v = 3.65, .cutoff_v = 2.5};
    return cell;
}

}  // namespace sitepower
