#include "core/dispatch/windows.hpp"

#include <algorithm>

namespace sitepower::dispatch {
namespace {

bool outside(const Battery& battery) {
    return battery.stored_kwh < battery.stored_min_kwh || battery.stored_kwh > battery.stored_max_kwh;
}

// The ways back into the window at full power, as far as load and grid take it; batteries that have to return
// together share that.
void open_for_return(const Problem& problem, const Battery& battery, Window& window) {
    const auto together = static_cast<double>(std::ranges::count_if(problem.batteries, outside));
    const double kept = kept_share(battery, problem.step_h);
    double rising = battery.stored_kwh;
    double falling = battery.stored_kwh;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double spare_kw = std::clamp((problem.import_limit_kw - problem.net_load_kw(t)) / together, 0.0,
                                           battery.charge_max_kw);
        const double taken_kw = std::clamp((problem.load_kw[t] + problem.export_limit_kw) / together, 0.0,
                                           battery.discharge_max_kw);
        rising = kept * rising + problem.step_h * battery.charge_efficiency * spare_kw;
        falling = kept * falling - problem.step_h * taken_kw / battery.discharge_efficiency;
        if (battery.stored_kwh < battery.stored_min_kwh) {
            window.low_kwh[t] = std::min(window.low_kwh[t], rising);
        }
        window.high_kwh[t] = std::max(window.high_kwh[t], falling);
    }
}

}  // namespace

Window window_of(const Problem& problem, const Battery& battery) {
    const std::size_t steps = problem.steps();
    Window window{.low_kwh = std::vector<double>(steps, battery.stored_min_kwh),
                  .high_kwh = std::vector<double>(steps, battery.stored_max_kwh)};
    window.starts_outside = outside(battery);
    if (window.starts_outside) open_for_return(problem, battery, window);
    window.floor_kwh = window.low_kwh;
    for (std::size_t t = 0; t < battery.reserve_kwh.size(); ++t) {
        window.floor_kwh[t] = std::max(window.floor_kwh[t], battery.reserve_kwh[t]);
    }
    window.floor_kwh.back() = std::max(window.floor_kwh.back(), battery.terminal_min_kwh.value_or(0));
    return window;
}

std::vector<Window> windows_of(const Problem& problem) {
    std::vector<Window> windows;
    windows.reserve(problem.batteries.size());
    for (const Battery& battery : problem.batteries) windows.push_back(window_of(problem, battery));
    return windows;
}

}  // namespace sitepower::dispatch
