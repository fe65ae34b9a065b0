#include "daemon/lab/forecast/safeguard_table.hpp"

#include <algorithm>
#include <numeric>

namespace sitepower::lab {
namespace {

constexpr std::size_t least_forecasts = 30;
constexpr double much_worse = 1.05;

}  // namespace

void SafeguardTable::Row::add(double forecast_error, const std::vector<double>& naive_errors) {
    forecast += forecast_error;
    for (std::size_t i = 0; i < naive.size(); ++i) naive[i] += naive_errors[i];
    ++forecasts;
}

SafeguardTable::Row SafeguardTable::row(std::vector<double> naive_before) {
    Row row;
    row.naive.assign(naive_before.size(), 0);
    row.naive_before = std::move(naive_before);
    return row;
}

void SafeguardTable::close(const Row& row) {
    if (row.forecasts < least_forecasts || row.naive.empty()) return;
    const double better = *std::ranges::min_element(row.naive);
    const auto before = std::ranges::min_element(row.naive_before) - row.naive_before.begin();
    const double better_before = row.naive[static_cast<std::size_t>(before)];
    // A series that a naive forecast gets exactly right has no ratio.
    if (better <= 0 || better_before <= 0) return;
    to_better_.push_back(row.forecast / better);
    to_better_before_.push_back(row.forecast / better_before);
}

void SafeguardTable::tell(const std::string& name, Report& report) const {
    if (to_better_.empty()) return;
    const auto series = static_cast<double>(to_better_.size());
    const double mean = std::accumulate(to_better_.begin(), to_better_.end(), 0.0) / series;
    const auto worse = std::ranges::count_if(to_better_before_, [](double r) { return r > much_worse; });
    report.add(
        {.measure = name + ".mean_ratio", .value = mean, .unit = "of better naive", .goal = at_most(1.0)});
    report.add({.measure = name + ".above_1.05",
                .value = 100 * static_cast<double>(worse) / series,
                .unit = "% of series",
                .goal = at_most(2)});
}

}  // namespace sitepower::lab
