// The few statistics that the measurements need. Pure.
#pragma once

#include <vector>

namespace sitepower::bench {

// The middle value; of an even number of values the mean of the two in the middle. `values` is not empty.
double median(std::vector<double> values);

// The smallest value that at least `fraction` (0..1) of the values do not exceed (nearest rank). `values` is
// not empty.
double percentile(std::vector<double> values, double fraction);

// What two contenders gave in alternating rounds.
struct Paired {
    std::vector<double> ours;
    std::vector<double> bare;
};

// The median over the rounds of ours / bare: what disturbed one round disturbed both of its halves. Not
// empty, equally many, bare above 0.
double median_ratio(const Paired& rounds);

}  // namespace sitepower::bench
