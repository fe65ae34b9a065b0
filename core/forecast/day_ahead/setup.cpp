#include "core/forecast/day_ahead/setup.hpp"

#include <algorithm>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr std::size_t most_slots = 96;
constexpr std::size_t most_covariates = 8;
constexpr std::size_t longest_window = 2000;

Error refusal(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

bool lags_are_usable(const std::vector<std::size_t>& lags) {
    return !lags.empty() && std::ranges::is_sorted(lags) && lags.front() >= 1 && lags.back() <= 7;
}

}  // namespace

std::size_t DayAheadSetup::experts() const {
    std::size_t count = kernels.size();
    for (const auto& window : windows) {
        count += window.penalties.size();
    }
    return count;
}

std::size_t DayAheadSetup::longest_window_days() const {
    std::size_t longest = 0;
    for (const auto& window : windows) {
        longest = std::max(longest, window.days);
    }
    for (const auto& kernel : kernels) {
        longest = std::max(longest, kernel.days);
    }
    return longest;
}

Status check(const DayAheadSetup& setup) {
    if (setup.slots < 1 || setup.slots > most_slots)
        return refusal("a day has 1 to 96 slots; choose a step of 15 minutes or longer");
    if (setup.covariates.size() > most_covariates)
        return refusal("at most 8 covariates can be used; leave the least important ones out");
    if (!lags_are_usable(setup.target_lags_days))
        return refusal("the lags of the target must be 1 to 7 days, ascending");
    const auto usable = [&](std::size_t days) { return days >= setup.least_days && days <= longest_window; };
    for (const auto& window : setup.windows) {
        const bool positive = std::ranges::all_of(window.penalties, [](double p) { return p > 0; });
        if (!usable(window.days) || window.penalties.empty() || !positive)
            return refusal("a window must span least_days to 2000 days and have penalties above 0");
    }
    for (const auto& kernel : setup.kernels) {
        if (!usable(kernel.days) || kernel.width <= 0 || kernel.gaussian < 0 || kernel.noise <= 0)
            return refusal("a kernel must span least_days to 2000 days, with width and noise above 0");
    }
    if (setup.experts() == 0) return refusal("at least one expert is needed");
    return Done{};
}

DayAheadSetup price_setup(std::size_t slots, std::vector<Covariate> covariates) {
    return {.target = DayTarget::price,
            .slots = slots,
            .covariates = std::move(covariates),
            .target_lags_days = {1, 2, 3, 7},
            .annual_pairs = 0,
            .windows = {{.days = 56, .penalties = {10, 30}},
                        {.days = 84, .penalties = {3, 10, 30}},
                        {.days = 364, .penalties = {1, 3, 10}},
                        {.days = 1092, .penalties = {0.3, 1, 10}},
                        {.days = 1456, .penalties = {0.3, 3}}},
            .kernels = {{.days = 182, .width = 2, .gaussian = 5, .noise = 0.1},
                        {.days = 364, .width = 2, .gaussian = 5, .noise = 0.1},
                        {.days = 728, .width = 2, .gaussian = 5, .noise = 0.1}},
            .stacking = {{.days = 30, .penalty = 0.3},
                         {.days = 60, .penalty = 0.1},
                         {.days = 90, .penalty = 0.1},
                         {.days = 120, .penalty = 0.03}}};
}

DayAheadSetup load_setup(std::size_t slots, std::vector<Covariate> covariates) {
    return {.target = DayTarget::load,
            .slots = slots,
            .covariates = std::move(covariates),
            .target_lags_days = {1, 2, 7},
            .annual_pairs = 2,
            .windows = {{.days = 120, .penalties = {1, 3}},
                        {.days = 240, .penalties = {1, 3}},
                        {.days = 364, .penalties = {1, 3}},
                        {.days = 720, .penalties = {1, 3}}},
            .kernels = {{.days = 364, .width = 2, .gaussian = 1, .noise = 0.03},
                        {.days = 720, .width = 1.5, .gaussian = 1, .noise = 0.03},
                        {.days = 720, .width = 2.5, .gaussian = 1, .noise = 0.03}},
            .stacking = {{.days = 30, .penalty = 0.3},
                         {.days = 60, .penalty = 0.1},
                         {.days = 90, .penalty = 0.1},
                         {.days = 120, .penalty = 0.03}}};
}

}  // namespace sitepower::forecast
