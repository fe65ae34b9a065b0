#include "core/dispatch/control/billing_interval.hpp"

#include <algorithm>

namespace sitepower::dispatch {
namespace {

double in_hours(Duration span) {
    return std::chrono::duration<double, std::ratio<3600>>(span).count();
}

}  // namespace

void BillingInterval::note(std::optional<double> import_kw, Time now) {
    if (!noted_ || now < *noted_ || begin_of(now) != begin_of(*noted_)) {
        imported_kwh_ = 0;
        seen_h_ = 0;
    } else if (noted_kw_ && now - *noted_ <= longest_gap) {
        const double hours = in_hours(now - *noted_);
        imported_kwh_ += std::max(0.0, *noted_kw_) * hours;
        seen_h_ += hours;
    }
    noted_ = now;
    noted_kw_ = import_kw;
}

double BillingInterval::most_kw(double peak_kw, Time now) const {
    if (!noted_ || begin_of(now) != begin_of(*noted_)) return peak_kw;
    const double rest_h = in_hours(std::max(least_rest, begin_of(now) + length - now));
    return std::max(0.0, peak_kw - (imported_kwh_ - peak_kw * seen_h_) / rest_h);
}

}  // namespace sitepower::dispatch
