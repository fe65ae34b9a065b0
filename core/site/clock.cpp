#include "core/site/clock.hpp"

#include <algorithm>

namespace sitepower {

const Moment& Clock::advance(Time now) {
    if (!started_) {
        started_ = true;
        moment_ = {now, now, now, 0};
        return moment_;
    }
    const Duration step = now - moment_.wall;
    moment_.wall = now;
    if (step < Duration::zero()) {
        ++moment_.steps_back;
        return moment_;
    }
    moment_.elapsed += step;
    moment_.steady += step > longest_step ? leap_counts_as : step;
    return moment_;
}

Duration plausible_age(const Moment& moment, Time time) {
    const Duration age = moment.wall - time;
    return age < Duration::zero() || age > Clock::longest_step ? Duration::zero() : age;
}

}  // namespace sitepower
