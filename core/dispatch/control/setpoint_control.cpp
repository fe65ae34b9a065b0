#include "core/dispatch/control/setpoint_control.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/base/number.hpp"

namespace sitepower::dispatch {
namespace {

constexpr Duration tick{1'000};
// A gap in the measurements longer than this counts as nothing for the energy.
constexpr Duration longest_energy_step{5'000};
// What has moved by less of its way stands still.
constexpr double moved_share = 0.2;
constexpr double still_moving_share = 0.05;
// Late is what needs more than once and at most so many times effect_within.
constexpr int latest = 3;
constexpr double energy_agrees_share = 0.3;

double hours(Duration span) {
    return std::chrono::duration<double, std::ratio<3600>>(span).count();
}

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

bool has_moved(double from_kw, double to_kw, double edge_kw) {
    const double way_kw = edge_kw - from_kw;
    return (to_kw - from_kw) * way_kw > 0 && std::abs(to_kw - from_kw) >= moved_share * std::abs(way_kw);
}

int sign_of(double value) {
    return value > 0 ? 1 : value < 0 ? -1 : 0;
}

bool is_fault(ControlTrouble trouble) {
    return trouble != ControlTrouble::none && trouble != ControlTrouble::lags &&
           trouble != ControlTrouble::saturates;
}

bool is_over(const std::optional<Duration>& since, Duration lasts, Duration now) {
    return since && now - *since >= lasts;
}

}  // namespace

std::string_view to_string(ControlState state) {
    switch (state) {
        case ControlState::released:
            return "released";
        case ControlState::preparing:
            return "preparing";
        case ControlState::controlling:
            return "controlling";
        case ControlState::releasing:
            return "releasing";
        case ControlState::suspended:
            return "suspended";
        case ControlState::mains_failed:
            break;
    }
    return "mains_failed";
}

std::string_view to_string(ControlTrouble trouble) {
    switch (trouble) {
        case ControlTrouble::none:
            return "none";
        case ControlTrouble::lags:
            return "lags";
        case ControlTrouble::saturates:
            return "saturates";
        case ControlTrouble::not_written:
            return "not_written";
        case ControlTrouble::ignores:
            return "ignores";
        case ControlTrouble::lies:
            return "lies";
        case ControlTrouble::unseen:
            break;
    }
    return "unseen";
}

std::optional<ControlWrite> SetpointControl::step(const ControlInput& input, Duration now) {
    note(input, now);
    const bool were_out = mains_.are_out();
    const bool are_out = mains_.update(input.mains, now);
    if (are_out && !were_out) released_in_outage_ = false;
    if (writing_) return std::nullopt;
    const bool is_ready = input.wanted_kw && std::isfinite(*input.wanted_kw) &&
                          (setpoint_kw_ || !measured_.empty()) && !ending_;
    if (is_ready) {
        nothing_wanted_since_.reset();
    } else if (!nothing_wanted_since_) {
        nothing_wanted_since_ = now;
    }
    const bool is_suspended = suspended_until_ && now < *suspended_until_;
    const bool is_returning = mains_.are_returning(limits_.return_delay, now);
    if (are_out || is_returning || is_suspended || ending_ || is_over(nothing_wanted_since_, patience, now)) {
        return hand_back(are_out, now);
    }
    if (!is_ready || input.mains != Mains::present) {
        // What is in force stays for a while; that includes that nothing is.
        if (state_ == ControlState::controlling && judge(input, now)) return keep_alive(now);
        if (suspended_until_ && now < *suspended_until_) return hand_back(false, now);
        if (!engaged_) state_ = ControlState::released;
        return std::nullopt;
    }
    return control(input, now);
}

void SetpointControl::note(const ControlInput& input, Duration now) {
    if (!input.measured_kw || !std::isfinite(*input.measured_kw)) {
        if (is_over(seen_at_, limits_.effect_within, now)) measured_.clear();
        return;
    }
    seen_at_ = now;
    if (measured_.empty() || now - measured_.back().at >= tick) {
        measured_.push_back({now, *input.measured_kw});
    } else {
        measured_.back().kw = *input.measured_kw;
    }
    std::erase_if(measured_, [&](const Sample& each) { return each.at < now - limits_.effect_within; });
}

std::optional<ControlWrite> SetpointControl::hand_back(bool mains_out, Duration now) {
    if (!engaged_) {
        forget();
        const bool waits_for_mains = mains_out || mains_.are_returning(limits_.return_delay, now);
        state_ = waits_for_mains                               ? ControlState::mains_failed
                 : suspended_until_ && now < *suspended_until_ ? ControlState::suspended
                                                               : ControlState::released;
        return std::nullopt;
    }
    if (mains_out) {
        // One write per outage: the device has better to do, and its bus may be dark.
        state_ = ControlState::mains_failed;
        if (released_in_outage_) return std::nullopt;
        released_in_outage_ = true;
    } else {
        state_ = ControlState::releasing;
        if (now < not_before_) return std::nullopt;
    }
    return begin({.kind = ControlWrite::Kind::release}, now);
}

std::optional<ControlWrite> SetpointControl::control(const ControlInput& input, Duration now) {
    if (prepared_ < limits_.preparations) {
        state_ = ControlState::preparing;
        if (now < not_before_) return std::nullopt;
        return begin({.kind = ControlWrite::Kind::prepare, .index = prepared_}, now);
    }
    state_ = ControlState::controlling;
    if (!controlling_since_) controlling_since_ = now;
    if (!judge(input, now)) return hand_back(false, now);
    if (now < not_before_) return std::nullopt;
    if (auto alive = keep_alive(now)) return alive;
    return next_setpoint(*input.wanted_kw, now);
}

// At a third of the device's time-out at the latest, and never twice in a tick: a bus has more to carry.
std::optional<ControlWrite> SetpointControl::keep_alive(Duration now) {
    if (!limits_.dead_man || now < not_before_) return std::nullopt;
    const auto interval = std::max(*limits_.dead_man / 3 - tick, tick / 2);
    if (keep_alive_at_ && now - *keep_alive_at_ < interval) return std::nullopt;
    return begin({.kind = ControlWrite::Kind::keep_alive}, now);
}

std::optional<ControlWrite> SetpointControl::next_setpoint(double wanted_kw, Duration now) {
    wanted_kw = within_dwell(std::clamp(wanted_kw, limits_.lowest_kw, limits_.highest_kw), now);
    const double from_kw =
        setpoint_kw_ ? *setpoint_kw_ : std::clamp(measured_.back().kw, limits_.lowest_kw, limits_.highest_kw);
    if (setpoint_kw_) {
        const double change_kw = std::abs(wanted_kw - from_kw);
        const bool is_little = change_kw < limits_.deadband_kw && wanted_kw != 0 && !is_ramping_;
        if (change_kw == 0 || is_little || now - setpoint_at_ < limits_.write_interval) return std::nullopt;
    }
    const double step_kw = limits_.ramp_kw_per_s * seconds(limits_.write_interval);
    const double next_kw = std::clamp(wanted_kw, from_kw - step_kw, from_kw + step_kw);
    is_ramping_ = next_kw != wanted_kw;
    return begin({.kind = ControlWrite::Kind::setpoint, .setpoint_kw = next_kw}, now);
}

double SetpointControl::within_dwell(double kw, Duration now) const {
    const bool turns = direction_ != 0 && sign_of(kw) == -direction_;
    return turns && now - direction_at_ < limits_.dwell ? 0 : kw;
}

std::optional<ControlWrite> SetpointControl::begin(ControlWrite write, Duration now) {
    if (write.kind != ControlWrite::Kind::release) engaged_ = true;
    writing_ = write;
    writing_since_ = now;
    return write;
}

void SetpointControl::wrote(bool done, const std::string& reason, Duration now) {
    if (!writing_) return;
    const auto write = *std::exchange(writing_, std::nullopt);
    if (write.kind == ControlWrite::Kind::setpoint) {
        // Also one of which nobody knows whether it has arrived.
        const double measured_kw = measured_.empty() ? write.setpoint_kw : measured_.back().kw;
        if (setpoints_.empty()) {
            before_kw_ = measured_kw;
            setpoints_.push_back({now, measured_kw, measured_kw});
        }
        setpoints_.push_back({now, write.setpoint_kw, measured_kw});
        setpoint_at_ = writing_since_;
    }
    if (!done) {
        ++failures_;
        const bool is_release = write.kind == ControlWrite::Kind::release;
        not_before_ = is_release ? now + release_retry_pause : ending_ ? now : now + retry_pause;
        if (failures_ >= tries) {
            fail(ControlTrouble::not_written, reason, now);
            if (!is_release) not_before_ = now;
            failures_ = 0;
        }
        return;
    }
    failures_ = 0;
    switch (write.kind) {
        case ControlWrite::Kind::prepare:
            ++prepared_;
            break;
        case ControlWrite::Kind::keep_alive:
            keep_alive_at_ = writing_since_;
            break;
        case ControlWrite::Kind::setpoint:
            setpoint_kw_ = write.setpoint_kw;
            if (const int sign = sign_of(write.setpoint_kw); sign != 0 && sign != direction_) {
                direction_ = sign;
                direction_at_ = writing_since_;
            }
            break;
        case ControlWrite::Kind::release:
            engaged_ = false;
            forget();
            break;
    }
}

void SetpointControl::forget() {
    prepared_ = 0;
    setpoint_kw_.reset();
    setpoints_.clear();
    is_ramping_ = false;
    keep_alive_at_.reset();
    direction_ = 0;
    controlling_since_.reset();
    strayed_since_.reset();
    contradicted_since_.reset();
    charge_then_pct_.reset();
    energy_since_kwh_ = 0;
    energy_at_.reset();
    set_trouble(ControlTrouble::none, "", Duration{});
}

bool SetpointControl::judge(const ControlInput& input, Duration now) {
    if (!setpoint_kw_) return true;
    if (is_over(controlling_since_, limits_.effect_within, now) &&
        (!seen_at_ || is_over(seen_at_, limits_.effect_within, now))) {
        fail(ControlTrouble::unseen, "its power is not known", now);
        return false;
    }
    if (input.measured_kw && std::isfinite(*input.measured_kw)) {
        judge_effect(*input.measured_kw, now);
        judge_meter(input, now);
        judge_energy(input, now);
    }
    const bool failed = suspended_until_ && now < *suspended_until_;
    if (!failed && is_over(controlling_since_, limits_.retry_after, now)) fault_ = ControlTrouble::none;
    return !failed;
}

double SetpointControl::tolerance_of(double kw) const {
    return std::max(limits_.tolerance_share * std::abs(kw), limits_.tolerance_kw);
}

SetpointControl::Envelope SetpointControl::envelope() const {
    Envelope found{setpoints_.front().kw, setpoints_.front().kw};
    for (const auto& each : setpoints_) {
        found.lowest_kw = std::min(found.lowest_kw, each.kw);
        found.highest_kw = std::max(found.highest_kw, each.kw);
    }
    return found;
}

double SetpointControl::measured_at(Duration at) const {
    double kw = measured_.front().kw;
    for (const auto& each : measured_) {
        if (each.at <= at) kw = each.kw;
    }
    return kw;
}

// The measured power must be among the setpoints that were in force within effect_within.
void SetpointControl::judge_effect(double measured_kw, Duration now) {
    while (setpoints_.size() > 1 && setpoints_[1].at <= now - limits_.effect_within)
        setpoints_.erase(setpoints_.begin());
    if (setpoints_.empty()) return;
    const auto allowed = envelope();
    const double slack_kw = tolerance_of(std::max(std::abs(allowed.lowest_kw), std::abs(allowed.highest_kw)));
    const bool is_below = !limits_.is_cap && measured_kw < allowed.lowest_kw - slack_kw;
    const bool is_above = measured_kw > allowed.highest_kw + slack_kw;
    if (!is_below && !is_above) {
        strayed_since_.reset();
        return set_trouble(ControlTrouble::none, "", now);
    }
    if (!strayed_since_) strayed_since_ = now;
    if (now - *strayed_since_ < (limits_.is_cap ? limits_.effect_within : stray_patience)) return;
    const double edge_kw = is_below ? allowed.lowest_kw : allowed.highest_kw;
    const auto told = decimal_text(edge_kw, 1) + " kW were set and acknowledged, " +
                      decimal_text(measured_kw, 1) + " kW are measured after " +
                      decimal_text(seconds(limits_.effect_within), 1) + " s";
    const bool falls_short = edge_kw * measured_kw > 0 && std::abs(measured_kw) < std::abs(edge_kw);
    if (trouble_ == ControlTrouble::saturates && falls_short) return;
    const auto kind = classify(measured_kw, edge_kw, now);
    if (trouble_ == ControlTrouble::lags) {
        if (falls_short && kind != ControlTrouble::lags)
            return set_trouble(ControlTrouble::saturates, told, now);
        if (now - trouble_since_ < (latest - 1) * limits_.effect_within) return;
        return fail(ControlTrouble::lags, told, now);
    }
    if (is_fault(kind)) return fail(kind, told, now);
    set_trouble(kind, told, now);
}

ControlTrouble SetpointControl::classify(double measured_kw, double edge_kw, Duration now) const {
    if (limits_.is_cap) {
        const bool falls = measured_kw < measured_at(now - limits_.effect_within / 4) - limits_.tolerance_kw;
        return falls ? ControlTrouble::lags : ControlTrouble::ignores;
    }
    const auto set = std::ranges::find(setpoints_, edge_kw, &Setpoint::kw);
    const double then_kw = set != setpoints_.end() ? set->measured_kw : measured_kw;
    const double way_kw = edge_kw - then_kw;
    const bool falls_short = edge_kw * measured_kw > 0 && std::abs(measured_kw) < std::abs(edge_kw);
    // On a ramp it may have come to its end before the last setpoint was set.
    const bool has_followed = falls_short && has_moved(before_kw_, measured_kw, edge_kw);
    if (!has_moved(then_kw, measured_kw, edge_kw) && !has_followed) return ControlTrouble::ignores;
    const double lately_kw = measured_kw - measured_at(now - limits_.effect_within / 4);
    if (lately_kw * way_kw > 0 && std::abs(lately_kw) >= still_moving_share * std::abs(way_kw))
        return ControlTrouble::lags;
    return falls_short ? ControlTrouble::saturates : ControlTrouble::ignores;
}

void SetpointControl::judge_meter(const ControlInput& input, Duration now) {
    if (!input.metered_kw || !std::isfinite(*input.metered_kw)) return contradicted_since_.reset();
    const double said_kw = *input.measured_kw;
    const double metered_kw = *input.metered_kw;
    const double slack_kw = 2 * tolerance_of(std::max(std::abs(said_kw), std::abs(metered_kw)));
    if (std::abs(said_kw - metered_kw) <= slack_kw) return contradicted_since_.reset();
    if (!contradicted_since_) contradicted_since_ = now;
    if (is_over(contradicted_since_, limits_.effect_within, now)) {
        fail(ControlTrouble::lies,
             "it says " + decimal_text(said_kw, 1) + " kW, its meter says " + decimal_text(metered_kw, 1) +
                 " kW",
             now);
    }
}

// Without a meter: what has gone through must show in the charge.
void SetpointControl::judge_energy(const ControlInput& input, Duration now) {
    if (limits_.capacity_kwh <= 0 || !input.charge_pct || !std::isfinite(*input.charge_pct)) {
        energy_at_.reset();
        return;
    }
    if (!charge_then_pct_ || !energy_at_) {
        charge_then_pct_ = input.charge_pct;
        energy_since_kwh_ = 0;
    } else {
        energy_since_kwh_ += *input.measured_kw * hours(std::min(now - *energy_at_, longest_energy_step));
    }
    energy_at_ = now;
    const double said_pct = 100 * energy_since_kwh_ / limits_.capacity_kwh;
    if (std::abs(said_pct) < energy_check_pct) return;
    const double seen_pct = *input.charge_pct - *charge_then_pct_;
    if (seen_pct * sign_of(said_pct) < energy_agrees_share * std::abs(said_pct)) {
        fail(ControlTrouble::lies,
             "by its power " + decimal_text(said_pct, 1) +
                 " % have gone through, its charge has changed by " + decimal_text(seen_pct, 1) + " %",
             now);
    }
    charge_then_pct_ = input.charge_pct;
    energy_since_kwh_ = 0;
}

void SetpointControl::set_trouble(ControlTrouble trouble, std::string reason, Duration now) {
    if (trouble != trouble_) trouble_since_ = now;
    trouble_ = trouble;
    reason_ = std::move(reason);
}

void SetpointControl::fail(ControlTrouble fault, std::string reason, Duration now) {
    fault_ = fault;
    fault_reason_ = std::move(reason);
    suspended_until_ = now + limits_.retry_after;
    set_trouble(ControlTrouble::none, "", now);
}

}  // namespace sitepower::dispatch
