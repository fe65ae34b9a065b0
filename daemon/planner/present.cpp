#include "daemon/planner/present.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower {

std::optional<double> present_value(const SiteView& site, PointRef point) {
    const auto& latest = site.latest(point.device)[point.slot];
    return latest.seen && latest.quality == Quality::good ? std::optional(latest.value) : std::nullopt;
}

void take_power(const Result<double>& found, std::optional<double>& kw, std::string& gap) {
    if (found) {
        kw = *found;
    } else {
        gap = found.error().message;
    }
}

Result<double> present_kw(const SiteView& site, const MeasuredPower& power) {
    const auto unknown = [](std::string why) {
        return Error{ErrorCode::insufficient_data, std::move(why), ""};
    };
    if (power.points.empty()) return unknown("nothing measures it");
    double sum = 0;
    for (const auto& point : power.points) {
        const auto& latest = site.latest(point.device)[point.slot];
        if (latest.seen && latest.quality == Quality::good) {
            sum += latest.value;
            continue;
        }
        const auto& device = site.model().devices[position(point.device)];
        const auto name = device.id + "/" + device.points[point.slot].name;
        if (!latest.seen) return unknown(name + " was not read yet");
        // Without its time, which is another at each poll: the same trouble is told once.
        if (latest.quality != Quality::stale)
            return unknown(fmt::format("{} is not usable: {}", name, to_string(latest.quality)));
        const auto status = site.devices()[position(point.device)].status;
        return unknown(
            fmt::format("{} was last read at {}{}", name, format_time(latest.time),
                        status == DeviceStatus::online ? "" : ", " + device.id + " does not answer"));
    }
    return sum;
}

std::optional<double> known_kw(const SiteView& site, const MeasuredPower& power) {
    const auto kw = present_kw(site, power);
    return kw ? std::optional(*kw) : std::nullopt;
}

dispatch::Mains present_mains(const SiteView& site) {
    auto found = dispatch::Mains::present;
    const auto& upses = site.model().upses;
    for (std::size_t i = 0; i < upses.size(); ++i) {
        if (!upses[i].on_battery) continue;
        const auto& on_battery = site.upses()[i].on_battery;
        if (on_battery && *on_battery) return dispatch::Mains::failed;
        if (!on_battery) found = dispatch::Mains::unknown;
    }
    return found;
}

Result<BatterySnapshot> present_battery(const SiteView& site, const PlannedBattery& battery) {
    const auto unknown = [&](std::string_view reason) {
        return Error{
            .code = ErrorCode::insufficient_data,
            .message = fmt::format("the charge of battery {} is not known: {}", battery.limits.id, reason),
            .detail = {}};
    };
    BatterySnapshot now;
    take_power(present_kw(site, battery.critical_load), now.critical_load_kw, now.critical_load_gap);
    if (const auto* point = std::get_if<PointRef>(&battery.charge)) {
        const auto& latest = site.latest(point->device)[point->slot];
        if (!latest.seen) return unknown("it was not read yet");
        if (latest.quality != Quality::good) return unknown(to_string(latest.quality));
        now.charge_pct = latest.value;
    } else {
        const auto string = std::get<StringIndex>(battery.charge);
        const auto& state = site.strings()[position(string)];
        if (!state.soc_pct.value)
            return unknown(state.soc_pct.reason.empty() ? "not estimated yet" : state.soc_pct.reason);
        now.charge_pct = *state.soc_pct.value;
        // The weakest battery bounds what the string can give; a health from the prior alone says nothing.
        for (const auto member : site.model().strings[position(string)].batteries) {
            const auto& health = site.batteries()[position(member)].soh_pct;
            if (health.value && health.status != EstimateStatus::prior_only)
                now.health_pct = std::clamp(*health.value, 1.0, now.health_pct);
        }
    }
    if (!(now.charge_pct >= -5 && now.charge_pct <= 105)) return unknown("it is beyond 0 to 100 %");
    now.charge_pct = std::clamp(now.charge_pct, 0.0, 100.0);
    return now;
}

}  // namespace sitepower
