// The cases in which a state of charge is scored: what the estimator is told at first, and what is done to
// what it sees. Pure; the noise is the same in each run.
#pragma once

#include <span>
#include <string_view>

#include "daemon/lab/score/error_sums.hpp"
#include "daemon/lab/score/series.hpp"

namespace sitepower::lab {

enum class SocCase : std::uint8_t {
    right_start,       // A
    wrong_start,       // B: 30 % too low, and told so
    current_offset,    // C: B, and 2 % of C added to the current, once up and once down
    coarse_and_noisy,  // D: means of 60 s, with 10 mV and 1 % of noise
    missing,           // E: 10 % of the samples missing, and ten minutes in a row
};
inline constexpr std::array<SocCase, 5> soc_cases{SocCase::right_start, SocCase::wrong_start,
                                                  SocCase::current_offset, SocCase::coarse_and_noisy,
                                                  SocCase::missing};
std::string_view to_string(SocCase which);  // "A" to "E"

struct CaseScore {
    ErrorSums errors;             // % points
    double seconds_to_5_pct = 0;  // until the error is below 5 % for the first time
};

CaseScore score_case(const Series& series, SocCase which);

// Error of the predicted time to 10.8 V over the whole discharge, in %, at each share of it that has passed.
// NaN where nothing could be predicted.
std::vector<double> score_runtime(const Series& series, std::span<const double> passed);

}  // namespace sitepower::lab
