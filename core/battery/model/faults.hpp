// What must hold of battery parameters as a whole: lists that belong together, an order, a voltage that rises
// with the charge. Ranges of single keys are checked where a file is read (daemon/config). Pure.
#pragma once

#include <string>
#include <vector>

#include "core/battery/model/parameters.hpp"

namespace sitepower {

struct ParameterFault {
    std::string key;      // as in the file: "ocv_v", "resistance[2].r1_ohm"
    std::string message;  // ends the sentence "KEY ..."
};

// Empty: a CellModel can be made of them. NaN and infinities are faults.
std::vector<ParameterFault> faults_of(const BatteryParameters& parameters);

}  // namespace sitepower
