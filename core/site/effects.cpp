#include "core/site/effects.hpp"

namespace sitepower {

void Effects::clear() {
    devices.clear();
    batteries.clear();
    strings.clear();
    upses.clear();
    alerts.clear();
    windows_started.clear();
    windows_ended.clear();
    batteries_replaced.clear();
    capacity_tests.clear();
    refusal.reset();
}

bool Effects::empty() const {
    return devices.empty() && batteries.empty() && strings.empty() && upses.empty() && alerts.empty() &&
           windows_started.empty() && windows_ended.empty() && batteries_replaced.empty() &&
           capacity_tests.empty() && !refusal;
}

}  // namespace sitepower
