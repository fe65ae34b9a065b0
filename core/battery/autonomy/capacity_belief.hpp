// What is believed of the capacity of a battery before its runtime is foretold. Pure, any thread.
#pragma once

#include "core/battery/model/parameters.hpp"

namespace sitepower {

// Over the nominal capacity.
struct CapacityBelief {
    double share = 1;
    double sigma = 0;  // of the share; above 0
};

// From what a filter has learnt in the present discharge. Another capacity makes a discharge go on faster or
// slower in proportion to its current, which looks like an offset of its sensor; the part of the offset that
// is due to the capacity is the one that both variances (NoiseParameters::capacity, offset_c) give it.
// `current_a` is negative; without a discharge, or for a kind whose capacity is not learnt: 1 with the sigma
// of `noise.capacity`.
CapacityBelief learnt_capacity(const NoiseParameters& noise, double nominal_capacity_ah, double current_a,
                               double offset_a, double offset_sigma_a);

// Of two that know nothing of each other.
CapacityBelief together(const CapacityBelief& one, const CapacityBelief& other);

}  // namespace sitepower
