#include "daemon/lab/forecast/score_nab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <functional>

#include "core/forecast/anomaly.hpp"
#include "core/forecast/forecaster.hpp"

namespace sitepower::lab {
namespace {

using namespace forecast;

constexpr Duration step{300'000};
// The benchmark's probation: alarms in the first 15 % of a series do not count.
constexpr double probation = 0.15;

struct Window {
    Time from;
    Time to;
};

struct Found {
    double windows = 0;
    double hit = 0;
    double false_alarms = 0;
    double days = 0;
};

std::optional<Time> time_of(std::string text) {
    if (text.size() > 10) text[10] = 'T';
    return parse_time(text + "Z");
}

std::vector<Window> windows_of(const SeriesFile& file, const std::vector<const SeriesFile*>& labels) {
    std::vector<Window> windows;
    for (const SeriesFile* table : labels) {
        for (std::size_t row = 0; row < table->first_column.size(); ++row) {
            if (table->first_column[row] != file.path.filename().string()) continue;
            if (table->texts[row].size() < 2) continue;
            const auto from = time_of(table->texts[row][0]);
            const auto to = time_of(table->texts[row][1]);
            if (from && to) windows.push_back({*from, *to});
        }
    }
    return windows;
}

// Alarms by the p-values that `p_of` gives for each sample of the grid.
Found run(const RegularSeries& grid, const std::vector<Window>& windows,
          const std::function<double(Time, double)>& p_of) {
    AnomalyDetector detector({});
    Found found;
    std::vector<bool> hit(windows.size());
    const auto begin = static_cast<std::size_t>(probation * static_cast<double>(grid.size()));
    for (std::size_t i = 0; i < grid.size(); ++i) {
        if (grid.flags[i] == SampleFlag::missing) continue;
        const Time time = grid.time_at(i);
        const auto event = detector.see(p_of(time, grid.values[i]));
        if (!event || i < begin) continue;
        bool inside = false;
        for (std::size_t w = 0; w < windows.size(); ++w) {
            if (time < windows[w].from || time > windows[w].to) continue;
            hit[w] = inside = true;
        }
        found.false_alarms += inside ? 0 : 1;
    }
    found.windows = static_cast<double>(windows.size());
    found.hit = static_cast<double>(std::ranges::count(hit, true));
    found.days = static_cast<double>(grid.size() - begin) * static_cast<double>(step.count()) / 86'400'000.0;
    return found;
}

Found run_ours(const RegularSeries& grid, const std::vector<Window>& windows) {
    const bool signed_values = std::ranges::any_of(grid.values, [](double v) { return v < 0; });
    auto forecaster = Forecaster::make({.step = step, .non_negative = !signed_values});
    return run(grid, windows,
               [&](Time time, double value) { return (*forecaster)->update(time, value).p_value; });
}

// A day of values is taken to be normal: the two-sided tail probability of the next one.
Found run_gaussian(const RegularSeries& grid, const std::vector<Window>& windows) {
    constexpr std::size_t length = 288;
    std::deque<double> last;
    return run(grid, windows, [&](Time, double value) {
        double p = 1;
        if (last.size() == length) {
            double mean = 0;
            double square = 0;
            for (const double v : last) mean += v / length;
            for (const double v : last) square += (v - mean) * (v - mean) / length;
            p = square > 0 ? std::erfc(std::abs(value - mean) / std::sqrt(2 * square)) : 1;
            last.pop_front();
        }
        last.push_back(value);
        return p;
    });
}

void tell(const std::string& name, const Found& found, Report& report) {
    report.add({.measure = name + ".windows_found",
                .value = found.hit,
                .unit = fmt::format("of {}", found.windows)});
    report.add({.measure = name + ".false_alarms",
                .value = found.days > 0 ? found.false_alarms / found.days : 0,
                .unit = "a day"});
}

void add(Found& total, const Found& one) {
    total.windows += one.windows;
    total.hit += one.hit;
    total.false_alarms += one.false_alarms;
    total.days += one.days;
}

}  // namespace

void score_nab(const std::vector<const SeriesFile*>& series, const std::vector<const SeriesFile*>& labels,
               Report& report) {
    Found ours;
    Found gaussian;
    for (const SeriesFile* file : series) {
        const auto observations = observations_of(*file, 0);
        const auto grid = observations ? to_grid(*observations, step, Aggregation::mean)
                                       : Result<RegularSeries>(observations.error());
        if (!grid) {
            fmt::print(stderr, "sitepower-lab: {}: {}\n", file->path.string(), grid.error().message);
            continue;
        }
        const auto windows = windows_of(*file, labels);
        const std::string name = "forecast.nab." + file->path.stem().string();
        report.progress(name);
        const Found one = run_ours(*grid, windows);
        const Found other = run_gaussian(*grid, windows);
        tell(name, one, report);
        tell(name + ".gaussian", other, report);
        add(ours, one);
        add(gaussian, other);
    }
    if (ours.days <= 0) return;
    tell("forecast.nab", ours, report);
    tell("forecast.nab.gaussian", gaussian, report);
}

}  // namespace sitepower::lab
