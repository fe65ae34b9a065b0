// How the forecasts of a set of series compare with the naive ones: the figures of the safeguard's promise.
#pragma once

#include <string>
#include <vector>

#include "daemon/lab/report.hpp"

namespace sitepower::lab {

class SafeguardTable {
  public:
    // One series: sums of absolute errors of the forecast and of each naive forecast on the same targets.
    struct Row {
        std::vector<double> naive_before;  // mean errors of the naive forecasts on the data before
        double forecast = 0;
        std::vector<double> naive;
        std::size_t forecasts = 0;

        void add(double forecast_error, const std::vector<double>& naive_errors);
    };

    static Row row(std::vector<double> naive_before);
    void close(const Row& row);

    // Mean ratio to the better naive (in hindsight), and the share of series above 1.05 of the naive that was
    // better on the data before.
    void tell(const std::string& name, Report& report) const;

  private:
    std::vector<double> to_better_;
    std::vector<double> to_better_before_;
};

}  // namespace sitepower::lab
